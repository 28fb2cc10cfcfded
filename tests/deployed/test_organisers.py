"""An organiser's way in, in a real browser: the mailed link, the pages behind it on a phone and a desk, the way out."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.deployed.stack import CALL, Stack
from tests.deployed.test_accessibility import look_at

ORGANISER = "leitung@example.org"
HERE = f"/organiser/calls/{CALL}"
PAGES = ("/organiser", HERE, f"{HERE}/statistics", f"{HERE}/audit", "/organiser/account", "/organiser/tokens")


def newest_link(stack: Stack, seen: int) -> str:
    """The link of the mail that comes after `seen` others."""
    stack.drain()
    mails = stack.mails(ORGANISER)
    assert len(mails) == seen + 1
    newest = max(mails, key=lambda mail: mail["sent_at"])
    found = re.search(rf"{re.escape(stack.url)}/organiser/session/\S+", newest["text"])
    assert found is not None
    return found[0]


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Page:
    context = browser.new_context(locale="de-DE", base_url=stack.url)
    return context.new_page()


def log_in(page: Page, stack: Stack, wanted: str) -> str:
    """By the link that the mailbox has; gives it."""
    seen = len(stack.mails(ORGANISER))
    page.goto(wanted)
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    page.get_by_label("E-Mail-Adresse").fill(ORGANISER)
    page.get_by_role("button", name="Link zusenden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bitte sehen Sie in Ihr Postfach")
    link = newest_link(stack, seen)
    # A scanner was there first.
    assert stack.ask("GET", link.removeprefix(stack.url)).status_code == 200
    page.goto(link)
    page.get_by_role("button", name="Jetzt anmelden").click()
    page.wait_for_url(f"**{wanted}")
    return link


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["desk", "phone"])
def test_an_organiser_logs_in_by_the_mailed_link_looks_around_and_leaves(
    page: Page, stack: Stack, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    link = log_in(page, stack, f"{HERE}/statistics")
    page.goto("/organiser")
    page.locator("#call-kosi-lab-dortmund").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Übersicht")
    page.get_by_role("link", name="Protokoll").click()
    expect(page.get_by_role("table").get_by_text("Angemeldet").first).to_be_visible()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log")
    page.get_by_role("link", name="Statistics").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Statistics")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link is no longer valid")
    # Logging out empties the cache, and then comes the link that was used.
    cleared, failed = said
    assert cleared.startswith("Clear-Site-Data")
    assert failed == "Failed to load resource: the server responded with a status of 404 (Not Found)"


def test_every_page_of_it_can_be_used_by_everybody(page: Page, stack: Stack) -> None:
    log_in(page, stack, HERE)
    stack.drain()  # counted, now that somebody has looked
    wrong = {}
    for path in PAGES:
        page.goto(path)
        wrong |= {f"{path}: {what}": found for what, found in look_at(page).items() if found}
    page.get_by_role("button", name="Token anlegen").click()
    wrong |= {f"a token refused: {what}": found for what, found in look_at(page).items() if found}
    assert wrong == {}


def test_a_link_from_elsewhere_leads_to_the_page_although_the_cookie_is_strict(page: Page, stack: Stack) -> None:
    log_in(page, stack, HERE)
    page.goto(f'data:text/html,<a href="{stack.url}{HERE}/audit">a mail that is read in the browser</a>')
    page.get_by_role("link").click()
    page.wait_for_url(f"**{HERE}/audit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Protokoll")
