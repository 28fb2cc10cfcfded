"""Routes that belong to no room: static files, the accessibility statement, what programs may ask."""

from chalicelib.calls.table import get_call, list_calls
from chalicelib.runtime.clock import now
from chalicelib.runtime.settings import settings
from chalicelib.web import operations
from chalicelib.web.accessibility import accessibility_page
from chalicelib.web.caching import tagged
from chalicelib.web.door import Door, everything_served
from chalicelib.web.reply import Reply, json_reply, page_reply
from chalicelib.web.request import Request
from chalicelib.web.static import static_reply

door = Door(__name__)


@door.serve("/static/{name}", "GET", about=operations.STATIC)
def static_file(request: Request, name: str) -> Reply:
    """Styles, scripts, pictures, fonts under their hashed names."""
    return static_reply(name, request.headers)


@door.serve("/calls/{call}/accessibility", "GET", about=operations.ACCESSIBILITY)
def accessibility(request: Request, call: str) -> Reply:
    """How accessible the pages of a call are, and whom to tell about a barrier."""
    asked = get_call(call).call
    return page_reply(accessibility_page(asked, request.in_language_of(asked.languages)))


@door.serve("/openapi.json", "GET", about=operations.OPENAPI)
def openapi(request: Request) -> Reply:
    """This document: what there is to ask, and how; with `call`, about that call alone."""
    # Imported here: nobody else needs it, and all that it reads is there already.
    from chalicelib.web.openapi import openapi_document

    name = request.query.get("call")
    calls = [get_call(name)] if name else [one for one in list_calls() if one.call.phase(now()) == "open"]
    document = openapi_document(everything_served(), [one.call for one in calls], base=settings().public_url)
    # Any site may read it: it says the same to everybody.
    headers = {"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"}
    return tagged(json_reply(document, headers=headers), request.headers)
