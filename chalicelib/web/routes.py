"""Routes that belong to no room: static files and published schemas."""

from chalicelib.web.door import Door
from chalicelib.web.reply import Reply
from chalicelib.web.request import Request
from chalicelib.web.static import static_reply

door = Door(__name__)


@door.serve("/static/{name}", "GET")
def static_file(_request: Request, name: str) -> Reply:
    """Styles, pictures, fonts under their hashed names."""
    return static_reply(name)
