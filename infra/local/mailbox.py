"""The mailbox: every mail that the local SES took, durably, in one SQLite file."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mails (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    recipient TEXT NOT NULL COLLATE NOCASE,
    mail TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS mails_by_recipient ON mails (recipient, number);
"""

_NEWEST = 500


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One accepted mail. `to` is one address (several are joined by a comma); `sent_at` is ISO 8601, UTC.

    An attachment has `name`, `content_type` and `content` (base64).
    """

    id: str
    to: str
    sender: str
    subject: str
    text: str
    html: str
    sent_at: str
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    configuration_set: str = ""
    attachments: Sequence[Mapping[str, str]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """The JSON shape of `GET /_local/mails`."""
        document = asdict(self)
        document["from"] = document.pop("sender")
        return document


class Mailbox:
    """Keeps mails in `file`. What `add` was given is on the disk when it returns."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_SCHEMA)

    def add(self, mail: Mail) -> None:
        """Keep `mail`."""
        self._database.execute(
            "INSERT INTO mails (id, recipient, mail) VALUES (?, ?, ?)",
            (mail.id, mail.to, json.dumps(asdict(mail), ensure_ascii=False)),
        )

    def mails(self, *, to: str | None = None, limit: int | None = None) -> list[Mail]:
        """Mails, oldest first: all, or the newest `limit` of them; only those to the address `to`."""
        rows = self._database.execute(
            "SELECT mail FROM mails WHERE (?1 IS NULL OR recipient = ?1) ORDER BY number DESC LIMIT ?2",
            (to, -1 if limit is None else limit),
        ).fetchall()
        return [Mail(**json.loads(row[0])) for row in reversed(rows)]

    def newest(self) -> list[Mail]:
        """The newest mails, newest first: what a person wants to see."""
        return self.mails(limit=_NEWEST)[::-1]

    def get(self, mail_id: str) -> Mail | None:
        """One mail, or None."""
        row = self._database.execute("SELECT mail FROM mails WHERE id = ?", (mail_id,)).fetchone()
        return Mail(**json.loads(row[0])) if row else None

    def close(self) -> None:
        """Close the file."""
        self._database.close()
