"""What JavaScript adds to the form: counts, questions that come and go, a draft in the browser. What pages weigh."""

import json
import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chalicelib.web.languages import translate
from tests.builders import kosi
from tests.deployed.pages import MAIN_BUTTON, STEPS
from tests.deployed.stack import CALL, Stack
from tests.deployed.test_in_the_browser import fill_in, label, open_form, reference_on, submit, visitor

FORM = f"/calls/{CALL}/form"
MOST_BYTES = 150 * 1024


def question(page: Page, field: str) -> Locator:
    return page.get_by_label(label(field, "de"))


def kept(page: Page) -> str:
    """All that the page has put into the browser's store."""
    return str(page.evaluate("JSON.stringify({...localStorage})"))


def kept_when(page: Page, words: str) -> None:
    page.wait_for_function("words => JSON.stringify({...localStorage}).includes(words)", arg=words)


def test_a_question_comes_and_goes_with_the_answer_it_depends_on(browser: Browser, stack: Stack) -> None:
    with visitor(browser, stack) as page:
        page.goto(FORM)
        expect(question(page, "theme_other")).to_be_hidden()
        page.locator("[name=themes][value=other]").check()
        expect(question(page, "theme_other")).to_be_visible()
        expect(page.locator(".field:has(#field-theme_other) .when")).to_be_hidden()
        page.locator("[name=themes][value=other]").uncheck()
        expect(question(page, "theme_other")).to_be_hidden()
        page.locator("[name=relation][value=part_of]").check()
        expect(question(page, "public_contact")).to_be_visible()
        page.locator("[name=relation][value=knows]").check()
        expect(question(page, "public_contact")).to_be_hidden()


def test_without_javascript_every_question_is_there_and_says_when_it_counts(browser: Browser, stack: Stack) -> None:
    with visitor(browser, stack, scripts=False) as page:
        page.goto(FORM)
        expect(question(page, "theme_other")).to_be_visible()
        expect(page.get_by_text("Nur, wenn").first).to_be_visible()
        expect(page.locator("[data-aufruf-draft]")).to_be_hidden()


def test_characters_are_counted_as_the_server_counts_them(browser: Browser, stack: Stack) -> None:
    most = kosi().fields["summary"].longest
    with visitor(browser, stack) as page:
        page.goto(FORM)
        field = page.locator(".field:has(#field-summary)")
        expect(field.locator(".count")).to_have_text(f"Noch {most} Zeichen frei")
        page.locator("#field-summary").fill("🚲" * 10)
        expect(field.locator(".count")).to_have_text("Noch mindestens 20 Zeichen nötig")
        page.locator("#field-summary").fill("e\u0301" * (most - 1))  # two code points that the server joins to one
        expect(field.locator(".count")).to_have_text("Noch 1 Zeichen frei")
        expect(page.locator("[data-aufruf-says]")).to_have_text("Noch 1 Zeichen frei")
        page.locator("#field-summary").fill("x" * (most + 2))
        expect(field.locator(".count")).to_have_text("2 Zeichen zu viel")


def test_a_draft_comes_back_without_what_is_personal(browser: Browser, stack: Stack) -> None:
    with visitor(browser, stack) as page:
        page.goto(FORM)
        page.locator("#field-reporter_name").fill("Frau Geheim")
        page.locator("#field-reporter_email").fill("geheim@example.org")
        page.locator("#field-privacy_read").check()
        page.locator("[name=themes][value=other]").check()
        page.locator("#field-theme_other").fill("Lötkunst")
        page.locator("#field-name").fill("Fahrradküche")
        kept_when(page, "Fahrradküche")
        stored = kept(page)
        assert "Lötkunst" in stored
        assert "eheim" not in stored
        assert "privacy_read" not in stored

        page.goto(FORM)
        expect(page.locator("#field-name")).to_have_value("Fahrradküche")
        expect(page.locator("#field-theme_other")).to_be_visible()
        expect(page.locator("#field-reporter_email")).to_have_value("")
        expect(page.locator("#field-privacy_read")).not_to_be_checked()
        expect(page.locator("form > .notice")).to_be_visible()

        page.goto(f"{FORM}/{STEPS[0]}")
        expect(page.locator("#field-name")).to_have_value("Fahrradküche")


