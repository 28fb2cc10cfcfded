"""Access tokens and the audit trail in their tables."""

from __future__ import annotations

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.access.roles import Person, Token
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import Record, TableMeta, table_errors

_TOKEN = "token#"  # noqa: S105 - a key's prefix


class AccessRecord(Record):
    """A token, by the digest of its text. TTL: `expires_at`."""

    class Meta(TableMeta):
        table_name = settings().access_table

    key = UnicodeAttribute(hash_key=True)
    person = UnicodeAttribute()
    created_at = UnicodeAttribute()
    expires_at = NumberAttribute()


class AuditRecord(Record):
    """One line of the audit trail; `at` is a stamp and a few random characters, so that no two meet."""

    class Meta(TableMeta):
        table_name = settings().audit_table

    subject = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)
    who = UnicodeAttribute()
    event = UnicodeAttribute()
    detail = UnicodeAttribute(null=True)


def put_token(token: Token) -> None:
    """Store a token."""
    person = msgspec.json.encode(token.person).decode()
    record = AccessRecord(
        _TOKEN + token.digest, person=person, created_at=token.created_at, expires_at=token.expires_at
    )
    with table_errors():
        record.save()


def find_token(digest: str) -> Token | None:
    """The token of a digest, expired or not."""
    with table_errors():
        try:
            record = AccessRecord.get(_TOKEN + digest, consistent_read=True)
        except AccessRecord.DoesNotExist:
            return None
    return Token(
        digest=digest,
        person=msgspec.json.decode(record.person, type=Person),
        created_at=record.created_at,
        expires_at=int(record.expires_at),
    )


def audit_record(*, subject: str, at: str, who: str, event: str, detail: str | None) -> AuditRecord:
    """One line, to be written in a transaction with what it tells of."""
    return AuditRecord(subject, at, who=who, event=event, detail=detail)


def put_audit(*, subject: str, at: str, who: str, event: str, detail: str | None) -> None:
    """Write one line; never changed afterwards."""
    with table_errors():
        AuditRecord(subject, at, who=who, event=event, detail=detail).save(condition=AuditRecord.at.does_not_exist())


def audit_of(subject: str) -> list[tuple[str, str, str, str | None]]:
    """All lines about a subject, oldest first: (at, who, event, detail)."""
    with table_errors():
        return [(one.at, one.who, one.event, one.detail) for one in AuditRecord.query(subject, consistent_read=True)]
