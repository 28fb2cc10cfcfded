"""A citizen with a browser: the real form, an error, the thank-you page, the mail, the receipt."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from chalicelib.intake.receipt_page import STATES
from chalicelib.web.languages import translate
from tests.builders import kosi
from tests.deployed.stack import CALL, Stack
from tests.local.waiting import wait_for

PHONE, DESK = 390, 1280
LOCALES = {"de": "de-DE", "en": "en-GB"}
TICKS = {"relation": 1, "themes": 2, "districts": 1, "privacy_read": 1, "consent_publish": 1}
NAME = "Größenwahn & Übermut <b>e. V.</b>"
SUMMARY = "Wir flicken Räder, löten Lötstellen\nund trinken dabei Kaffee, für 0 €."


class Watch:
    """What a page asked for and complained of."""

    def __init__(self, page: Page, url: str, refusals: Sequence[int] = (422,)) -> None:
        self._url = url
        self._refusals = [f"the server responded with a status of {status} " for status in refusals]
        self.strangers: list[str] = []
        self.complaints: list[str] = []
        page.context.on("request", self._asked)
        page.context.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self._url}/", "data:", "about:")):
            self.strangers.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        # Chromium writes a line for every refused form; that one is meant.
        refused = any(meant in message.text for meant in self._refusals)
        if message.type in ("error", "warning") and not refused:
            self.complaints.append(message.text)


@contextmanager
def visitor(
    browser: Browser,
    stack: Stack,
    *,
    language: str = "de",
    width: int = PHONE,
    scripts: bool = True,
    refusals: Sequence[int] = (422,),
) -> Iterator[Page]:
    """A fresh browser with nothing stored; nothing it does may leave this machine or be complained of."""
    with browser.new_context(
        base_url=stack.url,
        viewport={"width": width, "height": 844},
        locale=LOCALES[language],
        java_script_enabled=scripts,
    ) as context:
        page = context.new_page()
        watch = Watch(page, stack.url, refusals)
        yield page
        assert watch.strangers == []
        assert watch.complaints == []


def label(field: str, language: str) -> str:
    return kosi().fields[field].label[language]


def choose(page: Page, field: str, choice: str, language: str) -> None:
    """Tick one answer by the words beside it, within its own question."""
    group = page.get_by_role("group", name=label(field, language))
    words = next(one.label[language] for one in kosi().fields[field].choices if one.id == choice)
    group.get_by_label(words, exact=True).check()


def fill_in(page: Page, address: str, language: str, *, summary: str = SUMMARY) -> None:
    """Answer everything that must be answered, and some of the rest, as a person would: by the labels."""
    choose(page, "relation", "part_of", language)
    page.get_by_label(label("name", language)).fill(NAME)
    page.get_by_label(label("summary", language)).fill(summary)
    for theme in ("climate_protection", "other"):
        choose(page, "themes", theme, language)
    page.get_by_label(label("theme_other", language)).fill("Lötkunst")
    choose(page, "districts", "hoerde", language)
    page.get_by_label(label("since", language)).fill("2015")
    page.get_by_label(label("reporter_email", language)).fill(address)
    for consent in ("privacy_read", "consent_publish"):
        page.get_by_label(label(consent, language)).check()


def the_button(page: Page) -> Locator:
    """What a page is there for: to send the form, to confirm on the receipt."""
    return page.locator("main form:is([action*='/submissions'], [action*='/confirm']) button[type=submit]")


def submit(page: Page) -> None:
    the_button(page).click()


def open_form(page: Page, language: str) -> None:
    """The page with all questions."""
    page.goto(f"/calls/{CALL}/form")
    expect(page.locator("html")).to_have_attribute("lang", language)
    wait_as_a_person_would()


def wait_as_a_person_would() -> None:
    """The call takes nothing from those who are quicker."""
    since = time.monotonic()
    wait_for(lambda: time.monotonic() - since > kosi().policy.ticket_min_seconds, what="an honest while")


def wide_enough(page: Page) -> None:
    """Nothing sticks out to the right: no sideways scrolling (WCAG 2.2, 1.4.10)."""
    measured: dict[str, Any] = page.locator("html").evaluate(
        "root => ({inner: root.clientWidth, all: root.scrollWidth})"
    )
    assert measured["all"] <= measured["inner"], page.url


def reference_on(page: Page, language: str) -> str:
    expect(page.locator(".reference")).to_be_visible()
    assert f"/calls/{CALL}/thanks/" in page.url
    expect(page.locator("html")).to_have_attribute("lang", language)
    return str(page.locator(".reference").inner_text())


def check_the_error(page: Page, address: str, language: str) -> None:
    """The summary stands on top with a link to the field, the same words beside it, and nothing typed is lost."""
    expect(page).to_have_title(re.compile(f"^{translate(language, 'Error')}: "))
    summary = page.get_by_role("alert")
    expect(summary).to_be_in_viewport()
    link = summary.get_by_role("link")
    expect(link).to_have_count(1)
    assert label("summary", language) in link.inner_text()

    field = page.get_by_label(label("summary", language))
    expect(field).to_have_value("Zu kurz: ä")
    expect(field).to_have_attribute("aria-invalid", "true")
    described_by = str(field.get_attribute("aria-describedby")).split()
    beside = page.locator(f"#{described_by[-1]}").inner_text()
    assert beside.partition(": ")[2] in link.inner_text()

    expect(page.get_by_label(label("name", language))).to_have_value(NAME)
    expect(page.get_by_label(label("reporter_email", language))).to_have_value(address)
    expect(page.get_by_label(label("since", language))).to_have_value("2015")
    for name, ticks in TICKS.items():
        expect(page.locator(f"input[name={name}]:checked")).to_have_count(ticks)
    link.click()
    expect(field).to_be_focused()


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_report_is_sent_corrected_and_confirmed(
    browser: Browser, stack: Stack, address: str, language: str, width: int, scripts: bool
) -> None:
    waiting, confirmed = (translate(language, STATES[state]) for state in ("received", "confirmed"))
    with visitor(browser, stack, language=language, width=width, scripts=scripts) as page:
        open_form(page, language)
        wide_enough(page)
        fill_in(page, address, language, summary="Zu kurz: ä")
        submit(page)
        check_the_error(page, address, language)
        wide_enough(page)

        page.get_by_label(label("summary", language)).fill(SUMMARY)
        submit(page)
        reference = reference_on(page, language)
        wide_enough(page)

        stack.mail(address)
        page.goto("/_local/mailbox")
        page.get_by_role("link", name=reference).click()
        wide_enough(page)
        page.locator("pre").get_by_role("link", name="/receipts/").click()
        expect(page.get_by_text(waiting)).to_be_visible()
        expect(page.get_by_text(NAME)).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_contain_text(reference)
        expect(page.locator("html")).to_have_attribute("lang", language)
        wide_enough(page)

        the_button(page).click()
        expect(page.get_by_text(confirmed)).to_be_visible()
        expect(the_button(page)).to_have_count(0)
        page.reload()
        expect(page.get_by_text(confirmed)).to_be_visible()


def test_pressing_the_button_twice_sends_one_report(browser: Browser, stack: Stack, address: str) -> None:
    with visitor(browser, stack) as page:
        open_form(page, "de")
        fill_in(page, address, "de")
        the_button(page).dblclick()
        reference = reference_on(page, "de")
    assert reference in stack.mail(address)["subject"]
    stack.drain()
    assert len(stack.mails(address)) == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_going_back_and_sending_again_sends_one_report(
    browser: Browser, stack: Stack, address: str, scripts: bool
) -> None:
    with visitor(browser, stack, scripts=scripts) as page:
        open_form(page, "de")
        fill_in(page, address, "de")
        submit(page)
        first = reference_on(page, "de")
        page.go_back()
        expect(page.get_by_label(label("name", "de"))).to_have_value(NAME)
        wait_as_a_person_would()
        submit(page)
        assert reference_on(page, "de") == first
    stack.mail(address)
    stack.drain()
    assert len(stack.mails(address)) == 1


def test_the_html_of_the_mail_leads_to_the_receipt(browser: Browser, stack: Stack, address: str) -> None:
    with visitor(browser, stack) as page:
        open_form(page, "de")
        fill_in(page, address, "de")
        submit(page)
        reference = reference_on(page, "de")
        stack.mail(address)
        page.goto("/_local/mailbox")
        page.get_by_role("link", name=reference).click()
        with page.context.expect_page() as opened:
            page.frame_locator("iframe").locator("a").first.click()
        expect(opened.value.get_by_role("heading", level=1)).to_contain_text(reference)


def test_the_language_can_be_changed_on_the_form(browser: Browser, stack: Stack) -> None:
    with visitor(browser, stack, language="de") as page:
        open_form(page, "de")
        page.get_by_role("link", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_label(label("name", "en"))).to_be_visible()
