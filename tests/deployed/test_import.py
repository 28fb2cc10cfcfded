"""A list is taken over, in German, in a real browser: a CSV out of Excel with umlauts and two broken rows."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.deployed.stack import CALL, ROOT, Stack
from tests.deployed.test_in_the_browser import DESK, PHONE, Watch
from tests.deployed.test_organisers_day import log_in_to, sound

NAME = "eine-liste"
HERE = f"/organiser/calls/{NAME}"
LIST = """\
Nr.;Name der Initiative;Was macht die Initiative?;Themen;Stadtbezirk;Website;Seit wann?
1;Grüne Höfe Hörde;Wir begrünen Höfe gemeinsam mit der Nachbarschaft und pflegen sie das ganze Jahr.;Klimaschutz;Hörde;www.example.org/hoefe;2015
2;Café für alle;Jeden Samstag wird gekocht, gegessen und erzählt: Alt und Jung an einem langen Tisch.;Demografischer Wandel, Nachhaltige Entwicklung;Eving;;2012
3;Offene Werkstatt;Zu kurz.;Neue Arbeitsplätze;Brackel;;2019
4;Fahrradküche;Räder reparieren mit Werkzeug und Rat, offen für alle, gegen eine kleine Spende.;Radverkehr;Mengede;;2011
5;Café für Alle!;Jeden Samstag wird gekocht, gegessen und erzählt. Alt und Jung sitzen an einem langen Tisch.;Demografischer Wandel;Eving;;
"""  # noqa: E501 - as it stands in the file


@pytest.fixture
def call(stack: Stack, tmp_path: Path, address: str) -> str:
    """A call of its own; gives the address of who leads it."""
    text = (ROOT / "calls" / f"{CALL}.yaml").read_text(encoding="utf-8")
    file = tmp_path / "call.yaml"
    file.write_text(text.replace(f"call: {CALL}", f"call: {NAME}").replace("leitung@example.org", address), "utf-8")
    assert stack.command("calls", "publish", file).returncode == 0
    return address


def at_both_sizes(page: Page) -> None:
    """Nothing that anybody could stumble over, on a phone and on a desk."""
    page.set_viewport_size({"width": PHONE, "height": 844})
    sound(page)
    page.set_viewport_size({"width": DESK, "height": 900})
    sound(page)


def test_a_list_is_brought_looked_at_and_taken_over(browser: Browser, stack: Stack, call: str) -> None:
    with browser.new_context(base_url=stack.url, locale="de-DE", viewport={"width": DESK, "height": 900}) as context:
        page = context.new_page()
        watch = Watch(page, stack.url)
        log_in_to(page, stack, call, HERE)
        page.get_by_role("link", name="Liste importieren").click()

        # Nothing chosen is told; then the file, as a German Excel writes it.
        page.get_by_role("button", name="Hochladen").click()
        expect(page.get_by_role("alert")).to_contain_text("Die Datei ist leer.")
        sound(page)
        file = {"name": "Initiativen 2016.csv", "mimeType": "text/csv", "buffer": LIST.encode("cp1252")}
        page.get_by_label("Datei", exact=True).set_input_files(file)
        page.get_by_role("button", name="Hochladen").click()

        # The columns are guessed but for what the list does not say.
        expect(page.get_by_role("heading", level=1)).to_contain_text("Initiativen 2016.csv")
        expect(page.get_by_label("Name der Initiative", exact=True)).to_have_value("1")
        expect(page.locator("#field-summary")).to_have_value("2")
        page.get_by_role("button", name="Liste prüfen").click()
        expect(page.get_by_role("alert")).to_contain_text("In welcher Beziehung stehen Sie zur Initiative?")
        at_both_sizes(page)
        page.locator("#fixed-relation").select_option("knows")
        page.get_by_label("Eigene Nummern der Liste").select_option("0")
        page.get_by_role("button", name="Liste prüfen").click()

        # Two are broken, one looks like another.
        page.get_by_role("button", name="3 Zeilen übernehmen").wait_for()
        broken = page.locator("table", has=page.get_by_text("Was nicht übernommen wird")).locator("tbody tr")
        expect(broken).to_have_count(2)
        expect(broken.nth(0)).to_contain_text("Was macht die Initiative?")
        expect(broken.nth(0)).to_contain_text("mindestens 30 Zeichen")
        expect(broken.nth(1)).to_contain_text("Möglich sind: Demografischer Wandel; Nachhaltige Entwicklung")
        expect(page.get_by_text("Wir begrünen Höfe gemeinsam")).to_be_visible()
        at_both_sizes(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="Alles als Datei herunterladen").click()
        rows = download.value.path().read_text("utf-8-sig").splitlines()
        assert rows[0] == "Zeile;Spalte;Grund"
        assert rows[2].startswith("5;Themen;")

        page.get_by_label("Zeile 6 auslassen: Café für Alle!").check()
        page.get_by_label("Wir dürfen diese Meldungen speichern").check()
        page.get_by_role("button", name="3 Zeilen übernehmen").click()
        expect(page.get_by_role("status")).to_contain_text("2 Meldungen sind da und warten auf eine Entscheidung.")
        at_both_sizes(page)
        page.get_by_role("link", name="Zu den Meldungen").click()
        expect(page.locator("[data-aufruf-row]")).to_have_count(2)
        expect(page.get_by_text("übernommen", exact=True)).to_have_count(2)
        page.get_by_role("link", name="Liste importieren").click()
        expect(page.get_by_role("row", name="Initiativen 2016.csv")).to_contain_text("übernommen")
        sound(page)
        assert watch.strangers == []
        assert watch.complaints == []
