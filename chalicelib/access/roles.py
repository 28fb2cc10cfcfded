"""Who may do what. Values only."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Role = Literal["viewer", "moderator", "owner"]
ROLES: tuple[Role, ...] = ("viewer", "moderator", "owner")  # each may what those before it may
ALL_CALLS = "*"


class Person(Struct, frozen=True):
    """Somebody who acts on organiser routes: a name for the audit trail, a role, and the calls it is for."""

    name: str
    role: Role
    calls: tuple[str, ...]

    def may(self, call: str, role: Role) -> bool:
        """Whether this person may do what needs `role` in `call`."""
        return (ALL_CALLS in self.calls or call in self.calls) and ROLES.index(self.role) >= ROLES.index(role)


class Token(Struct, frozen=True):
    """An API token as stored: its SHA-256 (hex), never itself. `expires_at` is epoch seconds."""

    digest: str
    person: Person
    created_at: str
    expires_at: int

    def good(self, now: datetime) -> bool:
        """Whether it has not expired; DynamoDB deletes expired items up to days late."""
        return now.timestamp() < self.expires_at
