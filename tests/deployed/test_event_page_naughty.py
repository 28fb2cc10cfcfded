"""The event page with the Big List of Naughty Strings in every text field: from a file, in a browser."""

import json
from pathlib import Path

from playwright.sync_api import Browser, Dialog, expect

from chalicelib.exports.landscape_files import landscape_files
from tests.builders import kosi, published
from tests.deployed.test_event_page import NOON, opened
from tests.hostile.naughty import naughty_reports

_SHOWN = (
    "() => [...document.querySelectorAll('#cards > .card')].map((card) =>"
    " [card.querySelector('h3').textContent, card.textContent])"
)
# What a page has that took a text for code: an element that only the texts have, or a mark that only they set.
_MADE = (
    'document.querySelectorAll(\'#cards img, #cards iframe, #cards script, #cards a[href^="javascript"], #cards object,'
    " #cards form, #cards input, #cards video, #cards marquee, #cards style, #cards link, #cards [onclick],"
    " #cards [onerror], #cards [onload]').length"
)


def test_naughty_strings_are_shown_as_they_are_and_do_nothing(browser: Browser, tmp_path: Path) -> None:
    reports = naughty_reports()
    files = landscape_files(published(kosi()), reports, base="https://aufruf.example.org", read_at=NOON)
    content = next(one.content for one in files if one.name == "landscape.html")
    opened_up: list[str] = []

    def note(dialog: Dialog) -> None:
        opened_up.append(dialog.message)
        dialog.dismiss()

    with opened(browser, tmp_path, content) as page:
        page.on("dialog", note)
        page.reload()  # what happens while it opens is seen, too
        address = page.url
        shown = dict(zip([one.reference for one in reports], page.evaluate(_SHOWN), strict=True))
        for report in reports:
            answers = json.loads(report.answers)
            name, text = shown[report.reference]
            assert name == answers.get("name", report.reference)
            for field in ("summary", "theme_other", "place", "problem", "novelty"):
                assert answers.get(field, "") in text, (report.reference, field)
        assert page.evaluate(_MADE) == 0

        # Search, detail and presentation make elements of the same texts once more.
        page.get_by_label("In den Initiativen suchen").fill("<script>alert(")
        found = page.locator("#cards > .card:visible")
        assert found.count() > 0
        found.first.locator("summary").click()
        expect(page.get_by_role("dialog")).to_contain_text("<script>alert(")
        for _ in range(30):
            page.keyboard.press("ArrowRight")
        assert page.get_by_role("dialog").locator("img, iframe, script").count() == 0
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Präsentation starten").click()
        for _ in range(12):
            page.keyboard.press("ArrowRight")
        assert page.locator("#kiosk").locator("img, iframe, script").count() == 0
        assert page.url.partition("#")[0] == address.partition("#")[0]
        assert len(page.context.pages) == 1
    assert opened_up == []
