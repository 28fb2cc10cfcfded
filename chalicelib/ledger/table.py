"""The ledger in its table. Each step is one conditional write, so that of two workers only one sends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from chalicelib.ledger.entry import MOST_ATTEMPTS, OPEN, RESENDABLE, Entry, Events, MailState
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed, Record, TableMeta, table_errors

_BATCH = 100  # BatchGetItem takes no more keys
_LOOKED_THROUGH = 5_000  # keys of the index that one request looks through for a family: about the megabyte it may read
Place = tuple[str, str, str]
"""Where a mail stands in the index: submission id, kind, last change."""


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
    waits = NumberAttribute(null=True)
    round = NumberAttribute(null=True)
    allowed = BooleanAttribute(null=True)
    events = UnicodeAttribute(null=True)  # JSON
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
    free = MailRecord.state.is_in(*sorted(OPEN)) & (MailRecord.lease_until <= now)
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
    """SES took it. Raises `ConditionFailed` when the claim is no longer ours, or SES's events say more already."""
    record = MailRecord(entry.submission_id, entry.kind)
    actions = [MailRecord.message_id.set(message_id), MailRecord.sent_at.set(at), MailRecord.cause.remove()]
    ours = (MailRecord.owner == entry.owner) & MailRecord.state.is_in("claimed", "sent")
    return _update(record, [*actions, *_state(entry.call, "sent", at)], ours)


def release(entry: Entry, *, cause: str, count_attempt: bool, at: str, until: int = 0) -> Entry:
    """It was surely not sent: give the claim back, or give up after `MOST_ATTEMPTS`.

    Nobody claims it before `until` (epoch seconds). `count_attempt` is false where SES only asked to wait. Raises
    `ConditionFailed` when the claim is no longer ours.
    """
    given_up = count_attempt and entry.attempts >= MOST_ATTEMPTS
    attempts = entry.attempts if count_attempt else entry.attempts - 1
    more = [MailRecord.attempts.set(attempts), MailRecord.lease_until.set(0 if given_up else until)]
    if not count_attempt:
        more.append(MailRecord.waits.set(entry.waits + 1))
    return _settle(entry, "failed" if given_up else "owed", cause, at, more)


def keep(entry: Entry, *, cause: str, at: str, until: int) -> Entry:
    """It may have been sent: the claim stays, until `until`. Raises `ConditionFailed` when it is no longer ours."""
    return _settle(entry, "claimed", cause, at, [MailRecord.lease_until.set(until)])


def put_aside(entry: Entry, state: MailState, *, cause: str, at: str) -> Entry:
    """Do not send it: `held` or `suppressed`; no attempt is used up. Raises `ConditionFailed` when it is not ours."""
    more = [MailRecord.attempts.set(entry.attempts - 1), MailRecord.lease_until.set(0)]
    return _settle(entry, state, cause, at, more)


def note(
    call: str,
    submission_id: str,
    kind: str,
    state: MailState,
    *,
    cause: str,
    at: str,
    address: str = "",
    until: int = 0,
) -> Entry | None:
    """Write down a mail that nobody has tried yet, as `owed` or `held`; `None` when the ledger knows it already.

    Nobody claims it before `until` (epoch seconds).
    """
    record = MailRecord(submission_id, kind)
    actions = [
        MailRecord.call.set(call),
        MailRecord.attempts.set(0),
        MailRecord.lease_until.set(until),
        MailRecord.cause.set(cause),
        *_state(call, state, at),
    ]
    if address:
        actions.append(MailRecord.address.set(f"{call}#{address}"))
    try:
        return _update(record, actions, MailRecord.submission_id.does_not_exist())
    except ConditionFailed:
        return None


def send_again(entry: Entry, *, at: str) -> Entry:
    """Owe a mail again that was held, failed or came back: another round, that no cap holds up.

    Raises `ConditionFailed` when it is not as `entry` says any more: somebody else was first, or it arrived after all.
    """
    record = MailRecord(entry.submission_id, entry.kind)
    actions = [
        MailRecord.attempts.set(0),
        MailRecord.waits.set(0),
        MailRecord.lease_until.set(0),
        MailRecord.round.set(entry.round + 1),
        MailRecord.allowed.set(True),
        *(
            attribute.remove()
            for attribute in (MailRecord.owner, MailRecord.message_id, MailRecord.sent_at, MailRecord.cause)
        ),
        MailRecord.events.remove(),
        *_state(entry.call, "owed", at),
    ]
    return _update(record, actions, MailRecord.state.is_in(*sorted(RESENDABLE)) & _unchanged(entry))


