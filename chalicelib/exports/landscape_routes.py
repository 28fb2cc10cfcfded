"""The landscape for everybody: as a page and as data, as it is now. Who has it is told when it is the same."""

from __future__ import annotations

from chalicelib.calls.table import get_call
from chalicelib.exports import landscape_operations as operations
from chalicelib.exports import landscape_storage as storage
from chalicelib.exports.event_page import policy_of, spoken_in
from chalicelib.exports.landscape_files import landscape_files
from chalicelib.runtime.clock import moment, now
from chalicelib.runtime.settings import settings
from chalicelib.web.caching import tagged
from chalicelib.web.door import Door
from chalicelib.web.operation import JSON
from chalicelib.web.reply import Reply, found, page_reply, text_reply
from chalicelib.web.request import Request

door = Door(__name__)

# Any site may show it. Nobody may show it from memory without asking: who withdraws is gone within seconds.
_OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
    "Cache-Control": "public, no-cache",
}


@door.serve("/calls/{call}/landscape", "GET", about=operations.SHOW)
def landscape_page(request: Request, call: str) -> Reply:
    """The landscape of initiatives for people: numbers, charts, districts, cards; on a projector and on paper, too."""
    name = "landscape.html"
    try:
        page = spoken_in(_content(call, name), request.in_language_of(get_call(call).call.languages).language)
    except storage.TooLarge:
        return _elsewhere(call, name)
    # It is one file and says what may run in it; nobody may put it into a frame.
    headers = {
        "Content-Security-Policy": f"{policy_of(page)}; frame-ancestors 'none'",
        "Cache-Control": _OPEN["Cache-Control"],
    }
    return tagged(page_reply(page, headers=headers), request.headers)


@door.serve("/calls/{call}/landscape.json", "GET", about=operations.DATA)
def landscape_data(request: Request, call: str) -> Reply:
    """The landscape of initiatives as data: who is in it, and how they spread over themes and districts."""
    return _file(request, call, "landscape.json", JSON)


@door.serve("/calls/{call}/landscape.geojson", "GET", about=operations.FEATURES)
def landscape_features(request: Request, call: str) -> Reply:
    """The landscape of initiatives for maps. They lie at the centres of their districts, and say so."""
    return _file(request, call, "landscape.geojson", operations.GEOJSON)


def _file(request: Request, call: str, name: str, kind: str) -> Reply:
    try:
        content = _content(call, name)
    except storage.TooLarge:
        return _elsewhere(call, name)
    return tagged(text_reply(content, kind, headers=_OPEN), request.headers)


def _elsewhere(call: str, name: str) -> Reply:
    return found(storage.link(call, name), headers=_OPEN)


def _content(call: str, name: str) -> str:
    published = get_call(call)
    content = storage.read(call, name)
    if content is None:
        # Nothing was ever decided: an empty landscape, as old as the call.
        read_at, running = moment(published.published_at), published.call.phase(now()) == "open"
        base = settings().public_url
        files = landscape_files(published, (), base=base, read_at=read_at, running=running, live=True)
        content = next(one.content for one in files if one.name == name)
    return content.decode()
