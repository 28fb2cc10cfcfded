"""A person in front of the form on other people's pages: opening, filling in, reading what is there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from chalicelib.intake.embedding import WORDS
from chalicelib.web.languages import translate
from tests.builders import kosi
from tests.deployed.sites import EXAMPLES, Site
from tests.deployed.stack import Stack

DESK = 1280
NAME = "Größenwahn & <b>Übermut</b>"
REFERENCE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
STORY = "Genug erzählt, aber nicht zu viel."


class Said:
    """What a page asked of whom, and what the browser complained of."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.asked: list[Request] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        self.asked.append(request)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def posts(self, path: str) -> list[Request]:
        return [one for one in self.asked if one.method == "POST" and path in one.url]


@contextmanager
def opened(browser: Browser, address: str, *, width: int = DESK, **more: Any) -> Iterator[tuple[Page, Said]]:
    """A page in a fresh browser."""
    with browser.new_context(viewport={"width": width, "height": 844}, **more) as context:
        page = context.new_page()
        said = Said(page)
        page.goto(address)
        yield page, said


def page_with(site: Site, call: str, *, lang: str = "de", inside: str = "", name: str = "page.html") -> str:
    """The address of the documented page, with another call or language in it."""
    page = (EXAMPLES / "custom-element.html").read_text(encoding="utf-8")
    page = page.replace("default-src 'self'", "require-trusted-types-for 'script'; default-src 'self'")
    begin, end = page.index("<aufruf-form"), page.index("</aufruf-form>")
    site.pages[name] = f'{page[:begin]}<aufruf-form call="{call}" lang="{lang}">{inside}{page[end:]}'
    return f"{site.origin}/{name}"


def form(page: Page) -> Locator:
    return page.locator("aufruf-form")


def button(page: Page, key: str = "send", language: str = "de") -> Locator:
    return form(page).get_by_role("button", name=translate(language, WORDS[key]))


def summary(page: Page) -> Locator:
    return form(page).get_by_role("alert")


def group(page: Page, name: str) -> Locator:
    return form(page).locator("fieldset", has=page.locator("legend", has_text=name))


def answer_every_question(page: Page, address: str, language: str = "de") -> None:
    """As a person would, by the labels."""
    german = language == "de"
    fields = form(page)
    fields.get_by_label("Name").fill(NAME[:20])
    fields.get_by_label("Geschichte" if german else "Story").fill(STORY)
    group(page, "Größe" if german else "Size").get_by_label("Klein" if german else "Small").check()
    group(page, "Farben" if german else "Colours").get_by_label("Grün" if german else "Green").check()
    fields.get_by_label("E-Mail" if german else "E-mail").fill(address)
    fields.get_by_label("Gelesen" if german else "Read").check()
    fields.get_by_label("Darf gezeigt werden" if german else "May be shown").check()


def reference_on(page: Page) -> str:
    shown = form(page).locator(".reference")
    expect(shown).to_be_visible(timeout=30_000)
    assert REFERENCE.fullmatch(shown.inner_text())
    return shown.inner_text()


def only_mail(stack: Stack, address: str) -> str:
    """The subject of the one mail to an address, when all is done."""
    stack.mail(address)
    stack.drain()
    [mail] = stack.mails(address)
    return str(mail["subject"])


def check_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def narrow_enough(page: Page) -> None:
    """No sideways scrolling (WCAG 2.2, 1.4.10)."""
    measured = page.locator("html").evaluate("root => [root.scrollWidth, root.clientWidth]")
    assert measured[0] <= measured[1]


def fill_plain_form(page: Page, address: str, story: str = "Hier reparieren Nachbarn gemeinsam ihre Räder.") -> None:
    page.get_by_label("Name der Initiative").fill(NAME)
    page.get_by_label("Was macht sie?").fill(story)
    page.get_by_label("Klimaschutz").check()
    page.get_by_label("Ihre E-Mail-Adresse").fill(address)
    page.get_by_label("Ich habe die Datenschutzhinweise gelesen").check()
    page.get_by_label("dürfen geprüft, gekürzt und veröffentlicht").check()
    page.get_by_role("button").click()


def fill_kosi(page: Page, address: str) -> None:
    fields = kosi().fields
    for name, choice in (("relation", "knows"), ("themes", "new_jobs"), ("districts", "unknown")):
        words = next(one.label["de"] for one in fields[name].choices if one.id == choice)
        group(page, fields[name].label["de"]).get_by_label(words, exact=True).check()
    form(page).get_by_label(fields["name"].label["de"]).fill(NAME)
    form(page).get_by_label(fields["summary"].label["de"]).fill("Hier reparieren Nachbarn gemeinsam ihre Räder.")
    form(page).get_by_label(fields["reporter_email"].label["de"]).fill(address)
    for name in ("privacy_read", "consent_publish"):
        form(page).get_by_label(fields[name].label["de"]).check()


def tab_to(page: Page, reached: Locator) -> None:
    """Press Tab until the focus is there."""
    for _ in range(10):
        page.keyboard.press("Tab")
        if reached.evaluate("element => element.getRootNode().activeElement === element"):
            return
    raise AssertionError(f"Tab does not lead to {reached}")
