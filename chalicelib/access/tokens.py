"""API tokens: shown once, stored as a digest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from chalicelib.access.roles import Person, Token
from chalicelib.access.table import find_token, put_token
from chalicelib.runtime.clock import stamp

PREFIX = "aufruf_"  # so that scanners for leaked secrets can know one when they see it
LIFETIME = timedelta(days=90)


def issue_token(
    person: Person, *, now: datetime, lifetime: timedelta = LIFETIME, random: Callable[[int], str] = token_urlsafe
) -> str:
    """A fresh token for `person`; this is the only time its text is known."""
    token = PREFIX + random(32)
    expires_at = int((now + lifetime).timestamp())
    put_token(Token(digest=_digest(token), person=person, created_at=stamp(now), expires_at=expires_at))
    return token


def read_token(token: str, now: datetime) -> Person | None:
    """Whose token this is, or `None` if it is unknown or expired."""
    if not token.startswith(PREFIX):
        return None
    known = find_token(_digest(token))
    return known.person if known is not None and known.good(now) else None


def _digest(token: str) -> str:
    # A fast hash will do: the token is 256 bits of chance, there is nothing to guess.
    return sha256(token.encode()).hexdigest()
