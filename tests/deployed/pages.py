"""Every public page in every state, as a visitor comes to it: for what has to hold on all of them."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.builders import kosi
from tests.deployed.stack import CALL, ROOT, Stack

STEPS = [step.id for step in kosi().form.steps]
NOT_YET, CLOSED = "opens-in-a-hundred-years", "closed-long-ago"

# The form that a page is for: not the one that deletes a draft.
MAIN_BUTTON = "main form:not([action*=discard]) button[type=submit]"

_ANSWERS = {
    "name": "Fahrradküche Łódź & Söhne",
    "summary": "Wir flicken Räder, löten Lötstellen und trinken dabei Kaffee.",
    "theme_other": "Reparieren",
}


def publish_calls_out_of_time(stack: Stack, folder: Path) -> None:
    """Two calls like the first one: one opens in a hundred years, one closed long ago."""
    text = (ROOT / "calls" / f"{CALL}.yaml").read_text(encoding="utf-8")
    opens, closes = "opens_at: 2017-03-01T09:00:00", "closes_at: null"
    assert opens in text
    assert closes in text
    for name, there, here in (
        (NOT_YET, opens, "opens_at: 2117-03-01T09:00:00"),
        (CLOSED, closes, "closes_at: 2017-12-01T09:00:00"),
    ):
        path = folder / f"{name}.yaml"
        path.write_text(text.replace(f"call: {CALL}", f"call: {name}").replace(there, here), encoding="utf-8")
        published = stack.command("calls", "publish", path)
        assert published.returncode == 0, published.stdout + published.stderr


def press(page: Page) -> None:
    page.locator(MAIN_BUTTON).first.click()


def standing_pages(page: Page, language: str) -> Iterator[str]:
    """The pages that are there for everybody; gives the name of the one that `page` shows."""
    for name, path in {
        "calls": "/",
        "call": f"/calls/{CALL}",
        "call-not-yet": f"/calls/{NOT_YET}",
        "call-closed": f"/calls/{CLOSED}",
        "form": f"/calls/{CALL}/form",
        "form-not-yet": f"/calls/{NOT_YET}/form",
        "form-closed": f"/calls/{CLOSED}/form",
        "step-not-yet": f"/calls/{NOT_YET}/form/{STEPS[0]}",
        "accessibility": f"/calls/{CALL}/accessibility",
        "links": f"/calls/{CALL}/links",
        "links-sent": f"/calls/{CALL}/links/sent",
        "no-such-receipt": "/receipts/there-is-none",
        "no-such-page": "/calls/there-is-none",
    }.items():
        page.goto(f"{path}?lang={language}")
        yield name
    page.goto(f"/calls/{CALL}/links?lang={language}")
    press(page)
    expect(page.locator(".errors")).to_be_visible()
    yield "links-errors"


def pages_of_the_form(page: Page, address: str, language: str) -> Iterator[str]:
    """One page with mistakes, then step by step to the thank-you page."""
    page.goto(f"/calls/{CALL}/form?lang={language}")
    page.locator("#field-summary").fill("Zu kurz")
    press(page)
    expect(page.locator(".errors")).to_be_visible()
    yield "form-errors"

    page.goto(f"/calls/{CALL}/form/{STEPS[0]}?lang={language}")
    yield "step-1"
    press(page)
    expect(page.locator(".errors")).to_be_visible()
    yield "step-1-errors"
    page.locator("[name=relation][value=part_of]").check()
    page.locator("#field-name").fill(_ANSWERS["name"])
    page.locator("#field-summary").fill(_ANSWERS["summary"])
    press(page)
    page.wait_for_url(f"**/{STEPS[1]}?*")
    page.locator("[name=themes][value=other]").check()
    page.locator("#field-theme_other").fill(_ANSWERS["theme_other"])
    page.locator("[name=districts][value=hoerde]").check()
    yield "step-2"
    press(page)
    page.wait_for_url(f"**/{STEPS[2]}?*")
    yield "step-3"
    press(page)
    page.wait_for_url(f"**/{STEPS[3]}?*")
    page.locator("#field-reporter_email").fill(address)
    yield "step-4"
    press(page)
    page.wait_for_url(f"**/{STEPS[4]}?*")
    page.goto(f"/calls/{CALL}/form/check?lang={language}")
    yield "check-incomplete"
    page.goto(f"/calls/{CALL}/form/{STEPS[4]}?lang={language}")
    page.locator("#field-privacy_read").check()
    page.locator("#field-consent_publish").check()
    yield "step-5"
    press(page)
    page.wait_for_url("**/check?*")
    yield "check"
    press(page)
    page.wait_for_url("**/thanks/*")
    yield "thanks"


def pages_of_lost_links(page: Page, address: str, language: str) -> Iterator[str]:
    """Asking for the links once more, first without an address."""
    page.goto(f"/calls/{CALL}/links?lang={language}")
    press(page)
    expect(page.locator(".errors")).to_be_visible()
    yield "links-errors"
    page.locator("main input[type=email]").fill(address)
    press(page)
    page.wait_for_url("**/links/sent*")
    yield "links-sent"


def pages_of_the_receipt(page: Page, link: str, language: str) -> Iterator[str]:
    """From the link in the mail to a report that is erased."""
    page.goto(f"{link}?lang={language}")
    yield "receipt-before"
    press(page)
    expect(page.locator("form[action*=confirm]")).to_have_count(0)
    yield "receipt-confirmed"
    page.goto(f"{link}/change?lang={language}")
    yield "receipt-change"
    page.locator("#field-name").fill("")
    press(page)
    expect(page.locator(".errors")).to_be_visible()
    yield "receipt-change-errors"
    page.locator("#field-name").fill("Fahrradküche")
    page.locator("[name=_version]").evaluate("one => { one.value = '1' }")  # as a tab that was left open for long
    press(page)
    expect(page.locator("#differences")).to_be_visible()
    yield "receipt-conflict-errors"
    press(page)
    page.wait_for_url("**done=changed*")
    yield "receipt-changed"
    page.locator("main summary").click()
    yield "receipt-withdraw"
    page.locator("form[action*=withdraw] button").click()
    page.wait_for_url("**done=withdrawn*")
    yield "receipt-withdrawn"
    page.goto(f"{link}/erase?lang={language}")
    yield "receipt-erase"
    press(page)
    expect(page.locator(".errors")).to_be_visible()
    yield "receipt-erase-errors"
    page.locator("#field-confirm").check()
    press(page)
    expect(page.locator("main form")).to_have_count(0)
    yield "receipt-erased"
    page.goto(f"{link}?lang={language}")
    yield "receipt-gone"
