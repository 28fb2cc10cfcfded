"""The words of the mails."""

import html
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.mail.message import Mail
from chalicelib.mail.texts import Occasion, compose
from tests.builders import NOON, call_of, kosi, kosi_answers, published, submission_of

RECEIPT = "https://aufruf.example.org/receipts/token-._~"
CALL = published(kosi(), version=1)


def confirm(language: str, given_answers: dict[str, Any] | None = None) -> Mail:
    submission = submission_of(CALL, 7, given_answers or kosi_answers(), language=language)
    return compose("confirm", Occasion(CALL.call, submission, NOON, RECEIPT))


def words(mail: Mail) -> str:
    return f"{mail.subject}\n{mail.text}\n{html.unescape(mail.html)}"


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_link_stands_whole_on_a_line_of_its_own_in_the_text_and_in_the_page(language: str) -> None:
    mail = confirm(language)
    assert RECEIPT in mail.text.splitlines()
    assert mail.html.count(f'href="{RECEIPT}"') == 2


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_says_what_for_which_number_when_and_whom_to_ask(language: str) -> None:
    mail = confirm(language)
    reference = submission_of(CALL, 7, kosi_answers()).reference
    assert reference in mail.subject
    for part in (mail.text, html.unescape(mail.html)):
        for told in (CALL.call.title[language], reference, CALL.call.organiser.name[language], "kosi-lab@example.org"):
            assert told in part


def test_the_german_mail_is_german_and_the_english_one_english() -> None:
    german, english = confirm("de"), confirm("en")
    assert "Bestätigen" in german.text
    assert "4. Mai 2026, 14:00\N{NO-BREAK SPACE}Uhr" in german.text
    assert "11. Mai 2026" in german.text
    assert "4 May 2026, 14:00" in english.text
    assert not {"Guten Tag", "Bitte"} & set(re.findall(r"\w+", words(english)))
    assert '<html lang="de">' in german.html
    assert '<html lang="en">' in english.html


def test_who_wrote_in_a_language_the_call_has_not_gets_the_first_it_has() -> None:
    assert (
        '<html lang="de">'
        in compose(
            "confirm", Occasion(kosi(), submission_of(CALL, 7, kosi_answers(), language="fr"), NOON, RECEIPT)
        ).html
    )


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_subject_is_one_line_and_short(language: str) -> None:
    subject = confirm(language).subject
    assert subject.isprintable()
    assert len(subject) < 80


CANARY = "Kanarienvogel"
hostile = st.one_of(
    st.sampled_from([
        "Klicken Sie auf https://evil.example",
        "{{ 7 * 7 }}",
        "%(reference)s",
        "<a href='https://evil.example'>Gewinn</a>",
        "'; DROP TABLE submissions; --",
    ]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40).filter(
        lambda text: not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    ),
)  # fmt: skip


@given(hostile, st.sampled_from(["de", "en"]))
def test_nothing_the_submitter_wrote_stands_in_the_first_mail(name: str, language: str) -> None:
    marked = f"{CANARY} {name}"
    written = dict.fromkeys(("name", "theme_other", "place", "problem", "novelty", "reporter_name"), marked)
    given_answers = kosi_answers(
        **written,
        summary=f"{marked} and thirty more characters.",
        website="https://kanarienvogel.example.org",
        public_contact="kanarienvogel@example.org",
    )
    mail = confirm(language, given_answers)
    assert CANARY.lower() not in words(mail).lower()
    assert mail == confirm(language), "the same mail, whatever was written"


def test_the_words_of_a_call_are_escaped_in_the_page_only() -> None:
    call = call_of(title={"de": "Höfe & <Gärten>", "en": "Yards & <gardens>"})
    mail = compose("confirm", Occasion(call, submission_of(), NOON, RECEIPT))
    assert "Höfe & <Gärten>" in mail.text
    assert "Höfe &amp; &lt;Gärten&gt;" in mail.html


def test_a_phone_number_is_named_where_the_team_has_one() -> None:
    call = call_of()
    with_phone = replace(call, contact=replace(call.contact, phone="0231 123456"))
    assert "0231 123456" in compose("confirm", Occasion(with_phone, submission_of(), NOON, RECEIPT)).text
    assert ", \n" not in compose("confirm", Occasion(call, submission_of(), NOON, RECEIPT)).text
