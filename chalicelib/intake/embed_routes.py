"""The routes for pages of other sites."""

from __future__ import annotations

from msgspec.structs import replace

from chalicelib.intake import operations
from chalicelib.intake.embedding import embed_script, embed_tag
from chalicelib.web.door import Door
from chalicelib.web.reply import Reply, text_reply
from chalicelib.web.request import Request

door = Door(__name__)

# Its address never changes, so that nobody has to change a page for a mended script: it is asked for again after five
# minutes, and mostly answered with "the same". Any site may load it, with `crossorigin` too; what it may do there is up
# to each call.
_HEADERS = {
    "Cache-Control": "public, max-age=300",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@door.serve("/embed.js", "GET", about=operations.EMBED)
def embed(request: Request) -> Reply:
    """The script that makes `<aufruf-form>` a form."""
    tag = embed_tag()
    reply = text_reply(embed_script(), "text/javascript; charset=utf-8", headers=_HEADERS | {"ETag": tag})
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if tag.removeprefix("W/") in known or "*" in known:
        return replace(reply, status=304, body="")
    return reply
