"""Proof of work in a real browser: it runs by itself, holds nobody up, and says what to do where it cannot run."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from chalicelib.web.languages import translate
from infra.call_files import read_call_file
from tests.deployed.stack import ROOT, Stack

FILE = ROOT / "tests" / "calls" / "checked-against-robots.yaml"
CALL = read_call_file(FILE)[0]
FORM = f"/calls/{CALL.call}/form"
PHONE, DESK = 390, 1280
LOCALES = {"de": "de-DE", "en": "en-GB"}
PASSED = "Check passed: not a robot"
WAIT = "One moment: the check against robots is still running. Your report is then sent by itself."
MISSING = "The check against robots is missing."


@pytest.fixture(scope="module")
def strict(own_stack: Stack) -> Stack:
    """A stack with a call that takes nothing without proof of work. Its own: the others count the calls of theirs."""
    published = own_stack.command("calls", "publish", FILE)
    assert published.returncode == 0, published.stderr
    return own_stack


@contextmanager
def visitor(
    browser: Browser, stack: Stack, *, language: str = "en", width: int = PHONE, scripts: bool = True
) -> Iterator[tuple[Page, list[str]]]:
    """A fresh browser, and the addresses it asks for; none of them may be elsewhere, and no policy may be broken."""
    asked: list[str] = []
    complaints: list[str] = []
    with browser.new_context(
        base_url=stack.url,
        viewport={"width": width, "height": 844},
        locale=LOCALES[language],
        java_script_enabled=scripts,
    ) as context:
        context.on("request", lambda request: asked.append(_address(request)))
        context.on("console", lambda message: complaints.append(message.text))
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, asked
        assert [one for one in asked if not one.startswith((f"{stack.url}/", "data:", "about:"))] == []
        assert [one for one in complaints if "Content Security Policy" in one or "Error" in one] == []
        assert context.cookies() == []


def _address(request: Request) -> str:
    return request.url


def question(page: Page, field: str, language: str = "en") -> Locator:
    return page.get_by_label(CALL.fields[field].label[language])


def fill_in(page: Page, address: str, language: str = "en") -> None:
    question(page, "name", language).fill("Radwerkstatt Größenwahn")
    question(page, "email", language).fill(address)
    for consent in ("privacy", "publish"):
        question(page, consent, language).check()


def send(page: Page) -> None:
    page.locator("form[action*=submissions] button[type=submit]").click()


def sent(page: Page) -> str:
    expect(page.locator(".reference")).to_be_visible()
    return str(page.locator(".reference").inner_text())


def loads(asked: list[str]) -> list[str]:
    """What of ALTCHA's was asked for."""
    return [one for one in asked if "/altcha" in one]


def test_the_button_stays_under_the_pointer_when_pressing_it_is_the_first_thing_done(
    browser: Browser, strict: Stack, address: str
) -> None:
    with visitor(browser, strict) as (page, _asked):
        page.goto(FORM)
        fill_in(page, address)
        send(page)
        first = sent(page)
        page.go_back()
        expect(question(page, "email")).to_have_value(address)
        button = page.locator("form[action*=submissions] button[type=submit]")
        button.hover()
        before = button.bounding_box()
        page.mouse.down()
        page.wait_for_load_state("networkidle")  # whatever the press sets off has come
        assert button.bounding_box() == before
        page.mouse.up()
        assert sent(page) == first


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_check_runs_while_somebody_fills_in_the_form(
    browser: Browser, strict: Stack, address: str, language: str, width: int
) -> None:
    with visitor(browser, strict, language=language, width=width) as (page, asked):
        page.goto(FORM, wait_until="networkidle")
        assert loads(asked) == [], "no part of the first view"
        fill_in(page, address, language)
        box = page.get_by_role("checkbox", name=translate(language, PASSED))
        expect(box).to_be_checked()
        assert len(loads(asked)) >= 3
        measured: dict[str, Any] = page.locator("html").evaluate(
            "one => ({inner: one.clientWidth, all: one.scrollWidth})"
        )
        assert measured["all"] <= measured["inner"]
        send(page)
        sent(page)
    assert strict.mail(address)


