"""Login links: somebody proves that they read the mails of an organiser's address. Good once, for a quarter of an hour.

The link is made from the nonce of the job that sends it, so that a job that is done twice sends the same one; only its
digest is stored. Opening it changes nothing (mail scanners open links too): a press of a button uses it up.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING

from chalicelib.access import table
from chalicelib.access.roles import Login, Session
from chalicelib.access.sessions import new_session
from chalicelib.errors import NotFound
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.table import ConditionFailed

if TYPE_CHECKING:
    from chalicelib.runtime.keys import Keys

LIFETIME = timedelta(minutes=15)
MOST_MAILS = 5  # to one address
SPAN = timedelta(minutes=15)


def login_secret(keys: Keys, owner: str, nonce: str) -> str:
    """The text of the link that a job sends: 256 bits that only we can compute."""
    return urlsafe_b64encode(keys.digest("login", owner, nonce)).decode().rstrip("=")


def may_have_link(owner: str, secret: str, now: datetime) -> bool:
    """Whether one more mail may go to this address now; asked again for the same link, nothing is counted."""
    if table.find_login(_digest(secret)) is not None:
        return True
    number = int(now.timestamp() // SPAN.total_seconds())
    expires_at = int((now + 2 * SPAN).timestamp())
    try:
        table.count_asked(owner, str(number), most=MOST_MAILS, expires_at=expires_at)
    except ConditionFailed:
        return False
    return True


def store_link(owner: str, secret: str, *, next_path: str, now: datetime) -> bool:
    """Let the link be good from now on; false when it was used already. Raises `Unavailable`."""
    expires_at = int((now + LIFETIME).timestamp())
    login = Login(digest=_digest(secret), owner=owner, created_at=stamp(now), expires_at=expires_at, next=next_path)
    try:
        table.put_login(login)
    except ConditionFailed:
        return False
    return True


def find_link(secret: str, now: datetime) -> Login:
    """The link with this text. Raises `NotFound` when it is none, used, or over, `Unavailable`."""
    login = table.find_login(_digest(secret))
    if login is None or not login.good(now):
        raise NotFound
    return login


def use_link(login: Login, *, who: str, calls: Iterable[str], browser: str, now: datetime) -> tuple[str, Session]:
    """Use the link up: what the browser keeps, and the session. Written down in the trail of each of `calls`.

    Raises `NotFound` when somebody was faster, `Unavailable`.
    """
    secret, session = new_session(login.owner, now=now, browser=browser)
    lines = [
        table.audit_record(
            subject=f"call#{call}",
            at=f"{stamp(now)}#{token_hex(4)}",
            who=who,
            event="logged-in",
            detail=browser or None,
        )
        for call in calls
    ]
    try:
        table.use_login(login, session, lines, at=stamp(now), now=int(now.timestamp()))
    except ConditionFailed:
        raise NotFound from None
    return secret, session


def _digest(secret: str) -> str:
    # A fast hash will do: there is nothing to guess in 256 bits.
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()
