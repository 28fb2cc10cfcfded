"""The link in an announcement by which somebody wants no more of them (RFC 8058: one press in the mail program)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.errors import NotFound
from chalicelib.runtime.keys import BadSignature
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from chalicelib.runtime.keys import Keys

_PURPOSE = "unsubscribe"


def unsubscribe_address(keys: Keys, call: str, digest: str) -> str:
    """The whole address; it never expires, since a mail may be read late. `digest` is the HMAC of the mail address."""
    return f"{settings().public_url}/calls/{call}/unsubscribe/{keys.sign(_PURPOSE, [call, digest])}"


def read_unsubscribe_token(keys: Keys, call: str, token: str) -> str:
    """The digest of the address that a token speaks for. Raises `NotFound`, whatever is wrong with it."""
    try:
        named, digest = keys.verify(_PURPOSE, token)
    except (BadSignature, ValueError) as error:
        raise NotFound from error
    if named != call:
        raise NotFound
    return str(digest)


def unsubscribe_headers(address: str) -> dict[str, str]:
    """What mail programs make their own button from."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
