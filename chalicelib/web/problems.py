"""Refusals as people and programs see them: problem+json (RFC 9457) or a page, in the request's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.errors import FieldError, Refusal
from chalicelib.web.languages import translate
from chalicelib.web.pages import render
from chalicelib.web.reply import PRIVATE, Reply, json_reply, page_reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.web.request import Request


def field_messages(errors: Sequence[FieldError], language: str) -> list[dict[str, str]]:
    """The `errors` member: field, code for programs, message for people."""
    return [
        {"field": error.field, "code": error.code, "message": translate(language, error.message, error.details)}
        for error in errors
    ]


def problem_document(refusal: Refusal, request: Request) -> dict[str, object]:
    """The problem document of a refusal; `type` is about:blank with the status' own meaning, `code` says which."""
    language = request.language
    document: dict[str, object] = {
        "type": "about:blank",
        "title": translate(language, refusal.title, refusal.details),
        "status": refusal.status,
        "code": refusal.code,
    }
    if refusal.says:
        document["detail"] = translate(language, refusal.says, refusal.details)
    if refusal.errors:
        document["errors"] = field_messages(refusal.errors, language)
    return document | refusal.facts


def problem_reply(refusal: Refusal, request: Request) -> Reply:
    """The reply for a refusal: a page for browsers, problem+json for everybody else."""
    document = problem_document(refusal, request)
    headers = PRIVATE | refusal.headers | {"Content-Language": request.language}
    if request.wants_html:
        return page_reply(render("problem.html", request, problem=document), status=refusal.status, headers=headers)
    headers["Content-Type"] = "application/problem+json"
    return json_reply(document, status=refusal.status, headers=headers)
