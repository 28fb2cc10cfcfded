"""Who may do what. Values only."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Role = Literal["viewer", "moderator", "owner"]
ROLES: tuple[Role, ...] = ("viewer", "moderator", "owner")  # each may what those before it may
ALL_CALLS = "*"


class Person(Struct, frozen=True):
    """Somebody who acts on organiser routes: a name for the audit trail, and what they may do.

    `role` holds in each of `calls`, `roles` in single calls: whoever is logged in may have another role in each.
    `session` is the digest of the session they are logged in by, `owner` that of their address; both are empty for who
    came with an API token.
    """

    name: str
    role: Role
    calls: tuple[str, ...]
    roles: dict[str, Role] = {}
    session: str = ""
    owner: str = ""

    def role_in(self, call: str) -> Role | None:
        """The highest role this person has in `call`, or `None`."""
        everywhere = self.role if ALL_CALLS in self.calls or call in self.calls else None
        return highest(everywhere, self.roles.get(call))

    def may(self, call: str, role: Role) -> bool:
        """Whether this person may do what needs `role` in `call`."""
        has = self.role_in(call)
        return has is not None and ROLES.index(has) >= ROLES.index(role)


class Token(Struct, frozen=True):
    """An API token as stored: its SHA-256 (hex), never itself. `expires_at` is epoch seconds.

    `maker` is the digest of the address of the organiser who made it, or empty for one that an operator made: a token
    never reaches further than its maker does at the moment it is used. `used_at` (a UTC stamp) is right to the hour.
    """

    digest: str
    person: Person
    created_at: str
    expires_at: int
    maker: str = ""
    used_at: str | None = None

    def good(self, now: datetime) -> bool:
        """Whether it has not expired; DynamoDB deletes expired items up to days late."""
        return now.timestamp() < self.expires_at


class Session(Struct, frozen=True):
    """Somebody who is logged in, in one browser. No name and no role: those are looked up in the calls each time.

    `digest` is the SHA-256 (hex) of what the browser keeps, `owner` the digest of the organiser's address, `browser` a
    few words by which people tell their devices apart. `seen_at` is right to some minutes. `expires_at` is epoch
    seconds.
    """

    digest: str
    owner: str
    created_at: str
    seen_at: str
    expires_at: int
    browser: str = ""

    def good(self, now: datetime) -> bool:
        """Whether it has not expired; DynamoDB deletes expired items up to days late."""
        return now.timestamp() < self.expires_at


class Login(Struct, frozen=True):
    """A login link as stored: the SHA-256 (hex) of its secret, and the digest of the organiser's address.

    `next` is where to go afterwards, from the app's root. It is used once (`used_at`, a UTC stamp), until `expires_at`
    (epoch seconds).
    """

    digest: str
    owner: str
    created_at: str
    expires_at: int
    next: str = ""
    used_at: str | None = None

    def good(self, now: datetime) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and now.timestamp() < self.expires_at


def highest(*roles: Role | None) -> Role | None:
    """The highest of some roles; `None` where there is none."""
    return max((role for role in roles if role), key=ROLES.index, default=None)


def lowest(one: Role, other: Role) -> Role:
    """The lower of two roles."""
    return min(one, other, key=ROLES.index)
