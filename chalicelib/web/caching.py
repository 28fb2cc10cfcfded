"""Answers that a client may have already: the tag of what it has, and “it is the same” (RFC 9110, 13.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from msgspec.structs import replace

from chalicelib.web.reply import Reply


def tagged(reply: Reply, headers: Mapping[str, str]) -> Reply:
    """`reply` with the tag of its body, or 304 to a client whose headers name it."""
    body = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
    # Weak: the same content may be packed on the way.
    tag = f'W/"{sha256(body).hexdigest()[:20]}"'
    reply = replace(reply, headers=reply.headers | {"ETag": tag})
    named = {one.strip().removeprefix("W/") for one in headers.get("if-none-match", "").split(",")}
    same = tag.removeprefix("W/") in named or "*" in named
    return replace(reply, status=304, body="") if same else reply
