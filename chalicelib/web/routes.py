"""Routes that belong to no room: static files, the accessibility statement."""

from chalicelib.calls.table import get_call
from chalicelib.web.accessibility import accessibility_page
from chalicelib.web.door import Door
from chalicelib.web.reply import Reply, page_reply
from chalicelib.web.request import Request
from chalicelib.web.static import static_reply

door = Door(__name__)


@door.serve("/static/{name}", "GET")
def static_file(request: Request, name: str) -> Reply:
    """Styles, scripts, pictures, fonts under their hashed names."""
    return static_reply(name, request.headers)


@door.serve("/calls/{call}/accessibility", "GET")
def accessibility(request: Request, call: str) -> Reply:
    """How accessible the pages of a call are, and whom to tell about a barrier."""
    asked = get_call(call).call
    return page_reply(accessibility_page(asked, request.in_language_of(asked.languages)))