def test_a_draft_can_be_deleted_and_forbidden(browser: Browser, stack: Stack) -> None:
    with visitor(browser, stack) as page:
        page.goto(FORM)
        page.locator("#field-name").fill("Fahrradküche")
        kept_when(page, "Fahrradküche")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Entwurf löschen").click()
        expect(page.locator("#field-name")).to_have_value("")
        assert "Fahrradküche" not in kept(page)

        page.get_by_label("Entwurf in diesem Browser aufbewahren").uncheck()
        page.locator("#field-name").fill("Fahrradküche")
        page.locator("#field-summary").fill("So lange, dass inzwischen längst gespeichert wäre.")
        page.goto(FORM)
        expect(page.locator("#field-name")).to_have_value("")
        expect(page.get_by_label("Entwurf in diesem Browser aufbewahren")).not_to_be_checked()
        assert json.loads(kept(page)) == {"aufruf:no-draft": "1"}


def test_a_draft_is_gone_after_a_day_and_after_sending(browser: Browser, stack: Stack, address: str) -> None:
    old = json.dumps({"at": 0, "values": {"name": ["Von gestern"]}})
    with visitor(browser, stack) as page:
        page.goto(FORM)
        page.evaluate("old => localStorage.setItem('aufruf:draft:kosi-lab-dortmund', old)", old)
        open_form(page, "de")
        expect(page.locator("#field-name")).to_have_value("")
        fill_in(page, address, "de")
        kept_when(page, "draft")
        submit(page)
        reference_on(page, "de")
        assert kept(page) == "{}"


def test_a_draft_goes_with_what_the_server_keeps(browser: Browser, stack: Stack) -> None:
    with visitor(browser, stack) as page:
        page.goto(f"{FORM}/{STEPS[0]}")
        page.locator("[name=relation][value=knows]").check()
        page.locator("#field-name").fill("Fahrradküche")
        page.locator("#field-summary").fill("Wir flicken Räder, löten Lötstellen und trinken Kaffee.")
        kept_when(page, "Fahrradküche")
        page.locator(MAIN_BUTTON).click()
        page.wait_for_url(f"**/{STEPS[1]}?*")
        page.get_by_role("button", name=translate("de", "Delete what I entered")).click()
        page.wait_for_url(re.compile("discarded=1"))
        assert kept(page) == "{}"


@pytest.mark.parametrize("path", [FORM, f"{FORM}/{STEPS[0]}", f"/calls/{CALL}"])
def test_the_first_view_is_light(browser: Browser, stack: Stack, path: str) -> None:
    weights: dict[str, float] = {}
    with visitor(browser, stack) as page:
        names: dict[str, str] = {}
        network = page.context.new_cdp_session(page)
        network.on(
            "Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]})
        )
        network.on(
            "Network.loadingFinished",
            lambda event: weights.update({names[event["requestId"]]: event["encodedDataLength"]}),
        )
        network.send("Network.enable")
        page.goto(path, wait_until="networkidle")
    assert any("woff2" in name for name in weights)
    assert sum(weights.values()) <= MOST_BYTES, weights


def test_texts_arrive_compressed(stack: Stack) -> None:
    page = stack.ask("GET", FORM, headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
    styles = re.findall(r'(?:href|src)="[./]*(static/[^"]+\.(?:css|js))"', page.text)
    assert len(styles) >= 3
    for path in [FORM, *(f"/{name}" for name in styles)]:
        packed = stack.ask("GET", path, headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip", path
        assert "Accept-Encoding" in packed.headers["Vary"]
        plain = stack.ask("GET", path, headers={"Accept": "text/html", "Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers
        assert int(packed.headers["Content-Length"]) < len(plain.content) / 2
