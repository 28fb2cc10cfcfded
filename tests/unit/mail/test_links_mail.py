"""The mail with somebody's links."""

import html
from datetime import timedelta

import pytest

from chalicelib.mail.message import Mail
from chalicelib.mail.texts import compose_links
from tests.builders import NOON, kosi, kosi_answers, published, submission_of

CALL = published(kosi())
HOST = "https://aufruf.example.org/receipts/"


def links(language: str, count: int = 2, other: str = "de") -> Mail:
    """A mail with `count` submissions, the newest first and in `language`, the others in `other`."""
    reports = [
        submission_of(
            CALL,
            number,
            kosi_answers(name="Kanarienvogel"),
            language=language if number == 1 else other,
            now=NOON - timedelta(days=number),
        )
        for number in range(1, count + 1)
    ]
    return compose_links(CALL.call, reports[0], [(one, f"{HOST}{one.id}-._~") for one in reports])


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_link_stands_whole_on_a_line_of_its_own_beside_its_reference(language: str) -> None:
    mail = links(language, 3)
    lines = mail.text.splitlines()
    for number in (1, 2, 3):
        one = submission_of(CALL, number, kosi_answers())
        place = lines.index(f"{HOST}{one.id}-._~")
        assert lines[place - 4].endswith(one.reference)
        assert mail.html.count(f'href="{HOST}{one.id}-._~"') == 1
    shown = [line for line in lines if line.startswith(HOST)]
    assert shown == [f"{HOST}{submission_of(CALL, number, kosi_answers()).id}-._~" for number in (1, 2, 3)]


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_says_for_what_and_whom_to_ask_and_nothing_that_was_written(language: str) -> None:
    mail = links(language)
    for part in (mail.text, html.unescape(mail.html)):
        assert CALL.call.title[language] in part
        assert "kosi-lab@example.org" in part
        assert "Kanarienvogel" not in part
    assert "Kanarienvogel" not in mail.subject


def test_it_is_in_the_language_of_the_newest() -> None:
    german, english = links("de", other="en"), links("en", other="de")
    assert german.subject == "Die Links zu Ihren Meldungen"
    assert english.subject == "The links to your reports"
    assert '<html lang="de">' in german.html
    assert "3 May 2026, 14:00" in english.text
    assert "3. Mai 2026, 14:00\N{NO-BREAK SPACE}Uhr" in german.text
    assert "Guten Tag" not in english.text + english.html