def test_a_report_sent_before_the_check_is_done_waits_and_is_sent_by_itself(
    browser: Browser, strict: Stack, address: str
) -> None:
    with visitor(browser, strict) as (page, _asked):
        held: list[Route] = []
        page.route("**/altcha.min.*", lambda route: held.append(route))  # noqa: PLW0108 - playwright looks into what it is given
        page.goto(FORM)
        fill_in(page, address)
        send(page)
        expect(page.get_by_role("status").filter(has_text=WAIT)).to_be_visible()
        send(page)  # impatient
        expect(page.get_by_role("status").filter(has_text=WAIT)).to_be_visible()
        for one in held:
            one.continue_()
        sent(page)
    strict.mail(address)
    strict.drain()
    assert len(strict.mails(address)) == 1


def test_going_back_and_sending_again_sends_one_report(browser: Browser, strict: Stack, address: str) -> None:
    with visitor(browser, strict) as (page, _asked):
        page.goto(FORM)
        fill_in(page, address)
        send(page)
        first = sent(page)
        page.go_back()
        expect(question(page, "name")).to_have_value("Radwerkstatt Größenwahn")
        send(page)
        assert sent(page) == first


def test_an_error_in_an_answer_does_not_ask_for_a_second_check(browser: Browser, strict: Stack, address: str) -> None:
    with visitor(browser, strict) as (page, asked):
        page.goto(FORM)
        fill_in(page, address)
        question(page, "summary").fill("Short")
        send(page)
        expect(page).to_have_title(re.compile("^Error: "))
        before = len(loads(asked))
        question(page, "summary").fill("Long enough by now.")
        send(page)
        sent(page)
        assert len(loads(asked)) == before


def told_what_to_do(page: Page, address: str, language: str) -> None:
    """The refusal names a way out, and nothing typed is lost."""
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text(translate(language, MISSING))
    expect(summary).to_contain_text(CALL.contact.email)
    expect(question(page, "name", language)).to_have_value("Radwerkstatt Größenwahn")
    expect(question(page, "email", language)).to_have_value(address)
    expect(question(page, "publish", language)).to_be_checked()


@pytest.mark.parametrize("language", ["de", "en"])
def test_without_javascript_people_are_told_what_to_do_before_and_after(
    browser: Browser, strict: Stack, address: str, language: str
) -> None:
    with visitor(browser, strict, language=language, scripts=False) as (page, _asked):
        page.goto(FORM)
        notice = page.locator(".notice", has_text="JavaScript")
        expect(notice).to_be_visible()
        expect(notice).to_contain_text(CALL.contact.email)
        fill_in(page, address, language)
        send(page)
        told_what_to_do(page, address, language)


def test_where_the_check_cannot_be_loaded_the_report_is_sent_and_answered_in_words(
    browser: Browser, strict: Stack, address: str
) -> None:
    with visitor(browser, strict) as (page, _asked):
        page.route("**/altcha*", lambda route: route.abort())
        page.goto(FORM)
        fill_in(page, address)
        send(page)
        told_what_to_do(page, address, "en")
        page.unroute("**/altcha*")
        send(page)
        sent(page)


def test_step_by_step_the_check_runs_on_the_last_page(browser: Browser, strict: Stack, address: str) -> None:
    with visitor(browser, strict) as (page, asked):
        page.goto(f"{FORM}/idea")
        question(page, "name").fill("Radwerkstatt Größenwahn")
        page.locator("form:not([action*=discard]) button[type=submit]").click()
        question(page, "email").fill(address)
        for consent in ("privacy", "publish"):
            question(page, consent).check()
        assert loads(asked) == []
        page.locator("form:not([action*=discard]) button[type=submit]").click()
        expect(page.get_by_role("checkbox", name=PASSED)).to_be_checked()
        send(page)
        sent(page)
