"""WCAG 2.2 AA on every public page and state: by axe-core and keyboard, in width, text size, colours and motion."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.builders import kosi
from tests.deployed.pages import (
    STEPS,
    pages_of_lost_links,
    pages_of_the_form,
    pages_of_the_receipt,
    publish_calls_out_of_time,
    standing_pages,
)
from tests.deployed.stack import CALL, Stack
from tests.deployed.test_in_the_browser import LOCALES, NAME, SUMMARY, visitor

_AXE = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}

# What dark colours can change: everything else was looked at in light ones.
_AXE_COLOURS = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast",
                "link-in-text-block", "target-size"]}}  # fmt: skip

# What is pressed and too small, unless it stands in a sentence (WCAG 2.2, 2.5.8).
_SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, input, select, textarea, summary")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && one.type !== "hidden" && !one.closest(".trap"))
  .filter((one) => {
    const box = one.getBoundingClientRect();
    const offscreen = box.right < 0 || box.bottom < 0;
    const alone = one.parentElement.textContent.trim() === one.textContent.trim();
    const sentence = getComputedStyle(one).display === "inline" && !alone;
    return !offscreen && !sentence && (box.width < 24 || box.height < 24);
  })
  .map((one) => one.outerHTML.slice(0, 200))"""

_TOO_WIDE = """() => [document.documentElement.scrollWidth - document.documentElement.clientWidth,
  [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => one.outerHTML.slice(0, 120)).slice(0, 3)]"""

# A table of data may be scrolled by itself (WCAG 2.2, 1.4.10).
_CUT_OFF = """() => [...document.querySelectorAll("main *")]
  .filter((one) => !one.closest(".kern-sr-only, textarea, input, .trap, .table-frame, details:not([open])"))
  .filter((one) => one.checkVisibility())
  .filter((one) => getComputedStyle(one).overflow !== "visible" && one.textContent.trim())
  .filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
  .map((one) => one.outerHTML.slice(0, 120))"""

# Text in a column so narrow that a line holds one word or less.
_SQUEEZED = """() => [...document.querySelectorAll("main *")]
  .filter((one) => [...one.childNodes].some((each) => each.nodeType === 3 && each.data.trim().length > 24))
  .filter((one) => one.checkVisibility() && !one.closest(".kern-sr-only, .trap, option, svg, details:not([open])"))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.width < 48 && box.height > 120)
  .map(([one]) => one.outerHTML.slice(0, 120))"""

_MOVING = """() => [...document.querySelectorAll("*")].filter((one) => {
    const style = getComputedStyle(one);
    return style.transitionDuration !== "0s" || style.animationName !== "none" || style.scrollBehavior === "smooth";
  }).map((one) => one.outerHTML.slice(0, 120))"""

# How the focus shows: an outline or a ring around the element itself or around what stands for it.
_FOCUS = """() => {
    const one = document.activeElement, box = one.getBoundingClientRect();
    const ring = [one, one.parentElement].some((each) => {
      const style = getComputedStyle(each);
      return (parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== "none") || style.boxShadow !== "none";
    });
    const seen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return {ring, seen, html: one.outerHTML.slice(0, 160)};
  }"""


