"""Refusals as people and programs see them: problem+json (RFC 9457) or a page, in the request's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict, cast
from urllib.parse import urlencode

from chalicelib.errors import FieldError, LoginNeeded, Refusal
from chalicelib.web.languages import translate
from chalicelib.web.pages import render
from chalicelib.web.reply import PRIVATE, Reply, json_reply, page_reply, see_other

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.web.request import Request


class FieldMessage(TypedDict):
    """What is wrong with one field: `code` for programs, `message` for people."""

    field: str
    code: str
    message: str


class Problem(TypedDict):
    """A problem document (RFC 9457). Some problems have further members, such as the dates of a call."""

    type: str
    title: str
    status: int
    code: str
    detail: NotRequired[str]
    errors: NotRequired[list[FieldMessage]]


def field_messages(errors: Sequence[FieldError], language: str) -> list[dict[str, str]]:
    """The `errors` member: a `FieldMessage` each."""
    return [
        {"field": error.field, "code": error.code, "message": translate(language, error.message, error.details)}
        for error in errors
    ]


def problem_document(refusal: Refusal, request: Request) -> dict[str, object]:
    """The problem document of a refusal; `type` is about:blank with the status' own meaning, `code` says which."""
    language = request.language
    document: Problem = {
        "type": "about:blank",
        "title": translate(language, refusal.title, refusal.details),
        "status": refusal.status,
        "code": refusal.code,
    }
    if refusal.says:
        document["detail"] = translate(language, refusal.says, refusal.details)
    if refusal.errors:
        document["errors"] = cast("list[FieldMessage]", field_messages(refusal.errors, language))
    return {**document, **refusal.facts}


def problem_reply(refusal: Refusal, request: Request) -> Reply:
    """The reply for a refusal: a page for browsers (the way to log in, where that is it), else problem+json."""
    if isinstance(refusal, LoginNeeded) and request.wants_html and "authorization" not in request.headers:
        return see_other(_login_page(request), headers=PRIVATE)
    document = problem_document(refusal, request)
    headers = PRIVATE | refusal.headers | {"Content-Language": request.language}
    if request.wants_html:
        return page_reply(render("problem.html", request, problem=document), status=refusal.status, headers=headers)
    headers["Content-Type"] = "application/problem+json"
    return json_reply(document, status=refusal.status, headers=headers)


def _login_page(request: Request) -> str:
    """Where one logs in, from the page of `request`; with the way back to it where it is a page."""
    # The path alone: what somebody searched for has no business on the way through a mail.
    back = {"next": request.path.removeprefix("/")} if request.method in {"GET", "HEAD"} else {}
    if "lang" in request.query:
        back["lang"] = request.language
    return f"{request.root}organiser/login" + (f"?{urlencode(back)}" if back else "")
