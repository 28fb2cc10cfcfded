"""Refusals as problem documents and as pages."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from chalicelib.errors import FieldError, LoginNeeded, NotFound, Refusal, Unavailable
from chalicelib.intake.accept import IdempotencyMismatch
from chalicelib.intake.tickets import TicketMissing
from chalicelib.web.problems import problem_document, problem_reply
from tests.builders import request

BROWSER = "text/html"


def all_refusals(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    yield kind
    for derived in kind.__subclasses__():
        yield from all_refusals(derived)


def test_a_problem_says_what_is_wrong_in_the_language_of_the_request() -> None:
    mismatch = IdempotencyMismatch(reference="K7Q4-9XMD-2RTB", facts={"reference": "K7Q4-9XMD-2RTB"})
    english, german = (problem_document(mismatch, request(language=language)) for language in ("en", "de"))
    assert english == {
        "type": "about:blank",
        "title": "This form was already sent, with other answers.",
        "status": 422,
        "code": "idempotency-mismatch",
        "detail": (
            "The first report is safe under the reference K7Q4-9XMD-2RTB. To send a second one, open the form anew."
        ),
        "reference": "K7Q4-9XMD-2RTB",
    }
    assert german["title"] == "Dieses Formular wurde schon abgeschickt, mit anderen Antworten."
    assert "K7Q4-9XMD-2RTB" in str(german["detail"])
    assert german["code"] == english["code"]


def test_details_fill_the_words() -> None:
    document = problem_document(TicketMissing(call="small-call"), request(language="de"))
    assert "POST /calls/small-call/tickets" in str(document["detail"])


def test_wrong_fields_are_named_with_code_and_words() -> None:
    refusal = Refusal(
        errors=[
            FieldError(
                "name",
                "too-long",
                "Please use at most %(limit)d characters; these are %(length)d.",
                {"limit": 5, "length": 6},
            )
        ]
    )
    assert problem_document(refusal, request(language="de"))["errors"] == [
        {"field": "name", "code": "too-long", "message": "Bitte höchstens 5 Zeichen; das sind 6."}
    ]


def test_a_problem_is_never_kept_and_says_its_language() -> None:
    reply = problem_reply(NotFound(), request(language="de"))
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert (reply.headers["Cache-Control"], reply.headers["Content-Language"]) == ("no-store", "de")
    assert msgspec.json.decode(reply.body)["title"] == "Diese Seite gibt es nicht."


def test_a_problem_has_the_headers_of_its_refusal() -> None:
    assert problem_reply(Unavailable(), request()).headers["Retry-After"] == "30"
    assert problem_reply(LoginNeeded(), request()).headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("kind", list(all_refusals()), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_refusal_has_a_page_and_a_document(kind: type[Refusal], language: str) -> None:
    details: dict[str, Any] = {"reference": "K7Q4-9XMD-2RTB", "call": "small-call", "seconds": 2, "name": "ticket"}
    details |= {"contact": "team@example.org", "most": 4}
    # With a token in its hand not even a browser is sent to log in.
    page = problem_reply(kind(**details), request(language=language, accept=BROWSER, authorization="Bearer guessed"))
    document = problem_reply(kind(**details), request(language=language))
    assert page.status == document.status == kind.status
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}">' in str(page.body)
    assert "%(" not in str(page.body) + str(document.body)
    assert msgspec.json.decode(document.body)["title"] in str(page.body)


def test_what_a_caller_wrote_is_escaped_on_the_page() -> None:
    refusal = Refusal(errors=[FieldError("<script>", "unknown-field", "This call has no such field.")])
    page = str(problem_reply(refusal, request(accept=BROWSER)).body)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
