"""Submissions in their table. Key: the call's shard and the id; `by_state` lists them by state and time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from pynamodb.attributes import ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import IncludeProjection

from chalicelib.errors import NotFound
from chalicelib.runtime.clock import moment
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import (
    ConditionFailed,
    LeanIndex,
    Record,
    TableMeta,
    put_new,
    table_errors,
    transaction,
)
from chalicelib.submissions.changes import tombstone
from chalicelib.submissions.flags import Flag
from chalicelib.submissions.item import item_of
from chalicelib.submissions.submission import ConsentRecord, Happening, State, Submission, Undo, shard_of

PAGE = 200


class _Happening(MapAttribute[str, str]):
    at = UnicodeAttribute()
    event = UnicodeAttribute()


class ByState(LeanIndex):  # type: ignore[no-untyped-call] # PynamoDB's subclass hook
    """`<call>#<state>#<nn>`, by time of the last change. Keys, and what is counted by: with everything in it,
    each accept would cost six write units instead of four (decision 0025).
    """

    class Meta:
        index_name = "states"
        projection = IncludeProjection(["submitted_at", "expires_at"])

    call_state = UnicodeAttribute(hash_key=True)
    changed_at = UnicodeAttribute(range_key=True)


class SubmissionRecord(Record):
    """One submission. What is a text, a record or a list in a `Submission` is JSON in UTF-8: stored as it is exported.

    A tombstone has keys, state and times, and nothing else.
    """

    class Meta(TableMeta):
        table_name = settings().submissions_table

    call_shard = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    call = UnicodeAttribute()
    call_state = UnicodeAttribute()
    state = UnicodeAttribute()
    shard = NumberAttribute()
    answers = UnicodeAttribute(null=True)
    fingerprint = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    form_version = NumberAttribute(null=True)
    submitted_at = UnicodeAttribute()
    changed_at = UnicodeAttribute()
    consents = UnicodeAttribute(null=True)
    history = ListAttribute(of=_Happening, null=True)
    version = NumberAttribute()
    generation = NumberAttribute()
    # Epoch seconds in a plain number: DynamoDB's TTL reads it, and nothing rounds it on the way.
    expires_at = NumberAttribute(null=True)
    confirmed_at = UnicodeAttribute(null=True)
    decided_at = UnicodeAttribute(null=True)
    published = UnicodeAttribute(null=True)
    duplicate_of = UnicodeAttribute(null=True)
    flags = UnicodeAttribute(null=True)
    edited = UnicodeAttribute(null=True)
    edited_of = UnicodeAttribute(null=True)
    merged = UnicodeAttribute(null=True)
    before_merge = UnicodeAttribute(null=True)
    source = UnicodeAttribute(null=True)
    undo = UnicodeAttribute(null=True)
    by_state = ByState()


def create(submission: Submission) -> None:
    """Write a new submission: the one durable write. Raises `ConditionFailed` when the id is taken, `Unavailable`."""
    item = item_of(
        submission,
        call_shard=_call_shard(submission.call, submission.shard),
        call_state=index_key(submission.call, submission.state, submission.shard),
    )
    put_new(SubmissionRecord.Meta.table_name, item, key="id")


def find(call: str, submission_id: str, shards: int) -> Submission | None:
    """The submission as it is now (consistent read), or `None`. Expired ones are still found: see `expired`."""
    with table_errors():
        try:
            record = SubmissionRecord.get(
                _call_shard(call, shard_of(submission_id, shards)), submission_id, consistent_read=True
            )
        except SubmissionRecord.DoesNotExist:
            return None
    return read_record(record)


def find_many(call: str, ids: Sequence[str], shards: int) -> list[Submission]:
    """Those of up to 100 submissions that are there, in the order of `ids` (consistent read, one request)."""
    keys = [(_call_shard(call, shard_of(one, shards)), one) for one in dict.fromkeys(ids)]
    if not keys:
        return []
    with table_errors():
        found = {record.id: record for record in SubmissionRecord.batch_get(keys, consistent_read=True)}
    return [read_record(found[key]) for _, key in keys if key in found]


def existing(call: str, ids: Sequence[str], shards: int) -> set[str]:
    """Those of up to 100 submissions that are there and not erased, as of now (consistent read, one request)."""
    keys = [(_call_shard(call, shard_of(one, shards)), one) for one in dict.fromkeys(ids)]
    if not keys:
        return set()
    with table_errors():
        found = SubmissionRecord.batch_get(keys, consistent_read=True, attributes_to_get=["id", "state"])
        return {record.id for record in found if record.state != "erased"}


def confirm(submission: Submission, *, at: str) -> Submission:
    """Move from `received` to `confirmed` and give the submission as it is then.

    Safe to repeat: when the state has moved on already, that state is returned. `at` is a UTC stamp.
    Raises `NotFound` when it is gone, `Unavailable`.
    """
    record = SubmissionRecord(_call_shard(submission.call, submission.shard), submission.id)
    not_expired = SubmissionRecord.expires_at > int(moment(at).timestamp())
    try:
        return _move(record, submission, "confirmed", at, SubmissionRecord.confirmed_at.set(at), condition=not_expired)
    except ConditionFailed:
        with table_errors():
            try:
                record.refresh(consistent_read=True)
            except SubmissionRecord.DoesNotExist:
                raise NotFound from None
        return read_record(record)


def put_changes(changes: Sequence[tuple[Submission, Submission]]) -> None:
    """Store each second in place of its first, all of them or none.

    Raises `ConditionFailed` when one of the first is not what is stored any more, `Unavailable`.
    """
    if len(changes) == 1:
        put_change(*changes[0])
        return
    with transaction() as writes:
        for old, new in changes:
            record, actions, unchanged = change(old, new)
            writes.update(record, actions, condition=unchanged, add_version_condition=False)


def put_change(old: Submission, new: Submission) -> None:
    """Store `new` in place of `old`. Raises `ConditionFailed` when it is not `old` that is stored any more."""
    with table_errors():
        record, actions, unchanged = change(old, new)
        record.update(actions, condition=unchanged, add_version_condition=False)


def add_flag(submission: Submission, flag: Flag) -> None:
    """Flag a submission, once; harmless to repeat. A flag is no change: it has no version and no history.

    Raises `ConditionFailed` when other flags are stored than `submission` has, or it is erased.
    """
    if flag in submission.flags:
        return
    record = SubmissionRecord(_call_shard(submission.call, submission.shard), submission.id)
    flags = SubmissionRecord.flags
    same = flags == _json(submission.flags) if submission.flags else flags.does_not_exist()
    there = SubmissionRecord.id.exists() & (SubmissionRecord.state != "erased")
    with table_errors():
        record.update(
            [flags.set(msgspec.json.encode((*submission.flags, flag)).decode())],
            condition=there & same,
            add_version_condition=False,
        )


def change(old: Submission, new: Submission) -> tuple[SubmissionRecord, list[Action], Condition]:
    """The record, what to do to it, and the condition that it still holds `old`: for a transaction."""
    before, record = _record(old).serialize(), _record(new)
    after = record.serialize()
    actions: list[Action] = [
        attribute.set(getattr(record, name)) if name in after else attribute.remove()
        for name, attribute in SubmissionRecord.get_attributes().items()
        if after.get(name) != before.get(name)
    ]
    return SubmissionRecord(record.call_shard, record.id), actions, _unchanged(old)


def burial(old: Submission, tombstone: Submission) -> tuple[SubmissionRecord, Condition]:
    """The tombstone's record, and the condition that it takes the place of `old`: for a transaction."""
    return _record(tombstone), _unchanged(old)


