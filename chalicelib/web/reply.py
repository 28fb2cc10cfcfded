"""A reply as the rooms give it: plain values, no Chalice."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

# For pages that show or change somebody's data, and for every error.
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
# The same for a page whose form is sent to us: under `no-referrer` a browser hides from us which origin sent it.
FORM = PRIVATE | {"Referrer-Policy": "same-origin"}
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    # Of what is no page nothing runs and nothing loads, should a browser show it as one.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_PAGE = {
    "Content-Type": "text/html; charset=utf-8",
    # Scripts, workers and styles from our own files only, nothing inline; forms go where they came from (CSP 3).
    # The icons in KERN's style sheet are pictures written as `data:`.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}

# For a page whose own script asks us for more (htmx): the same policy, and requests to ourselves.
SEASONED = {"Content-Security-Policy": _PAGE["Content-Security-Policy"] + "; connect-src 'self'"}


class Reply(Struct, frozen=True):
    """Status, headers (one value a name) and body; bytes are sent as they are."""

    status: int
    headers: dict[str, str]
    body: str | bytes


def json_reply(document: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """`document` as JSON (UTF-8)."""
    body = msgspec.json.encode(document).decode()
    return Reply(status, _ALWAYS | {"Content-Type": "application/json"} | (headers or {}), body)


def page_reply(html: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """An HTML page under the strict content security policy."""
    return Reply(status, _ALWAYS | _PAGE | {"Vary": "Accept, Accept-Language"} | (headers or {}), html)


def text_reply(body: str | bytes, content_type: str, *, headers: dict[str, str] | None = None) -> Reply:
    """Any other body: a file of ours."""
    return Reply(200, _ALWAYS | {"Content-Type": content_type} | (headers or {}), body)


def found(location: str, *, headers: dict[str, str]) -> Reply:
    """302: what was asked for is there for a moment. `location` is a link we signed."""
    named = {"Location": location, "Content-Type": "text/plain; charset=utf-8"}
    return Reply(302, _ALWAYS | headers | named, "")


def see_other(location: str, *, headers: dict[str, str] | None = None) -> Reply:
    """303: after a form post, look there. `location` is relative to the request's path, or a link we signed."""
    named = {"Location": location, "Content-Type": "text/plain; charset=utf-8"}
    return Reply(303, _ALWAYS | named | (headers or {}), "")