@pytest.fixture(scope="module")
def whole_stack(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The shared stack, with a call that is not open yet and one that is closed."""
    publish_calls_out_of_time(stack, tmp_path_factory.mktemp("calls"))
    return stack


def every_page(page: Page, stack: Stack, address: str, language: str) -> Iterator[str]:
    """Give the name of each page while `page` shows it."""
    yield from standing_pages(page, language)
    yield from pages_of_lost_links(page, f"nobody-{address}", language)
    yield from pages_of_the_form(page, address, language)
    found = re.search(rf"{re.escape(stack.url)}/receipts/\S+", stack.mail(address)["text"])
    assert found is not None
    yield from pages_of_the_receipt(page, found[0].partition("?")[0], language)


def violations(page: Page, options: dict[str, Any] = _AXE) -> list[str]:
    """What axe-core finds, in a line each."""
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']} ({one['help']}): {node['html'][:160]}" for one in found for node in one["nodes"]]


def look_at(page: Page) -> dict[str, object]:
    """What is wrong with the page as it is shown, by what was looked for."""
    seen: dict[str, object] = {}
    page.emulate_media(color_scheme="dark")
    seen["axe-core, dark"] = violations(page, _AXE_COLOURS)
    page.emulate_media(color_scheme="light")
    seen["axe-core, light"] = violations(page)
    seen["targets under 24 px"] = page.evaluate(_SMALL_TARGETS)
    before = page.viewport_size
    assert before is not None
    page.set_viewport_size({"width": 320, "height": 640})
    sideways, sticking_out = page.evaluate(_TOO_WIDE)
    seen["320 px"] = [*(sticking_out if sideways > 0 else []), *page.evaluate(_SQUEEZED)]
    page.set_viewport_size({"width": 640, "height": 800})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    sideways, sticking_out = page.evaluate(_TOO_WIDE)
    seen["text at 200 %"] = [*(sticking_out if sideways > 0 else []), *page.evaluate(_CUT_OFF)]
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(before)
    page.emulate_media(reduced_motion="reduce")
    seen["motion that was declined"] = page.evaluate(_MOVING)
    page.emulate_media(reduced_motion="no-preference")
    return {name: value for name, value in seen.items() if value}


@pytest.mark.parametrize("language", ["de", "en"])
def test_no_page_in_any_state_keeps_anybody_out(
    browser: Browser, whole_stack: Stack, address: str, language: str
) -> None:
    wrong: dict[str, dict[str, object]] = {}
    titles: dict[str, str] = {}
    with _strict_visitor(browser, whole_stack, language) as page:
        for name in every_page(page, whole_stack, address, language):
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator("h1")).to_have_count(1)
            titles[name] = page.title()
            if found := look_at(page):
                wrong[name] = found
    assert wrong == {}
    assert all(titles.values())
    prefix = {"de": "Fehler: ", "en": "Error: "}[language]
    assert {name for name, title in titles.items() if title.startswith(prefix)} == {
        name for name in titles if "errors" in name or name == "check-incomplete"
    }


def _strict_visitor(browser: Browser, stack: Stack, language: str) -> Any:
    """A visitor on a desk whose pages complain only of the answers that are meant to be refusals."""
    return visitor(browser, stack, language=language, width=1280, refusals=(403, 404, 409, 410, 422))


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there; at every stop it must show, and on the screen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS)
        assert focus["ring"], f"no sign of the focus: {focus['html']}"
        assert focus["seen"], f"out of sight: {focus['html']}"
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"no way to {selector} by Tab")


def test_the_keyboard_alone_is_enough(browser: Browser, stack: Stack, address: str) -> None:
    with visitor(browser, stack, language="de", width=390) as page:
        page.emulate_media(reduced_motion="reduce")  # else the screen is still on its way to the focus
        page.goto(f"/calls/{CALL}")
        tab_to(page, ".skip")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        tab_to(page, "main a.button")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{STEPS[0]}?*")

        # One mistake: the focus is on the summary, and leads to the field.
        tab_to(page, "main button[type=submit]")
        page.keyboard.press("Enter")
        expect(page.locator(".errors")).to_be_focused()
        tab_to(page, ".errors a[href='#field-name']")
        page.keyboard.press("Enter")
        expect(page.locator("#field-name")).to_be_focused()
        page.keyboard.type(NAME)
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowUp")
        expect(page.locator("[name=relation][value=knows]")).to_be_checked()
        page.keyboard.press("ArrowDown")
        expect(page.locator("[name=relation][value=part_of]")).to_be_checked()
        tab_to(page, "#field-summary")
        page.keyboard.type(SUMMARY)
        _go_on(page, STEPS[1])

        tab_to(page, "[name=themes][value=climate_protection]")
        page.keyboard.press("Space")
        tab_to(page, "[name=districts][value=hoerde]")
        page.keyboard.press("Space")
        _go_on(page, STEPS[2])
        _go_on(page, STEPS[3])
        tab_to(page, "#field-reporter_email")
        page.keyboard.type(address)
        _go_on(page, STEPS[4])
        tab_to(page, "#privacy summary")
        page.keyboard.press("Enter")
        expect(page.get_by_text(kosi().privacy.notice["de"].split("\n\n")[0])).to_be_visible()
        for consent in ("privacy_read", "consent_publish"):
            tab_to(page, f"#field-{consent}")
            page.keyboard.press("Space")
        _go_on(page, "check")
        tab_to(page, "main form:not([action*=discard]) button[type=submit]")
        page.keyboard.press("Enter")
        page.wait_for_url("**/thanks/*")
        expect(page.locator(".reference")).to_be_visible()
    stack.mail(address)


def _go_on(page: Page, to: str) -> None:
    tab_to(page, "main form:not([action*=discard]) button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{to}?*")


@pytest.fixture
def forced(browser: Browser, stack: Stack) -> Iterator[Callable[[str], Page]]:
    """Opens a page in the colours of a person who needs strong contrast; `dark` or `light`."""
    contexts: list[BrowserContext] = []

    def opened(colours: str) -> Page:
        context = browser.new_context(
            base_url=stack.url, locale=LOCALES["de"], forced_colors="active", color_scheme=colours
        )
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_icons_ticks_and_buttons_show_in_forced_colours(forced: Callable[[str], Page], colours: str) -> None:
    page = forced(colours)
    page.goto(f"/calls/{CALL}/form/{STEPS[0]}")
    page.locator("main button[type=submit]").first.click()
    expect(page.locator(".errors")).to_be_visible()
    text = page.locator("body").evaluate("body => getComputedStyle(body).color")
    for icon in page.locator(".kern-icon").all():
        assert icon.evaluate("icon => getComputedStyle(icon).backgroundColor") == text
    for framed in (".errors", "main .button", ".kern-form-check__radio", "#field-name"):
        width = page.locator(framed).first.evaluate("one => parseFloat(getComputedStyle(one).borderBottomWidth)")
        assert width >= 1, framed
    page.locator("[name=relation]").first.check()
    dot = page.locator("[name=relation]").first.evaluate("one => getComputedStyle(one, '::before').backgroundColor")
    assert dot == text


def test_a_picture_of_forced_colours_can_be_taken(forced: Callable[[str], Page], tmp_path: Path) -> None:
    page = forced("dark")
    page.goto(f"/calls/{CALL}/form")
    assert page.screenshot(path=tmp_path / "forced.png", full_page=True)


def test_the_statement_says_whom_to_tell_and_every_page_of_the_call_leads_to_it(browser: Browser, stack: Stack) -> None:
    with visitor(browser, stack, language="de", width=1280) as page:
        for path in ("", "/form", f"/form/{STEPS[0]}", "/links"):
            page.goto(f"/calls/{CALL}{path}")
            page.get_by_role("contentinfo").get_by_role("link", name="Erklärung zur Barrierefreiheit").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Erklärung zur Barrierefreiheit")
        told = page.get_by_role("main").locator("a[href^='mailto:']")
        expect(told).to_have_text(kosi().contact.email)
        assert "Barriere" in str(told.get_attribute("href"))
