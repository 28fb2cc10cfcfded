"""An operation in words that programs read: what a view takes and gives, beside what its door knows already.

Values only, and cheap to make: they stand where the routes are declared. `web/openapi.py` makes the document of them,
when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.errors import Refusal

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
PAGE = "text/html"

Schema = dict[str, Any]
ByCall = Callable[["Sequence[Call]"], Schema]
"""A schema that follows from the calls that the document is about."""


class Link(Struct, frozen=True):
    """What may be done next with an answer: the operation (the name of its view) and what it takes from the answer.

    `takes` maps a parameter's name to a runtime expression (OpenAPI 3.1, 4.8.20.4), `body` a member of the next body.
    """

    to: str
    says: str
    takes: Mapping[str, str] = {}
    body: Mapping[str, str] = {}


class Answer(Struct, frozen=True):
    """One good answer: what it means, and its body by media type; none for an empty one.

    A body is a type (a struct, a `TypedDict`) or a schema; `headers` maps names to what they say.
    """

    says: str
    bodies: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}
    links: tuple[Link, ...] = ()


class Operation(Struct, frozen=True, kw_only=True):
    """What one view takes and gives.

    `names` describe the placeholders of its path, `query` and `headers` what may be sent beside a body, `takes` the
    body by media type. Where the body depends on what stands in the path, `each` gives the known values of a
    placeholder with what each takes. `refuses` names the refusals by class; `Broken` is none of them: nobody plans it.
    """

    room: str
    gives: Mapping[int, Answer]
    refuses: tuple[type[Refusal], ...] = ()
    names: Mapping[str, Schema | ByCall] = {}
    query: Mapping[str, Schema] = {}
    headers: Mapping[str, Schema] = {}
    takes: Mapping[str, Schema | ByCall] = {}
    each: Mapping[str, ByCall] = {}
    body_required: bool = True
    login: bool = False


def page(says: str) -> Answer:
    """A page for people."""
    return Answer(says, {PAGE: {"type": "string"}})


def see(says: str) -> Answer:
    """A redirect after a form post."""
    return Answer(says, headers={"Location": "Where to look, relative to this address."})