def put_events(old: Entry, new: Entry) -> Entry:
    """Store what SES's events made of `old`. Raises `ConditionFailed` when that is not what is stored any more."""
    record = MailRecord(old.submission_id, old.kind)
    actions = [MailRecord.events.set(_events_text(new.events)), *_state(new.call, new.state, new.changed_at)]
    actions.append(MailRecord.cause.set(new.cause) if new.cause else MailRecord.cause.remove())
    if new.message_id:
        actions.append(MailRecord.message_id.set(new.message_id))
    if new.sent_at:
        actions.append(MailRecord.sent_at.set(new.sent_at))
    return _update(record, actions, _unchanged(old))


def forget(submission_id: str, kind: str) -> None:
    """Delete an entry that nothing stands behind any more; harmless when it is gone."""
    with table_errors():
        MailRecord(submission_id, kind).delete()


def drop(submission_id: str, kind: str, *, now: int) -> None:
    """Delete an entry of a mail that is not owed any more, unless somebody is at it, or it may have gone out."""
    over = (MailRecord.state == "claimed") & (MailRecord.lease_until <= now)
    nobody_is = MailRecord.state.is_in("owed", "held") | over
    try:
        with table_errors():
            MailRecord(submission_id, kind).delete(condition=nobody_is)
    except ConditionFailed:
        return


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


def listed(
    call: str,
    state: MailState,
    *,
    most: int,
    start: Place | None = None,
    oldest_first: bool = False,
    family: str = "",
) -> list[Place]:
    """(submission id, kind, last change) of a call's mails in `state`, by the index (eventually consistent).

    At most `most`, newest first or oldest first; with `start` those that come after that one; with `family` only mails
    of that family.
    """
    key = None
    if start is not None:
        names = ("submission_id", "kind", "changed_at", "call_state")
        key = {name: {"S": value} for name, value in zip(names, (*start, f"{call}#{state}"), strict=True)}
    kind = MailRecord.kind
    theirs = (kind == family) | kind.startswith(f"{family}-") if family else None
    with table_errors():
        query = MailRecord.by_state.query(
            f"{call}#{state}", filter_condition=theirs, scan_index_forward=oldest_first, limit=most,
            page_size=_LOOKED_THROUGH if family else most, last_evaluated_key=key,
        )  # fmt: skip
        return [(record.submission_id, record.kind, record.changed_at) for record in query]


def count(call: str, state: MailState, *, most: int) -> int:
    """How many of a call's mails are in `state`, counted up to `most`, by the index (eventually consistent)."""
    with table_errors():
        return min(most, MailRecord.by_state.count(f"{call}#{state}", limit=most))


def last_change(call: str, state: MailState) -> str | None:
    """The stamp of the newest change among a call's mails in `state`, by the index (eventually consistent)."""
    with table_errors():
        query = MailRecord.by_state.query(f"{call}#{state}", scan_index_forward=False, limit=1)
        return next((record.changed_at for record in query), None)


def _state(call: str, state: MailState, at: str) -> list[Action]:
    return [MailRecord.state.set(state), MailRecord.call_state.set(f"{call}#{state}"), MailRecord.changed_at.set(at)]


def _settle(entry: Entry, state: MailState, cause: str, at: str, more: Sequence[Action]) -> Entry:
    """End a claim. Not one that SES's events have ended already: what is sent never goes back."""
    record = MailRecord(entry.submission_id, entry.kind)
    ours = (MailRecord.owner == entry.owner) & (MailRecord.state == "claimed")
    return _update(record, [MailRecord.cause.set(cause), *more, *_state(entry.call, state, at)], ours)


def _unchanged(entry: Entry) -> Condition:
    same_round = MailRecord.round.does_not_exist() if entry.round == 1 else MailRecord.round == entry.round
    told = MailRecord.events == _events_text(entry.events) if entry.events else MailRecord.events.does_not_exist()
    unchanged: Condition = (MailRecord.state == entry.state) & same_round & told
    return unchanged


def _events_text(events: Events) -> str:
    return msgspec.json.encode(events, order="sorted").decode()


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
        waits=int(record.waits or 0),
        round=int(record.round or 1),
        allowed=bool(record.allowed),
        events=msgspec.json.decode(record.events, type=Events) if record.events else {},
    )
