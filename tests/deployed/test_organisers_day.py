"""A day of an organiser, in German, in a real browser: look through forty reports, decide, merge, edit, take a file."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from chalicelib.submissions.submission import Happening
from chalicelib.submissions.table import _record
from infra.call_files import read_call_file
from infra.demo.people import read_samples
from tests.builders import later, published, submission_of
from tests.deployed.stack import CALL, ROOT, Stack
from tests.deployed.test_accessibility import look_at
from tests.deployed.test_in_the_browser import DESK, PHONE, Watch

NAME = "ein-tag-im-team"
MANY = 40
HERE = f"/organiser/calls/{NAME}"


@pytest.fixture
def call(stack: Stack, tmp_path: Path, address: str) -> str:
    """A call of its own with forty reports that wait for a decision; gives the address of who leads it."""
    text = (ROOT / "calls" / f"{CALL}.yaml").read_text(encoding="utf-8")
    file = tmp_path / "call.yaml"
    file.write_text(text.replace(f"call: {CALL}", f"call: {NAME}").replace("leitung@example.org", address), "utf-8")
    assert stack.command("calls", "publish", file).returncode == 0
    asked = published(read_call_file(file)[0])
    # Straight into the table: how a report comes in and is confirmed is told elsewhere.
    items = []
    for sample in [one for one in read_samples() if one.confirm][:MANY]:
        at = later(seconds=sample.number).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        one = submission_of(asked, sample.number, sample.answers, now=later(seconds=sample.number))
        history = (Happening(at=at, event="imported"),)
        one = replace(one, state="confirmed", confirmed_at=at, changed_at=at, expires_at=None, history=history)
        items.append({"PutRequest": {"Item": _record(one).serialize()}})
    table = stack.outputs["SubmissionsTable"]
    for start in range(0, len(items), 25):
        request = {table: items[start : start + 25]}
        stack.aws("dynamodb", lambda tables, request=request: tables.batch_write_item(RequestItems=request))
    return address


def log_in(page: Page, stack: Stack, address: str) -> None:
    log_in_to(page, stack, address, HERE)


def log_in_to(page: Page, stack: Stack, address: str, here: str) -> None:
    """By the mailed link, to the inbox of a call."""
    page.goto(f"{here}/submissions")
    page.get_by_label("E-Mail-Adresse").fill(address)
    page.get_by_role("button", name="Link zusenden").click()
    found = re.search(rf"{re.escape(stack.url)}/organiser/session/\S+", stack.mail(address)["text"])
    assert found is not None
    page.goto(found[0])
    page.get_by_role("button", name="Jetzt anmelden").click()
    page.wait_for_url(f"**{here}/submissions*")


def rows(page: Page) -> Any:
    return page.locator("[data-aufruf-row]")


def waiting(page: Page, count: int) -> None:
    """So many are still to be decided."""
    expect(page.get_by_role("navigation", name="Nach Stand").locator("[aria-current]")).to_contain_text(str(count))
    expect(rows(page)).to_have_count(count)


def sound(page: Page) -> None:
    """Nothing inline, and nothing that anybody could stumble over."""
    inline = page.locator('script:not([src]), style, [style]:not([style=""]), [onclick]')
    assert inline.evaluate_all("all => all.slice(0, 3).map(one => one.outerHTML.slice(0, 200))") == []
    assert {what: found for what, found in look_at(page).items() if found} == {}


def test_an_organisers_day(browser: Browser, stack: Stack, call: str) -> None:  # noqa: PLR0915 - a day is long
    with browser.new_context(base_url=stack.url, locale="de-DE", viewport={"width": DESK, "height": 900}) as context:
        page = context.new_page()
        watch = Watch(page, stack.url)
        policies: list[str] = []
        page.on("response", lambda answer: policies.append(answer.headers.get("content-security-policy", "")))
        log_in(page, stack, call)
        waiting(page, MANY)
        sound(page)

        # Filter, and back.
        page.get_by_label("Stadtbezirk(e)").select_option("hoerde")
        page.get_by_role("button", name="Filtern").click()
        page.wait_for_url("**district=hoerde**")
        expect(rows(page)).not_to_have_count(MANY)
        assert all("Hörde" in one for one in rows(page).all_inner_texts())
        page.get_by_role("link", name="Wieder alle zeigen").click()
        waiting(page, MANY)

        # With the keyboard: the first is accepted, the second rejected, the help opens.
        page.keyboard.press("j")
        accepted = rows(page).nth(0).locator("a").inner_text()
        page.keyboard.press("a")
        expect(page.get_by_role("status")).to_contain_text("1 Meldung angenommen.")
        waiting(page, MANY - 1)
        page.keyboard.press("r")
        expect(page.get_by_role("status")).to_contain_text("1 Meldung abgelehnt.")
        waiting(page, MANY - 2)
        page.keyboard.press("?")
        expect(page.get_by_text("nächste, vorige Meldung")).to_be_visible()
        page.keyboard.press("?")

        # All of them at once, and back.
        page.get_by_role("button", name="Alle auf dieser Seite auswählen").click()
        page.get_by_role("group", name="Mit den ausgewählten Meldungen").get_by_role("button", name="Annehmen").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"{MANY - 2} Meldungen annehmen?")
        sound(page)
        page.get_by_role("button", name=f"Ja, {MANY - 2} annehmen").click()
        expect(page.get_by_role("status")).to_contain_text(f"{MANY - 2} Meldungen angenommen.")
        page.get_by_role("button", name="Zurücknehmen").click()
        expect(page.get_by_role("status")).to_contain_text(f"über {MANY - 2} Meldungen ist zurückgenommen.")

        # Three become one.
        page.goto(f"{HERE}/submissions?state=confirmed")
        waiting(page, MANY - 2)
        page.keyboard.press("j")
        for _ in range(3):
            page.keyboard.press("x")
            page.keyboard.press("j")
        page.keyboard.press("m")
        expect(page.get_by_role("heading", level=1)).to_have_text("Aus 3 Meldungen einen Eintrag machen")
        sound(page)
        page.get_by_role("button", name="Zusammenführen").click()
        expect(page.get_by_role("status")).to_contain_text("3 Meldungen sind jetzt ein Eintrag.")
        expect(page.get_by_text("3 Meldungen", exact=True)).to_be_visible()

        # The public text of the first.
        page.goto(f"{HERE}/submissions?state=accepted")
        page.get_by_role("link", name=accepted).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(accepted)
        sound(page)
        page.get_by_text("Öffentlichen Text bearbeiten").click()
        page.get_by_label("Name der Initiative").fill("Ein ganz anderer Name")
        page.get_by_role("button", name="Öffentlichen Text speichern").click()
        expect(page.locator("ins").first).to_contain_text("Ein ganz anderer Name")
        expect(page.locator("del").first).to_contain_text(accepted)
        page.get_by_label("Neue Notiz").fill("Angerufen, alles gut.")
        page.get_by_role("button", name="Notiz speichern").click()
        expect(page.get_by_text("Angerufen, alles gut.")).to_be_visible()
        page.set_viewport_size({"width": PHONE, "height": 844})
        sound(page)

        assert watch.strangers == []
        assert watch.complaints == []
        assert any(policies)
        assert not [policy for policy in policies if "unsafe" in policy]
        take_an_export_away(page)


def take_an_export_away(page: Page) -> None:
    """Press, wait on the page that looks again by itself, click a file, and find it in the log."""
    page.goto(f"{HERE}/exports")
    sound(page)
    page.get_by_role("button", name="Jetzt exportieren").click()
    link = page.get_by_role("link", name="submissions.json", exact=True)
    expect(link).to_be_visible(timeout=90_000)
    sound(page)
    expect(page.locator("main")).to_contain_text(f"Die Bilanz geht auf: {MANY} Meldungen")
    with page.expect_download() as downloading:
        link.click()
    document = json.loads(downloading.value.path().read_bytes())
    assert downloading.value.suggested_filename.endswith("submissions.json")
    assert sum(one["state"] == "duplicate" for one in document["submissions"]) == 2
    assert "Ein ganz anderer Name" in [(one["published"] or {}).get("name") for one in document["submissions"]]
    page.goto(f"{HERE}/audit")
    expect(page.locator("main")).to_contain_text("Export heruntergeladen")
    sound(page)
