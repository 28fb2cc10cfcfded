"""The ledger in its table. Each step is one conditional write, so that of two workers only one sends."""

from __future__ import annotations

from collections.abc import Iterable

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.ledger.entry import MOST_ATTEMPTS, Entry, MailState
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed, Record, TableMeta, table_errors

_BATCH = 100  # BatchGetItem takes no more keys


class ByState(GlobalSecondaryIndex["MailRecord"]):  # type: ignore[no-untyped-call] # PynamoDB's subclass hook
    """`<call>#<state>`, by time of the last change."""

    class Meta:
        index_name = "by_state"
        projection = KeysOnlyProjection()

    call_state = UnicodeAttribute(hash_key=True)
    changed_at = UnicodeAttribute(range_key=True)


class ByAddress(GlobalSecondaryIndex["MailRecord"]):  # type: ignore[no-untyped-call] # PynamoDB's subclass hook
    """`<call>#<HMAC of the address>`, by time of the last change: somebody's mails, found without their address."""

    class Meta:
        index_name = "by_address"
        projection = KeysOnlyProjection()

    address = UnicodeAttribute(hash_key=True)
    changed_at = UnicodeAttribute(range_key=True)


class MailRecord(Record):
    """One mail of one kind to one submission."""

    class Meta(TableMeta):
        table_name = settings().mails_table

    submission_id = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(range_key=True)
    call = UnicodeAttribute()
    call_state = UnicodeAttribute()
    state = UnicodeAttribute()
    attempts = NumberAttribute()
    changed_at = UnicodeAttribute()
    lease_until = NumberAttribute()
    owner = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    sent_at = UnicodeAttribute(null=True)
    cause = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)
    by_state = ByState()
    by_address = ByAddress()


def claim(
    call: str, submission_id: str, kind: str, *, owner: str, now: int, lease: int, at: str, address: str = ""
) -> Entry | None:
    """Take the right to send this mail for `lease` seconds; `None` when it is settled or somebody else holds it.

    `owner` is fresh for each try: a write that the SDK repeats after a lost reply finds its own name and still counts.
    `address` is the digest of the address that it goes to.
    """
    record = MailRecord(submission_id, kind)
    free = MailRecord.state.is_in("owed", "claimed") & (MailRecord.lease_until <= now)
    condition = MailRecord.submission_id.does_not_exist() | (MailRecord.owner == owner) | free
    actions = [
        MailRecord.call.set(call),
        MailRecord.attempts.set((MailRecord.attempts | 0) + 1),
        MailRecord.lease_until.set(now + lease),
        MailRecord.owner.set(owner),
        *_state(call, "claimed", at),
    ]
    if address:
        actions.append(MailRecord.address.set(f"{call}#{address}"))
    try:
        return _update(record, actions, condition)
    except ConditionFailed:
        return None


def mark_sent(entry: Entry, *, message_id: str, at: str) -> Entry:
    """SES took it. Raises `ConditionFailed` when the claim is no longer ours."""
    record = MailRecord(entry.submission_id, entry.kind)
    actions = [MailRecord.message_id.set(message_id), MailRecord.sent_at.set(at), MailRecord.cause.remove()]
    return _update(record, [*actions, *_state(entry.call, "sent", at)], MailRecord.owner == entry.owner)


def release(entry: Entry, *, cause: str, count_attempt: bool, at: str) -> Entry:
    """It was surely not sent: give the claim back, or give up after `MOST_ATTEMPTS`.

    `count_attempt` is false where SES only asked to wait. Raises `ConditionFailed` when the claim is no longer ours.
    """
    state: MailState = "failed" if count_attempt and entry.attempts >= MOST_ATTEMPTS else "owed"
    record = MailRecord(entry.submission_id, entry.kind)
    attempts = entry.attempts if count_attempt else entry.attempts - 1
    actions = [MailRecord.cause.set(cause), MailRecord.lease_until.set(0), MailRecord.attempts.set(attempts)]
    return _update(record, [*actions, *_state(entry.call, state, at)], MailRecord.owner == entry.owner)


def forget(submission_id: str, kind: str) -> None:
    """Delete an entry that nothing stands behind any more; harmless when it is gone."""
    with table_errors():
        MailRecord(submission_id, kind).delete()


def find(submission_id: str, kind: str) -> Entry | None:
    """The entry as it is now (consistent read), or `None`."""
    with table_errors():
        try:
            return _entry(MailRecord.get(submission_id, kind, consistent_read=True))
        except MailRecord.DoesNotExist:
            return None


def entries_of(submission_id: str) -> list[Entry]:
    """Every mail of one submission."""
    with table_errors():
        return [_entry(record) for record in MailRecord.query(submission_id, consistent_read=True)]


def entries(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Entry]:
    """Many entries by (submission id, kind), in batches of 100; those that do not exist are left out."""
    wanted = list(dict.fromkeys(keys))
    found: dict[tuple[str, str], Entry] = {}
    with table_errors():
        for start in range(0, len(wanted), _BATCH):
            for record in MailRecord.batch_get(wanted[start : start + _BATCH], consistent_read=True):
                found[record.submission_id, record.kind] = _entry(record)
    return found


def submissions_of(call: str, address: str, *, most: int) -> list[str]:
    """The ids of the submissions that mails went to this address for (a digest), by the newest `most` of its mails.

    By the index, so eventually consistent: what was claimed a moment ago may be missing.
    """
    with table_errors():
        query = MailRecord.by_address.query(f"{call}#{address}", scan_index_forward=False, limit=most)
        return list(dict.fromkeys(record.submission_id for record in query))


def last_change(call: str, state: MailState) -> str | None:
    """The stamp of the newest change among a call's mails in `state`, by the index (eventually consistent)."""
    with table_errors():
        query = MailRecord.by_state.query(f"{call}#{state}", scan_index_forward=False, limit=1)
        return next((record.changed_at for record in query), None)


def _state(call: str, state: MailState, at: str) -> list[Action]:
    return [MailRecord.state.set(state), MailRecord.call_state.set(f"{call}#{state}"), MailRecord.changed_at.set(at)]


def _update(record: MailRecord, actions: list[Action], condition: Condition) -> Entry:
    with table_errors():
        record.update(actions, condition=condition)
    return _entry(record)


def _entry(record: MailRecord) -> Entry:
    return Entry(
        submission_id=record.submission_id,
        kind=record.kind,
        call=record.call,
        state=record.state,  # type: ignore[arg-type]
        attempts=int(record.attempts),
        changed_at=record.changed_at,
        lease_until=int(record.lease_until),
        owner=record.owner or "",
        message_id=record.message_id or "",
        sent_at=record.sent_at,
        cause=record.cause or "",
        address=(record.address or "").rpartition("#")[2],
    )
