"""API tokens: shown once, stored as a digest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from chalicelib.access.roles import Person, Token
from chalicelib.access.table import find_token, note_token, put_token
from chalicelib.runtime.clock import moment, stamp
from chalicelib.runtime.table import ConditionFailed

PREFIX = "aufruf_"  # so that scanners for leaked secrets can know one when they see it
LIFETIME = timedelta(days=90)
# That a token is in use is written down now and then, not with each request.
NOTED_EVERY = timedelta(hours=1)


def issue_token(
    person: Person,
    *,
    now: datetime,
    lifetime: timedelta = LIFETIME,
    maker: str = "",
    random: Callable[[int], str] = token_urlsafe,
) -> str:
    """A fresh token for `person`; this is the only time its text is known. `maker` is an organiser's address digest."""
    token = PREFIX + random(32)
    expires_at = int((now + lifetime).timestamp())
    put_token(Token(digest=digest_of(token), person=person, created_at=stamp(now), expires_at=expires_at, maker=maker))
    return token


def read_token(token: str, now: datetime) -> Token | None:
    """The token of this text, or `None` if it is unknown, expired or revoked. Raises `Unavailable`."""
    if not token.startswith(PREFIX):
        return None
    known = find_token(digest_of(token))
    if known is None or not known.good(now):
        return None
    if known.used_at is None or now - moment(known.used_at) >= NOTED_EVERY:
        try:
            note_token(known.digest, at=stamp(now))
        except ConditionFailed:
            return None  # revoked at this very moment
    return known


def digest_of(token: str) -> str:
    """What is stored of a token."""
    # A fast hash will do: the token is 256 bits of chance, there is nothing to guess.
    return sha256(token.encode(errors="surrogatepass")).hexdigest()
