"""A draft: the answers of a form that is filled in step by step, kept until it is sent or a day has passed.

It is what lets the steps work without JavaScript: each step is posted, kept, and answered by a redirect to the next.
The browser holds a random name in a cookie; the table knows only its digest, so reading the table opens no draft.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from chalicelib.calls.answers import Answers

LIFETIME = timedelta(hours=24)
_COOKIE = "__Host-aufruf-draft-"  # the prefix makes browsers refuse it from anywhere but this host (RFC 6265bis, 4.1.3)


class Draft(Struct, frozen=True):
    """What is kept: normalised answers by field id, and the ticket that the submission will carry."""

    digest: str
    call: str
    ticket: str
    answers: Answers
    expires_at: int

    def expired(self, now: datetime) -> bool:
        """Whether its day is over; DynamoDB deletes such items up to days late."""
        return self.expires_at <= now.timestamp()


def new_name(random: Callable[[int], str] = token_urlsafe) -> str:
    """A fresh name for the cookie."""
    return random(24)


def digest_of(name: str) -> str:
    """The key of the draft of this name."""
    return sha256(name.encode()).hexdigest()


def expiry(now: datetime) -> int:
    """When a draft saved now will be gone (epoch seconds)."""
    return int((now + LIFETIME).timestamp())


def read_cookie(header: str, call: str) -> str | None:
    """The draft's name in a `Cookie` header, if there is one for this call."""
    try:
        morsel = SimpleCookie(header).get(_COOKIE + call)
    except CookieError:
        return None
    return morsel.value if morsel and morsel.value else None


def write_cookie(call: str, name: str) -> str:
    """The `Set-Cookie` value that keeps the name for a day."""
    return f"{_COOKIE}{call}={name}; Path=/; Max-Age={int(LIFETIME.total_seconds())}; HttpOnly; Secure; SameSite=Lax"


def clear_cookie(call: str) -> str:
    """The `Set-Cookie` value that forgets the name."""
    return f"{_COOKIE}{call}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