def _unchanged(old: Submission) -> Condition:
    unchanged: Condition = (SubmissionRecord.version == old.version) & (SubmissionRecord.state == old.state)
    return unchanged


def _move(
    record: SubmissionRecord, old: Submission, state: State, at: str, *more: Action, condition: Condition
) -> Submission:
    # The condition is on the state, not on the version: PynamoDB's version condition on a key-only object resets it.
    actions = [
        SubmissionRecord.state.set(state),
        SubmissionRecord.call_state.set(index_key(old.call, state, old.shard)),
        SubmissionRecord.changed_at.set(at),
        SubmissionRecord.version.set(SubmissionRecord.version + 1),
        SubmissionRecord.history.set(SubmissionRecord.history.append([_happening(at, state)])),
        SubmissionRecord.expires_at.remove(),
        *more,
    ]
    with table_errors():
        record.update(actions, condition=(SubmissionRecord.state == old.state) & condition, add_version_condition=False)
    return read_record(record)


def pages(call: str, shard: int, after: str | None = None) -> Iterator[list[Submission]]:
    """All submissions of one shard in the order of their ids, page by page (consistent reads); `after` is an id."""
    condition = SubmissionRecord.id > after if after else None
    query = SubmissionRecord.query(_call_shard(call, shard), condition, consistent_read=True, page_size=PAGE)
    yield from _paged(query)


