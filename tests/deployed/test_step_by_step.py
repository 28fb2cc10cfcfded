"""The form step by step, as a citizen on a bus fills it in: one mistake on each step, back and forth, and sent once."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from chalicelib.intake.receipt_page import STATES
from chalicelib.web.languages import translate
from tests.builders import kosi
from tests.deployed.stack import CALL, Stack
from tests.deployed.test_in_the_browser import (
    DESK,
    NAME,
    SUMMARY,
    choose,
    label,
    reference_on,
    visitor,
    wide_enough,
)

BUS = 360
STEPS = [step.id for step in kosi().form.steps]


def go_on(page: Page) -> None:
    """Press the step's own button, not the one that deletes the draft."""
    page.locator("main form:not([action*=discard]) button[type=submit]").click()


def words(message: str, language: str, **details: str | int) -> str:
    return translate(language, message, details or None)


def start(page: Page, language: str) -> None:
    page.goto(f"/calls/{CALL}?lang={language}")
    page.get_by_role("link", name=words("Start", language), exact=True).click()
    stands_on(page, STEPS[0], language)


def stands_on(page: Page, step: str, language: str) -> None:
    expect(page).to_have_url(re.compile(f"/calls/{CALL}/form/{step}\\?"))
    expect(page.locator("html")).to_have_attribute("lang", language)
    wide_enough(page)


def complains_of(page: Page, fields: set[str], language: str) -> None:
    """The summary is on top, names exactly these fields, and leads to the first of them."""
    expect(page).to_have_title(re.compile(f"^{words('Error', language)}: "))
    links = page.get_by_role("alert").get_by_role("link")
    expect(links).to_have_count(len(fields))
    targets = {str(one.get_attribute("href")).rpartition("#field-")[2] for one in links.all()}
    assert targets == fields
    links.first.click()
    expect(page.locator(":focus")).to_have_attribute("id", re.compile("^field-"))
    wide_enough(page)


def walk(page: Page, address: str, language: str) -> None:
    """All five steps, the first try of each with a mistake."""
    page.get_by_label(label("name", language)).fill(NAME)
    go_on(page)
    complains_of(page, {"relation", "summary"}, language)
    expect(page.get_by_label(label("name", language))).to_have_value(NAME)
    choose(page, "relation", "part_of", language)
    page.get_by_label(label("summary", language)).fill(SUMMARY)
    go_on(page)

    stands_on(page, STEPS[1], language)
    choose(page, "themes", "other", language)
    page.get_by_label(label("theme_other", language)).fill("Lötkunst")
    go_on(page)
    complains_of(page, {"districts"}, language)
    expect(page.get_by_label(label("theme_other", language))).to_have_value("Lötkunst")
    choose(page, "districts", "hoerde", language)
    go_on(page)

    stands_on(page, STEPS[2], language)
    page.get_by_label(label("since", language)).fill("kürzlich")
    page.get_by_label(label("website", language)).fill("kein Netz")
    go_on(page)
    complains_of(page, {"since", "website"}, language)
    expect(page.get_by_label(label("since", language))).to_have_value("kürzlich")
    page.get_by_label(label("since", language)).fill("2015")
    page.get_by_label(label("website", language)).fill("https://www.example.org/räder")
    go_on(page)

    stands_on(page, STEPS[3], language)
    page.get_by_label(label("reporter_email", language)).fill("keine Adresse")
    go_on(page)
    complains_of(page, {"reporter_email"}, language)
    page.get_by_label(label("reporter_email", language)).fill(address)
    go_on(page)

    stands_on(page, STEPS[4], language)
    page.get_by_label(label("privacy_read", language)).check()
    go_on(page)
    complains_of(page, {"consent_publish"}, language)
    expect(page.get_by_label(label("privacy_read", language))).to_be_checked()
    page.get_by_label(label("consent_publish", language)).check()
    go_on(page)
    stands_on(page, "check", language)


@pytest.mark.parametrize(
    ("language", "width", "scripts"),
    [("de", BUS, False), ("en", BUS, True)],
    ids=["german-no-scripts", "english-scripts"],
)
def test_the_whole_journey_with_one_mistake_on_each_step(
    browser: Browser, stack: Stack, address: str, language: str, width: int, scripts: bool
) -> None:
    with visitor(browser, stack, language=language, width=width, scripts=scripts) as page:
        start(page, language)
        walk(page, address, language)
        for shown in (NAME, "Lötkunst", "2015", address):
            expect(page.get_by_role("definition").filter(has_text=shown)).to_have_count(1)
        go_on(page)
        reference = reference_on(page, language)
        wide_enough(page)

        page.goto(re.search(r"http://\S+/receipts/\S+", stack.mail(address)["text"]).group())  # type: ignore[union-attr]
        expect(page.get_by_role("heading", level=1)).to_contain_text(reference)
        page.get_by_role("button", name=words("Confirm", language), exact=True).click()
        expect(page.get_by_text(words(STATES["confirmed"], language)).first).to_be_visible()
        wide_enough(page)
    stack.drain()
    assert len(stack.mails(address)) == 2, "one to confirm, one that it is confirmed"


def test_an_answer_is_changed_from_the_check_page(browser: Browser, stack: Stack, address: str) -> None:
    with visitor(browser, stack, width=DESK, scripts=False) as page:
        start(page, "de")
        walk(page, address, "de")
        page.locator(f"main a[href^='{STEPS[0]}?']").click()
        page.get_by_label(label("name", "de")).fill("Neuer Name")
        go_on(page)
        stands_on(page, "check", "de")
        expect(page.get_by_text("Neuer Name")).to_be_visible()
        expect(page.get_by_text(NAME)).to_have_count(0)


def test_what_was_sent_leaves_no_draft(browser: Browser, stack: Stack, address: str) -> None:
    with visitor(browser, stack, scripts=False) as page:
        start(page, "de")
        walk(page, address, "de")
        go_on(page)
        reference_on(page, "de")
        assert page.context.cookies() == []
        page.goto(f"/calls/{CALL}/form/check")
        stands_on(page, STEPS[0], "de")
        expect(page.get_by_label(label("name", "de"))).to_have_value("")


def test_what_was_entered_can_be_deleted(browser: Browser, stack: Stack) -> None:
    with visitor(browser, stack, scripts=False) as page:
        start(page, "de")
        choose(page, "relation", "knows", "de")
        page.get_by_label(label("name", "de")).fill(NAME)
        page.get_by_label(label("summary", "de")).fill(SUMMARY)
        go_on(page)
        stands_on(page, STEPS[1], "de")
        page.get_by_role("button", name=words("Delete what I entered", "de")).click()
        expect(page.get_by_role("status")).to_have_text(words("What you entered has been deleted.", "de"))
        assert page.context.cookies() == []
        page.goto(f"/calls/{CALL}/form/{STEPS[0]}")
        expect(page.get_by_label(label("name", "de"))).to_have_value("")


def test_a_later_step_without_a_draft_leads_to_the_first(stack: Stack) -> None:
    for step in (*STEPS[1:], "check"):
        answer = stack.ask("GET", f"/calls/{CALL}/form/{step}?lang=en")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{STEPS[0]}?lang=en")
