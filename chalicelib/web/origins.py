"""Which site's page sent a request, as far as a browser says (W3C Fetch Metadata; the `Origin` header)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from chalicelib.web.request import Request

# Our own page, or nobody's (typed, bookmarked, reloaded). Pages cannot forge it.
_OWN_SITE = frozenset({"same-origin", "none"})


def sent_by(request: Request, public_url: str) -> Literal["own page", "stranger", "program"]:
    """Who sent it: a page of ours, a page of another site, or a program, which says nothing about that."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if site in _OWN_SITE:
        return "own page"
    if origin is None and site is None:
        return "program"
    return "own page" if origin is not None and site is None and is_own(origin, request, public_url) else "stranger"


def is_own(origin: str, request: Request, public_url: str) -> bool:
    """Whether an origin is ours, for browsers without Sec-Fetch-Site (before 2023).

    By host: a proxy may speak another scheme to us.
    """
    host = _host(origin)
    forwarded = request.headers.get("x-forwarded-host", "").partition(",")[0].strip().lower()
    return bool(host) and host in {_host(public_url), forwarded, request.headers.get("host", "").lower()}


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""
