"""What keeps our mails welcome, in its tables: counters with the switch that they throw, and the suppression list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import size
from pynamodb.expressions.update import Action

from chalicelib.mail.breaker import Counts, Switch
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed, Record, TableMeta, table_errors

_SWITCH = "switch"
_BATCH = 100  # BatchGetItem takes no more keys
Counted = Literal["sent", "bounced", "complained"]


class MailCountRecord(Record):
    """Something counted over a while (TTL: `expires_at`), or the one switch, which stays.

    `ids` are the mails that a cap has let pass: a set, so that a mail that is tried twice counts once.
    """

    class Meta(TableMeta):
        table_name = settings().mail_counts_table

    name = UnicodeAttribute(hash_key=True)
    ids = UnicodeSetAttribute(null=True)
    passed = NumberAttribute(null=True)
    sent = NumberAttribute(null=True)
    bounced = NumberAttribute(null=True)
    complained = NumberAttribute(null=True)
    generation = NumberAttribute(null=True)
    stopped_at = UnicodeAttribute(null=True)
    cause = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class SuppressionRecord(Record):
    """An address that takes no mail from us, by its digest: since when, and why."""

    class Meta(TableMeta):
        table_name = settings().suppressions_table

    address = UnicodeAttribute(hash_key=True)
    bounced_at = UnicodeAttribute(null=True)
    complained_at = UnicodeAttribute(null=True)


# The counters of SES's events, and the switch


def count_event(name: str, what: Counted, *, expires_at: int) -> None:
    """One more of `what` in the counter `name`."""
    columns: dict[Counted, NumberAttribute] = {
        "sent": MailCountRecord.sent,
        "bounced": MailCountRecord.bounced,
        "complained": MailCountRecord.complained,
    }
    with table_errors():
        MailCountRecord(name).update([columns[what].add(1), MailCountRecord.expires_at.set(expires_at)])


def counts(names: Sequence[str]) -> Counts:
    """The sum of the counters `names` (100 at most)."""
    with table_errors():
        found = list(MailCountRecord.batch_get(names, consistent_read=True))
    return Counts(
        sent=sum(int(one.sent or 0) for one in found),
        bounced=sum(int(one.bounced or 0) for one in found),
        complained=sum(int(one.complained or 0) for one in found),
    )


def switch() -> Switch:
    """How the switch stands; on where nobody has touched it."""
    with table_errors():
        try:
            return _switch(MailCountRecord.get(_SWITCH, consistent_read=True))
        except MailCountRecord.DoesNotExist:
            return Switch()


def stop(seen: Switch, *, cause: str, at: str) -> bool:
    """Throw the switch; false where it was thrown, or put back, meanwhile."""
    actions = [
        MailCountRecord.stopped_at.set(at),
        MailCountRecord.cause.set(cause),
        MailCountRecord.generation.set(seen.generation),
    ]
    return _throw(seen, actions)


def resume(seen: Switch) -> bool:
    """Put the switch back, and count from nought; false where somebody was faster."""
    actions = [
        MailCountRecord.stopped_at.remove(),
        MailCountRecord.cause.remove(),
        MailCountRecord.generation.set(seen.generation + 1),
    ]
    return _throw(seen, actions)


def _throw(seen: Switch, actions: Sequence[Action]) -> bool:
    record, generation = MailCountRecord, MailCountRecord.generation
    same = generation == seen.generation if seen.generation else generation.does_not_exist() | (generation == 0)
    stopped = record.stopped_at == seen.stopped_at if seen.stopped_at else record.stopped_at.does_not_exist()
    try:
        with table_errors():
            MailCountRecord(_SWITCH).update([*actions], condition=same & stopped)
    except ConditionFailed:
        return False
    return True


def _switch(record: MailCountRecord) -> Switch:
    return Switch(generation=int(record.generation or 0), stopped_at=record.stopped_at, cause=record.cause or "")


# The caps


def let_pass(name: str, mail: str, *, most: int, expires_at: int) -> Literal["first", "again"] | None:
    """Let one of at most `most` different mails pass the cap `name`; `None` when there were as many.

    `again` for a mail that was let pass before.
    """
    ids = MailCountRecord.ids
    room = ids.does_not_exist() | (size(ids) < most)  # type: ignore[no-untyped-call] # PynamoDB's function
    try:
        with table_errors():
            MailCountRecord(name).update(
                [ids.add({mail}), MailCountRecord.expires_at.set(expires_at)],
                condition=(ids.does_not_exist() | ~ids.contains(mail)) & room,
            )
    except ConditionFailed:
        with table_errors():
            known = MailCountRecord.get(name, consistent_read=True)
        return "again" if mail in (known.ids or ()) else None
    return "first"


def count_up(name: str, *, most: int, expires_at: int) -> bool:
    """Count one more in the cap `name`; false when `most` were counted."""
    passed = MailCountRecord.passed
    try:
        with table_errors():
            MailCountRecord(name).update(
                [passed.add(1), MailCountRecord.expires_at.set(expires_at)],
                condition=passed.does_not_exist() | (passed < most),
            )
    except ConditionFailed:
        return False
    return True


# The suppression list


def suppress(address: str, reason: Literal["bounce", "complaint"], *, at: str) -> None:
    """Take an address (its digest) off all mails; of each reason the first time stays."""
    column = SuppressionRecord.complained_at if reason == "complaint" else SuppressionRecord.bounced_at
    with table_errors():
        SuppressionRecord(address).update([column.set(column | at)])


def suppression(address: str) -> Literal["bounce", "complaint"] | None:
    """Why an address (its digest) takes no mail from us; `None` when it does. A complaint counts more."""
    with table_errors():
        try:
            record = SuppressionRecord.get(address, consistent_read=True)
        except SuppressionRecord.DoesNotExist:
            return None
    return "complaint" if record.complained_at else "bounce"


def suppressed(addresses: Sequence[str]) -> set[str]:
    """Those of many addresses (their digests) that take no mail from us."""
    wanted = list(dict.fromkeys(addresses))
    with table_errors():
        return {
            record.address
            for start in range(0, len(wanted), _BATCH)
            for record in SuppressionRecord.batch_get(wanted[start : start + _BATCH], consistent_read=True)
        }
