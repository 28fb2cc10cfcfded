"""Which pages of other sites may read an answer: CORS (Fetch Standard, 3.2), decided origin by origin.

An origin that may not gets the same answer without a word about it: its browser then keeps the answer from the page.
Never with credentials: nothing here is given to a cookie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from chalicelib.web.compression import varies
from chalicelib.web.reply import Reply, text_reply

MayRead = Callable[[str, Mapping[str, str]], bool]
"""Whether the pages of an origin may read what a route answers, given the names in the route's path."""

# A body in JSON and an Idempotency-Key make a browser ask first.
_TAKEN = "Accept, Content-Type, Idempotency-Key"
# What a script may read beside the headers that it may always read.
_SHOWN = "Idempotent-Replayed, Location, Retry-After"
_KEPT_SECONDS = 600


def shared(reply: Reply, origin: str | None, *, allowed: bool) -> Reply:
    """`reply` as `origin` gets it: readable if `allowed`. Caches keep the answers to different origins apart."""
    reply = varies(reply, "Origin")
    if origin is None or not allowed:
        return reply
    said = {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _SHOWN}
    return replace(reply, headers=reply.headers | said)


def preflight(origin: str | None, methods: Iterable[str], *, allowed: bool) -> Reply:
    """The answer to OPTIONS. `methods` are those of the route."""
    named = ", ".join(sorted({*methods, "OPTIONS"}))
    asked = text_reply("", "text/plain; charset=utf-8", headers={"Allow": named})
    reply = shared(replace(asked, status=204), origin, allowed=allowed)
    if origin is None or not allowed:
        return reply
    said = {
        "Access-Control-Allow-Methods": named,
        "Access-Control-Allow-Headers": _TAKEN,
        "Access-Control-Max-Age": str(_KEPT_SECONDS),
    }
    return replace(reply, headers=reply.headers | said)
