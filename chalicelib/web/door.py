"""The door between Chalice and the rooms: a request becomes plain values, a refusal becomes an answer.

Chalice shows a middleware only the finished response of a view, never its exception, so the mapping from refusal to
answer wraps each view here; `answer_unrouted` takes what reaches no view at all.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec
from urllib.parse import unquote

from chalice.app import Blueprint, Chalice
from chalice.app import Request as ChaliceRequest
from chalice.app import Response as ChaliceResponse
from msgspec import Struct
from msgspec.structs import replace

from chalicelib.errors import Broken, MethodNotAllowed, NotFound, Refusal
from chalicelib.runtime.logs import log, log_fault
from chalicelib.web.compression import compressed
from chalicelib.web.cors import MayRead, preflight, shared
from chalicelib.web.languages import choose, languages
from chalicelib.web.problems import problem_reply
from chalicelib.web.reply import Reply
from chalicelib.web.request import LANGUAGE_COOKIE, Request

if TYPE_CHECKING:
    from chalicelib.web.operation import Operation

P = ParamSpec("P")
View = Callable[Concatenate[Request, P], Reply]


class Served(Struct, frozen=True):
    """One registration at a door: what is served where, and what is said about it."""

    path: str
    methods: tuple[str, ...]
    view: Callable[..., Reply]
    about: Operation | None


_served: list[Served] = []


def everything_served() -> tuple[Served, ...]:
    """What is served at all doors, in the order of their registration."""
    return tuple(_served)


class Door(Blueprint):
    """A blueprint whose views take our `Request` first (then the path's names) and return our `Reply`."""

    def serve(
        self, path: str, *methods: str, may_read: MayRead | None = None, about: Operation | None = None
    ) -> Callable[[View[P]], View[P]]:
        """Serve `path` (Chalice's `{name}` form); HEAD comes with GET. Returns the view as it was.

        `about` describes the operation to programs (`/openapi.json`); its words are the view's docstring.
        With `may_read`, pages of the other sites it allows may read the answers, refusals too (CORS), and OPTIONS is
        answered here.
        """

        def register(view: View[P]) -> View[P]:
            served = [*methods, *(["HEAD"] if "GET" in methods else []), *(["OPTIONS"] if may_read else [])]

            def chalice_view(**names: str) -> ChaliceResponse:
                asked = self.current_request
                names = {name: unquote(value) for name, value in names.items()}
                if may_read is None:
                    return _chalice_response(_answer(view, asked, path, names))
                origin = asked.headers.get("origin")
                allowed = origin is not None and may_read(origin, names)
                if asked.method == "OPTIONS":
                    return _chalice_response(preflight(origin, served, allowed=allowed))
                return _chalice_response(shared(_answer(view, asked, path, names), origin, allowed=allowed))

            chalice_view.__name__ = f"{view.__name__}_{'_'.join(methods).lower()}"
            # Chalice would answer 415 in its own words to all but JSON; media types are judged where bodies are read.
            self.route(path, methods=served, name=chalice_view.__name__, content_types=["*/*"])(chalice_view)
            _served.append(Served(path, methods, view, about))
            return view

        return register


class _BytesResponse(ChaliceResponse):
    """A binary body. Chalice's own way answers 400 to clients that do not name the type in `Accept`."""

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:  # noqa: ARG002 - Chalice's signature
        return {
            "statusCode": self.status_code,
            "headers": self.headers,
            "multiValueHeaders": {},
            "body": base64.b64encode(self.body).decode(),
            "isBase64Encoded": True,
        }


class _TextResponse(ChaliceResponse):
    """A text. Chalice would compare its type with every type that is binary."""

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:  # noqa: ARG002 - Chalice's signature
        return {"statusCode": self.status_code, "headers": self.headers, "multiValueHeaders": {}, "body": self.body}


def read_request(asked: ChaliceRequest) -> Request:
    """Our request of Chalice's."""
    event = asked.to_original_event()
    headers = {name.lower(): value for name, value in (event["headers"] or {}).items()}
    query = {name: values[-1] for name, values in (event["multiValueQueryStringParameters"] or {}).items()}
    body = asked.raw_body
    request = Request(
        method=asked.method,
        path=_path(event),
        query=query,
        headers=headers,
        body=body if isinstance(body, bytes) else body.encode(),
        language=choose(query.get("lang"), headers.get("accept-language", ""), languages()),
        id=str(asked.context.get("requestId", "")),
    )
    kept = request.cookies.get(LANGUAGE_COOKIE)
    # Public pages know no cookies; whoever works here chooses a language once.
    ours = "lang" not in query and kept in languages() and request.path.startswith("/organiser")
    return replace(request, language=kept) if ours else request


def _path(event: dict[str, Any]) -> str:
    """The path below the app's root, as it was sent. A custom domain's base path stands in `path`, but in no route."""
    path: str = event["requestContext"]["resourcePath"]
    for name, value in (event["pathParameters"] or {}).items():
        path = path.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
    ends_with_slash = event["path"].endswith("/") and not path.endswith("/")
    return path + "/" if ends_with_slash else path


def _answer(view: Callable[..., Reply], asked: ChaliceRequest, route: str, names: dict[str, str]) -> Reply:
    request = read_request(asked)
    try:
        reply = view(request, **names)
    except Refusal as refusal:
        if refusal.status >= 500:  # noqa: PLR2004 - what is not the caller's fault leaves a trace
            log_fault("refused", refusal.__cause__ or refusal, route=route, code=refusal.code, request=request.id)
        reply = problem_reply(refusal, request)
    except Exception as error:  # noqa: BLE001 - the last line: a fault must not show its insides
        log_fault("fault", error, route=route, request=request.id)
        reply = problem_reply(Broken(), request)
    reply = compressed(reply, request.headers)
    # The route, not the path: a receipt's path is a key to somebody's data.
    log("answered", route=route, method=request.method, status=reply.status, request=request.id)
    return reply


def _chalice_response(reply: Reply) -> ChaliceResponse:
    kind = _BytesResponse if isinstance(reply.body, bytes) else _TextResponse
    return kind(body=reply.body, headers=dict(reply.headers), status_code=reply.status)


def answer_unrouted(app: Chalice) -> Callable[[Any, Callable[..., Any]], Any]:
    """A middleware for `app`: 404 and 405 for what has no view, in the same form as every other refusal."""

    def middleware(event: ChaliceRequest, get_response: Callable[..., Any]) -> Any:
        allowed = app.routes.get(event.path)
        if allowed is not None and event.method in allowed:
            return get_response(event)
        refusal: Refusal = NotFound()
        if allowed is not None:
            refusal = MethodNotAllowed(headers={"Allow": ", ".join(sorted(allowed))})
        return _chalice_response(problem_reply(refusal, read_request(event)))

    return middleware
