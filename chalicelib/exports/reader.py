"""Reading a call's submissions with their mails: from the bytes DynamoDB sends to finished lines, without models.

A model for each submission would cost more than all the rest of an export. So an answer is decoded once, by its shape,
and what it holds as JSON text (answers, published copy, flags) is put into the line as it is. A property test holds
this file to what PynamoDB reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct, field

from chalicelib.errors import Unavailable
from chalicelib.exports.documents import Line, MailLine
from chalicelib.jobs.consequences import kinds_after, when_to_send
from chalicelib.runtime.aws import RAW, aws_errors, raw_dynamodb
from chalicelib.runtime.settings import settings
from chalicelib.submissions.reference import show

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef

    from chalicelib.calls.call import DecisionMails

_BATCH = 100  # BatchGetItem takes no more keys
_EMPTY = Raw(b"{}")
_NULL = Raw(b"null")
_NONE = Raw(b"[]")
_TRIES = 8
_FIRST = "confirm"  # no longer owed once it was confirmed, and still part of the story

# `None`: as many as fit into DynamoDB's megabyte; tests read smaller pages.
PAGE: int | None = None


class _Text(Struct, frozen=True):
    S: str | None = None


class _Number(Struct, frozen=True):
    N: str = "0"


class _Long(Struct, frozen=True):
    """A text that may be long: a piece of the answer, and no copy of it before it is needed."""

    S: Raw = Raw(b'""')

    def json(self, default: Raw) -> Raw:
        """The JSON that the text is."""
        text = _decode_text(self.S)
        return Raw(text.encode()) if text else default


class _Event(Struct):
    event: _Text


class _Happening(Struct):
    M: _Event


class _History(Struct):
    L: list[_Happening] = field(default_factory=list)


_NO_TEXT, _NO_NUMBER, _NOTHING = _Text(), _Number(), _Long()


class _Item(Struct):
    """What an export needs of an item, as it stands on the wire."""

    id: _Text
    state: _Text
    submitted_at: _Text
    changed_at: _Text
    language: _Text = _NO_TEXT
    form_version: _Number = _NO_NUMBER
    answers: _Long = _NOTHING
    published: _Long = _NOTHING
    confirmed_at: _Text = _NO_TEXT
    decided_at: _Text = _NO_TEXT
    duplicate_of: _Text = _NO_TEXT
    flags: _Long = _NOTHING
    merged: _Text = _NO_TEXT
    source: _Text = _NO_TEXT
    history: _History = field(default_factory=_History)
    expires_at: _Number | None = None


class _Place(Struct):
    id: _Text


class _Query(Struct):
    items: list[_Item] = field(name="Items", default_factory=list)
    last: _Place | None = field(name="LastEvaluatedKey", default=None)


class _Mail(Struct):
    submission_id: _Text
    kind: _Text
    state: _Text
    attempts: _Number
    sent_at: _Text = _NO_TEXT


class _Keys(Struct):
    keys: list[Raw] = field(name="Keys", default_factory=list)


class _Mails(Struct):
    responses: dict[str, list[_Mail]] = field(name="Responses", default_factory=dict)
    unprocessed: dict[str, _Keys] = field(name="UnprocessedKeys", default_factory=dict)


_decode_text = msgspec.json.Decoder(str).decode
_decode_query = msgspec.json.Decoder(_Query).decode
_decode_mails = msgspec.json.Decoder(_Mails).decode
encode = msgspec.json.Encoder().encode


class Read(Struct):
    """One submission as read: its line, and what counting needs. Erased ones have no line."""

    key: bytes  # orders by time of submission, then by id
    line: slice  # of the page's lines
    id: str
    state: str
    submitted_at: str
    changed_at: str
    expires_at: int | None
    owed: tuple[str, ...]  # kinds of mail, by the rule
    mails: list[MailLine]  # what the ledger has of them, and of the first


class Page(Struct):
    """A page of a shard; `after` is where the next one begins, `None` at the end.

    Its lines are in one piece: several pages wait side by side, and would leave memory full of holes.
    """

    read: list[Read]
    lines: bytes
    after: str | None


def make_ready() -> None:
    """Make the client that all threads read with."""
    raw_dynamodb()


def read_page(call: str, shard: int, after: str | None, policy: DecisionMails) -> Page:
    """The next page of a shard, in the order of ids (consistent read). Raises `Unavailable`."""
    body = _query(call, shard, after)
    answer = _decode_query(body)
    owed = [_owed(one, policy) for one in answer.items]
    mails = _mails_of(answer.items, owed)
    lines = bytearray()
    read = [
        _read(one, kinds, mails.get(one.id.S or "", []), lines) for one, kinds in zip(answer.items, owed, strict=True)
    ]
    return Page(read, bytes(lines), after=answer.last.id.S if answer.last else None)


def _query(call: str, shard: int, after: str | None) -> bytes:
    place = f"{call}#{shard:02d}"
    asked: QueryInputTypeDef = {
        "TableName": settings().submissions_table,
        "KeyConditionExpression": "call_shard = :place",
        "ExpressionAttributeValues": {":place": {"S": place}},
        "ConsistentRead": True,
    }
    if after is not None:
        asked["ExclusiveStartKey"] = {"call_shard": {"S": place}, "id": {"S": after}}
    if PAGE is not None:
        asked["Limit"] = PAGE
    with aws_errors():
        answer: Any = raw_dynamodb().query(**asked)
    body: bytes = answer[RAW]
    return body


def _owed(item: _Item, policy: DecisionMails) -> tuple[str, ...]:
    kinds = kinds_after(item.state.S or "", [one.M.event.S or "" for one in item.history.L])
    return tuple(kind for kind in kinds if when_to_send(kind, policy) != "off")


def _read(item: _Item, owed: tuple[str, ...], mails: list[MailLine], lines: bytearray) -> Read:
    identity, state, submitted_at = item.id.S or "", item.state.S or "", item.submitted_at.S or ""
    start = len(lines)
    if state != "erased":
        lines += _one_line(encode(to_line(item, identity, mails)))
    return Read(
        key=f"{submitted_at}#{identity}".encode(),
        line=slice(start, len(lines)),
        id=identity,
        state=state,
        submitted_at=submitted_at,
        changed_at=item.changed_at.S or "",
        expires_at=int(item.expires_at.N) if item.expires_at else None,
        owed=owed,
        mails=mails,
    )


def _one_line(line: bytes) -> bytes:
    """Stored texts hold no line ends, since msgspec writes none; one that did would break every file."""
    if b"\n" in line or b"\r" in line or b"\t" in line:
        return encode(msgspec.json.decode(line))
    return line


def to_line(item: _Item, identity: str, mails: list[MailLine]) -> Line:
    """The line of an item; its JSON texts are spliced as they are."""
    return Line(
        reference=show(identity),
        state=item.state.S or "",
        submitted_at=item.submitted_at.S or "",
        confirmed_at=item.confirmed_at.S,
        decided_at=item.decided_at.S,
        language=item.language.S or "",
        form_version=int(item.form_version.N),
        answers=item.answers.json(_EMPTY),
        published=item.published.json(_NULL),
        duplicate_of=show(item.duplicate_of.S) if item.duplicate_of.S else None,
        flags=item.flags.json(_NONE),
        reports=1 + (len(msgspec.json.decode(item.merged.S)) if item.merged.S else 0),
        source=item.source.S or "",
        mails=mails,
    )


def _mails_of(items: Sequence[_Item], owed: Sequence[tuple[str, ...]]) -> dict[str, list[MailLine]]:
    """What the ledger holds of the mails that these submissions are owed, and of the first one, in that order."""
    wanted: list[dict[str, dict[str, str]]] = [
        {"submission_id": {"S": item.id.S or ""}, "kind": {"S": kind}}
        for item, kinds in zip(items, owed, strict=True)
        if item.state.S != "erased"
        for kind in dict.fromkeys((_FIRST, *kinds))
    ]
    found: dict[tuple[str, str], MailLine] = {}
    for start in range(0, len(wanted), _BATCH):
        for mail in _batch(wanted[start : start + _BATCH]):
            line = MailLine(
                kind=mail.kind.S or "", state=mail.state.S or "", attempts=int(mail.attempts.N), sent_at=mail.sent_at.S
            )
            found[mail.submission_id.S or "", line.kind] = line
    by_submission: dict[str, list[MailLine]] = {}
    for key in wanted:
        identity, kind = key["submission_id"]["S"], key["kind"]["S"]
        if (identity, kind) in found:
            by_submission.setdefault(identity, []).append(found[identity, kind])
    return by_submission


def _batch(keys: list[Any]) -> list[_Mail]:
    table, found = settings().mails_table, []
    for _ in range(_TRIES):
        with aws_errors():
            answer: Any = raw_dynamodb().batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
        decoded = _decode_mails(answer[RAW])
        found += decoded.responses.get(table, [])
        left = decoded.unprocessed.get(table)
        if left is None or not left.keys:
            return found
        keys = [msgspec.json.decode(one) for one in left.keys]
    raise Unavailable
