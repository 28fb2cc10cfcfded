"""Compressed answers (gzip), for clients that say they take them: a phone on a bus gets a quarter of the bytes."""

from __future__ import annotations

import gzip
import io
import secrets
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.web.reply import Reply

LEAST_BYTES = 1024
"""Below this, an answer fits into one packet either way."""

_TEXTS = ("text/", "application/json", "application/javascript", "image/svg+xml")
_MOST_PADDING = 100  # bytes


def takes_gzip(headers: Mapping[str, str]) -> bool:
    """Whether `Accept-Encoding` allows gzip (RFC 9110, 12.5.3)."""
    for part in headers.get("accept-encoding", "").lower().split(","):
        name, _, parameter = part.partition(";")
        if name.strip() in {"gzip", "*"}:
            return parameter.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def is_text(content_type: str) -> bool:
    """Whether a body of this type shrinks."""
    kind = content_type.partition(";")[0].strip()
    return kind.startswith(_TEXTS) or kind.endswith(("+json", "+xml"))


def pack(body: bytes, *, padding: str = "") -> bytes:
    """`body` as gzip, the same for the same input. `padding` goes into the header, where nobody looks."""
    target = io.BytesIO()
    with gzip.GzipFile(filename=padding, mode="wb", fileobj=target, compresslevel=6, mtime=0) as packed:
        packed.write(body)
    return target.getvalue()


def varies(reply: Reply, name: str) -> Reply:
    """`reply`, with the request header `name` among those it depends on."""
    named = [part.strip() for part in reply.headers.get("Vary", "").split(",") if part.strip()]
    return replace(reply, headers=reply.headers | {"Vary": ", ".join([*named, *({name} - {*named})])})


def compressed(reply: Reply, headers: Mapping[str, str]) -> Reply:
    """`reply` as the client with these request headers gets it; what is packed already, small or no text stays."""
    text, kind = reply.body, reply.headers.get("Content-Type", "")
    if isinstance(text, bytes) or len(text) < LEAST_BYTES or not is_text(kind):
        return reply
    reply = varies(reply, "Accept-Encoding")
    if not takes_gzip(headers):
        return reply
    # A length that says little: who can make a page repeat a guess must not read off the length whether it was right
    # (BREACH; the padding is "Heal the BREACH", as in Django).
    padding = secrets.token_hex(_MOST_PADDING // 2)[: secrets.randbelow(_MOST_PADDING)]
    packed = pack(text.encode(), padding=padding)
    return replace(reply, headers=reply.headers | {"Content-Encoding": "gzip"}, body=packed)
