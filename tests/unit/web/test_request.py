"""What a request says about who asks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import request

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (CHROMIUM, True),
        ("text/html", True),
        ("TEXT/HTML;level=1", True),
        ("text/html, application/json", True),
        ("text/html;q=0.8, application/json;q=0.9", False),
        ("text/html;q=0.9, application/json;q=0.8", True),
        ("application/json", False),
        ("application/problem+json", False),
        ("*/*", False),
        ("text/*", False),
        ("", False),
        ("text/html;q=0", False),
        ("text/html;q=x", False),
        ("text/htmlx", False),
    ],
)
def test_browsers_get_pages_and_programs_get_json(accept: str, html: bool) -> None:
    assert request(accept=accept).wants_html is html


def test_who_says_nothing_gets_json() -> None:
    assert not request().wants_html


@given(st.text())
def test_no_accept_header_breaks_anything(accept: str) -> None:
    assert request(accept=accept).wants_html in {True, False}


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/", "./"),
        ("/health", "./"),
        ("/calls/x", "../"),
        ("/calls/x/form", "../../"),
        ("/calls/x/thanks/K7Q4-9XMD-2RTB", "../../../"),
        ("/receipts/token/confirm", "../../"),
        ("/calls/", "../"),
        ("/calls/x/form/", "../../../"),
    ],
)
def test_the_way_to_the_root_is_that_which_a_browser_goes(path: str, root: str) -> None:
    assert request(path).root == root


def test_a_call_is_answered_in_a_language_it_has() -> None:
    asked = request(query={"lang": "en"}, accept_language="en")
    assert asked.in_language_of(("de",)).language == "de"
    assert asked.in_language_of(("de", "en")).language == "en"
