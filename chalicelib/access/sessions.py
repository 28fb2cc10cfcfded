"""Sessions: somebody is logged in, in one browser, for half a day after they last did something.

The browser keeps a random text in a cookie that only we get, only over TLS, and only with requests that our own pages
cause (`__Host-`, `SameSite=Strict`, `HttpOnly`: RFC 6265bis); we keep its digest. Nothing about the person is stored
but the digest of their address: who they are and what they may do stands in the calls, so that whoever is taken off a
call's list is out at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from msgspec.structs import replace

from chalicelib.access import table
from chalicelib.access.roles import Session
from chalicelib.runtime.clock import moment, stamp
from chalicelib.runtime.table import ConditionFailed

COOKIE = "__Host-session"
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
# Being there is written down now and then, not with each request.
NOTED_EVERY = timedelta(minutes=10)


def open_session(owner: str, *, now: datetime) -> tuple[str, Session]:
    """A new session, stored. Raises `Unavailable`."""
    secret, session = new_session(owner, now=now)
    table.put_session(session)
    return secret, session


def new_session(
    owner: str, *, now: datetime, browser: str = "", random: Callable[[int], str] = token_urlsafe
) -> tuple[str, Session]:
    """A session of the organiser with this address digest: what the browser keeps, and what we are to store."""
    secret = random(32)
    session = Session(
        digest=_digest(secret),
        owner=owner,
        created_at=stamp(now),
        seen_at=stamp(now),
        expires_at=_end(now, now),
        browser=browser,
    )
    return secret, session


def read_session(secret: str, now: datetime) -> Session | None:
    """Whose session this is, or `None` if it is unknown, expired or revoked. Raises `Unavailable`.

    Reading it lets it go on for `IDLE`.
    """
    session = table.find_session(_digest(secret)) if secret else None
    if session is None or not session.good(now):
        return None
    if now - moment(session.seen_at) < NOTED_EVERY:
        return session
    seen = replace(session, seen_at=stamp(now), expires_at=_end(now, moment(session.created_at)))
    try:
        table.note_session(seen)
    except ConditionFailed:
        return None  # revoked at this very moment
    return seen


def kept_cookie(secret: str) -> str:
    """The `Set-Cookie` header that makes a browser keep `secret`."""
    return f"{COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={int(LONGEST.total_seconds())}"


def dropped_cookie() -> str:
    """The `Set-Cookie` header that makes a browser forget it."""
    return f"{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"


def _end(now: datetime, began: datetime) -> int:
    return int(min(now + IDLE, began + LONGEST).timestamp())


def _digest(secret: str) -> str:
    # A fast hash will do: the secret is 256 bits of chance, there is nothing to guess.
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()