def changed_since(call: str, state: State, shard: int, since: str) -> Iterator[list[Submission]]:
    """Submissions in `state` changed since the stamp `since`, oldest first, by the index (in the end consistent)."""
    hash_key = index_key(call, state, shard)
    yield from _paged(SubmissionRecord.by_state.query(hash_key, ByState.changed_at >= since, page_size=PAGE))


def any_in(call: str, state: State, shards: int) -> bool:
    """Whether any submission is in `state`, by the index (eventually consistent)."""
    return any(last_change(call, state, shard) is not None for shard in range(shards))


def last_change(call: str, state: State, shard: int) -> str | None:
    """The stamp of the newest change among the submissions in `state`, by the index (eventually consistent)."""
    with table_errors():
        query = SubmissionRecord.by_state.keys(index_key(call, state, shard), scan_index_forward=False, limit=1)
        return next((record.changed_at for record in query), None)


def _paged(query: Iterable[SubmissionRecord]) -> Iterator[list[Submission]]:
    page: list[Submission] = []
    with table_errors():
        for record in query:
            page.append(read_record(record))
            if len(page) == PAGE:
                yield page
                page = []
    if page:
        yield page


def key_of(submission: Submission) -> str:
    """The hash key of a submission; the range key is its id."""
    return _call_shard(submission.call, submission.shard)


def _call_shard(call: str, shard: int) -> str:
    return f"{call}#{shard:02d}"


def index_key(call: str, state: State, shard: int) -> str:
    """The hash key of the index `by_state`."""
    return f"{call}#{state}#{shard:02d}"


def _happening(at: str, event: str) -> _Happening:
    return _Happening(at=at, event=event)  # type: ignore[no-untyped-call] # PynamoDB's constructor


def _record(submission: Submission) -> SubmissionRecord:
    if submission.state == "erased":
        return _tombstone_record(submission)
    values = msgspec.structs.asdict(submission) | {
        "call_shard": _call_shard(submission.call, submission.shard),
        "call_state": index_key(submission.call, submission.state, submission.shard),
        "consents": msgspec.json.encode(submission.consents).decode(),
        "history": [_happening(one.at, one.event) for one in submission.history],
        "flags": _json(submission.flags),
        "merged": _json(submission.merged),
        "undo": _json(submission.undo),
        "source": submission.source or None,
    }
    return SubmissionRecord(**values)


def _json(value: object) -> str | None:
    return msgspec.json.encode(value).decode() if value else None


def _tombstone_record(submission: Submission) -> SubmissionRecord:
    return SubmissionRecord(
        _call_shard(submission.call, submission.shard),
        submission.id,
        call=submission.call,
        state=submission.state,
        # In the index, so that the next export sees that something has changed.
        call_state=index_key(submission.call, submission.state, submission.shard),
        shard=submission.shard,
        submitted_at=submission.submitted_at,
        changed_at=submission.changed_at,
        version=submission.version,
        generation=submission.generation,
    )


def read_record(record: SubmissionRecord) -> Submission:
    """The submission of a record."""
    if record.state == "erased":
        return tombstone(
            call=record.call,
            submission_id=record.id,
            shard=int(record.shard),
            submitted_at=record.submitted_at,
            changed_at=record.changed_at,
            version=int(record.version),
            generation=int(record.generation),
        )
    values: dict[str, Any] = {name: getattr(record, name) for name in Submission.__struct_fields__}
    numbers = ("shard", "form_version", "version", "generation", "expires_at")
    values |= {name: int(values[name]) for name in numbers if values[name] is not None}
    values["consents"] = msgspec.json.decode(record.consents, type=ConsentRecord)
    values["history"] = tuple(Happening(at=one.at, event=one.event) for one in record.history)
    values["flags"] = msgspec.json.decode(record.flags, type=tuple[Flag, ...]) if record.flags else ()
    values["merged"] = msgspec.json.decode(record.merged, type=tuple[str, ...]) if record.merged else ()
    values["undo"] = msgspec.json.decode(record.undo, type=Undo) if record.undo else None
    values["source"] = record.source or ""
    return Submission(**values)
