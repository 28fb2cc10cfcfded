"""Tokens, sessions, login keys, and the audit trail, in their tables."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.access.roles import Login, Person, Session, Token
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import Record, TableMeta, table_errors, transaction

_TOKEN = "token#"  # noqa: S105 - a key's prefix
_SESSION = "session#"
_LOGIN = "login#"
_ASKED = "asked#"
MOST_LISTED = 100  # sessions or tokens of one person


class ByOwner(GlobalSecondaryIndex["AccessRecord"]):  # type: ignore[no-untyped-call] # PynamoDB's subclass hook
    """`session#` or `token#` and the digest of an organiser's address: what is theirs, by time."""

    class Meta:
        index_name = "by_owner"
        projection = AllProjection()

    owner = UnicodeAttribute(hash_key=True)
    created_at = UnicodeAttribute(range_key=True)


class AccessRecord(Record):
    """A token, a session or a login link, by the digest of its text; how often somebody asked for one. TTL:
    `expires_at`.
    """

    class Meta(TableMeta):
        table_name = settings().access_table

    key = UnicodeAttribute(hash_key=True)
    created_at = UnicodeAttribute()
    expires_at = NumberAttribute()
    owner = UnicodeAttribute(null=True)
    person = UnicodeAttribute(null=True)
    browser = UnicodeAttribute(null=True)
    seen_at = UnicodeAttribute(null=True)
    used_at = UnicodeAttribute(null=True)
    next = UnicodeAttribute(null=True)
    asked = NumberAttribute(null=True)
    by_owner = ByOwner()


class AuditRecord(Record):
    """One line of the audit trail; `at` is a stamp and a few random characters, so that no two meet."""

    class Meta(TableMeta):
        table_name = settings().audit_table

    subject = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)
    who = UnicodeAttribute()
    event = UnicodeAttribute()
    detail = UnicodeAttribute(null=True)


# API tokens


def put_token(token: Token) -> None:
    """Store a token."""
    record = AccessRecord(
        _TOKEN + token.digest,
        person=msgspec.json.encode(token.person).decode(),
        created_at=token.created_at,
        expires_at=token.expires_at,
        owner=_TOKEN + token.maker if token.maker else None,
    )
    with table_errors():
        record.save()


def find_token(digest: str) -> Token | None:
    """The token of a digest, expired or not."""
    record = _find(_TOKEN + digest)
    return None if record is None else _token(record)


def note_token(digest: str, *, at: str) -> None:
    """Write down that a token was used. Raises `ConditionFailed` when it is gone."""
    _note(_TOKEN + digest, seen_at=at)


def tokens_of(maker: str) -> list[Token]:
    """The tokens that an organiser made, newest first, by the index (eventually consistent)."""
    return [_token(record) for record in _owned(_TOKEN + maker)]


def drop_token(digest: str) -> None:
    """Revoke a token; harmless when it is gone."""
    _drop(_TOKEN + digest)


# Sessions


def put_session(session: Session) -> None:
    """Store a session."""
    with table_errors():
        _session_record(session).save()


def find_session(digest: str) -> Session | None:
    """The session of a digest, expired or not."""
    record = _find(_SESSION + digest)
    return None if record is None else _session(record)


def note_session(session: Session) -> None:
    """Write down that somebody was there. Raises `ConditionFailed` when the session is gone."""
    _note(_SESSION + session.digest, seen_at=session.seen_at, expires_at=session.expires_at)


def sessions_of(owner: str) -> list[Session]:
    """The sessions of an organiser, newest first, by the index (eventually consistent)."""
    return [_session(record) for record in _owned(_SESSION + owner)]


def drop_session(digest: str) -> None:
    """Revoke a session; harmless when it is gone."""
    _drop(_SESSION + digest)


# Login links


def put_login(login: Login) -> None:
    """Store a login link, or let it live longer. Raises `ConditionFailed` when it was used."""
    actions: list[Action] = [
        AccessRecord.owner.set(_LOGIN + login.owner),
        AccessRecord.created_at.set(login.created_at),
        AccessRecord.expires_at.set(login.expires_at),
        AccessRecord.next.set(login.next),
    ]
    with table_errors():
        AccessRecord(_LOGIN + login.digest).update(actions, condition=AccessRecord.used_at.does_not_exist())


def find_login(digest: str) -> Login | None:
    """The login link of a digest, used and expired ones too."""
    record = _find(_LOGIN + digest)
    return None if record is None else _login(record)


def use_login(login: Login, session: Session, lines: Sequence[AuditRecord], *, at: str, now: int) -> None:
    """Use up a link for a session and write that down: all or nothing.

    Raises `ConditionFailed` when the link is used or over (`now`: epoch seconds), `Unavailable`.
    """
    good = AccessRecord.used_at.does_not_exist() & (AccessRecord.expires_at > now)
    with transaction() as writes:
        writes.update(AccessRecord(_LOGIN + login.digest), [AccessRecord.used_at.set(at)], condition=good)
        writes.save(_session_record(session))
        for line in lines:
            writes.save(line, condition=AuditRecord.at.does_not_exist())


def count_asked(owner: str, span: str, *, most: int, expires_at: int) -> None:
    """Count that somebody asked for a link in a span of time. Raises `ConditionFailed` from `most` on."""
    record = AccessRecord(f"{_ASKED}{span}#{owner}")
    few = AccessRecord.asked.does_not_exist() | (AccessRecord.asked < most)
    actions: list[Action] = [AccessRecord.asked.add(1), AccessRecord.expires_at.set(expires_at)]
    with table_errors():
        record.update(actions, condition=few)


# The audit trail


def audit_record(*, subject: str, at: str, who: str, event: str, detail: str | None) -> AuditRecord:
    """One line, to be written in a transaction with what it tells of."""
    return AuditRecord(subject, at, who=who, event=event, detail=detail)


def put_audit(*, subject: str, at: str, who: str, event: str, detail: str | None) -> None:
    """Write one line; never changed afterwards."""
    record = audit_record(subject=subject, at=at, who=who, event=event, detail=detail)
    with table_errors():
        record.save(condition=AuditRecord.at.does_not_exist())


def audit_page(
    subject: str, *, after: str | None = None, before: str | None = None, most: int
) -> list[tuple[str, str, str, str | None]]:
    """The newest `most` lines about a subject as `audit_of` gives them, newest first: from `after` on, up to `before`,
    which is none of them (values of `at`).
    """
    span = AuditRecord.at.between(after or "0", before or "9")
    one_more = most + 1  # the line that `before` names
    with table_errors():
        query = AuditRecord.query(subject, span, scan_index_forward=False, limit=one_more, page_size=one_more)
        found: list[tuple[str, str, str, str | None]] = [
            (one.at, one.who, one.event, one.detail) for one in query if one.at != before
        ]
    return found[:most]


def audit_of(subject: str) -> list[tuple[str, str, str, str | None]]:
    """All lines about a subject, oldest first: (at, who, event, detail)."""
    with table_errors():
        return [(one.at, one.who, one.event, one.detail) for one in AuditRecord.query(subject, consistent_read=True)]


def _find(key: str) -> AccessRecord | None:
    with table_errors():
        try:
            return AccessRecord.get(key, consistent_read=True)
        except AccessRecord.DoesNotExist:
            return None


def _note(key: str, *, seen_at: str, expires_at: int | None = None) -> None:
    actions: list[Action] = [AccessRecord.seen_at.set(seen_at)]
    if expires_at is not None:
        actions.append(AccessRecord.expires_at.set(expires_at))
    with table_errors():
        AccessRecord(key).update(actions, condition=AccessRecord.key.exists())


def _owned(owner: str) -> list[AccessRecord]:
    with table_errors():
        return list(AccessRecord.by_owner.query(owner, scan_index_forward=False, limit=MOST_LISTED))


def _drop(key: str) -> None:
    with table_errors():
        AccessRecord(key).delete()


def _token(record: AccessRecord) -> Token:
    return Token(
        digest=record.key.removeprefix(_TOKEN),
        person=msgspec.json.decode(record.person, type=Person),
        created_at=record.created_at,
        expires_at=int(record.expires_at),
        maker=(record.owner or "").removeprefix(_TOKEN),
        used_at=record.seen_at,
    )


def _session_record(session: Session) -> AccessRecord:
    return AccessRecord(
        _SESSION + session.digest,
        created_at=session.created_at,
        expires_at=session.expires_at,
        owner=_SESSION + session.owner,
        browser=session.browser or None,
        seen_at=session.seen_at,
    )


def _login(record: AccessRecord) -> Login:
    return Login(
        digest=record.key.removeprefix(_LOGIN),
        owner=(record.owner or "").removeprefix(_LOGIN),
        created_at=record.created_at,
        expires_at=int(record.expires_at),
        next=record.next or "",
        used_at=record.used_at,
    )


def _session(record: AccessRecord) -> Session:
    return Session(
        digest=record.key.removeprefix(_SESSION),
        owner=(record.owner or "").removeprefix(_SESSION),
        created_at=record.created_at,
        seen_at=record.seen_at or record.created_at,
        expires_at=int(record.expires_at),
        browser=record.browser or "",
    )
