"""The event page: from a stick without a network, on a projector, by keyboard, on paper; and live."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, Request, expect

from chalicelib.exports.landscape_files import landscape_files
from infra.demo.people import read_samples
from tests.builders import accepted, kosi, published
from tests.deployed.stack import CALL, Stack
from tests.deployed.test_accessibility import look_at, violations
from tests.local.waiting import wait_for

ALERT = "<script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
SCREEN: Any = {"viewport": {"width": 1920, "height": 1080}}
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@cache
def landscape(count: int = 40) -> bytes:
    """`landscape.html` of a lively call; the first entry is hostile."""
    call = published(kosi(), version=3)
    samples = [one for one in read_samples() if one.confirm]
    found = [accepted(call, number, samples[number % len(samples)].answers) for number in range(count)]
    copy = {**samples[0].answers, "name": f"Böse {ALERT}", "summary": ALERT * 2, "problem": ALERT, "place": ALERT}
    found[0] = accepted(call, 0, samples[0].answers, edited=copy)
    ordered = [
        replace(one, submitted_at=f"2026-05-04T12:00:{place % 60:02}.{place:03}Z") for place, one in enumerate(found)
    ]
    files = landscape_files(call, ordered, base="https://aufruf.example.org", read_at=NOON)
    return next(one.content for one in files if one.name == "landscape.html")


@contextmanager
def opened(browser: Browser, folder: Path, content: bytes | None = None, **settings: Any) -> Iterator[Page]:
    """The page from a folder, with the network cut; fails for anything it asks for or complains of."""
    file = folder / "landscape.html"
    file.write_bytes(content or landscape())
    asked: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("data:", file.as_uri())):
            asked.append(request.url)

    with browser.new_context(**{"locale": "de-DE", "viewport": {"width": 1280, "height": 900}, **settings}) as context:
        context.set_offline(True)
        page = context.new_page()
        page.on("request", note)
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(file.as_uri())
        yield page
        assert page.title() != "run"
        assert asked == []
        assert complaints == []


def names(page: Page) -> list[str]:
    return page.locator("#cards > .card:visible h3").all_inner_texts()


def test_it_is_searched_and_filtered_without_a_network(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path) as page:
        assert len(names(page)) == 40
        expect(page.get_by_role("status")).to_have_text("40 von 40 Initiativen", use_inner_text=True)
        page.get_by_label("In den Initiativen suchen").fill("REPARATURABEND gelotet")
        assert [name.rpartition(" ")[2] for name in names(page)] == ["Reparaturabend"]
        expect(page.get_by_role("status")).to_have_text("1 von 40 Initiativen", use_inner_text=True)
        page.get_by_role("button", name="Alle anzeigen").click()
        page.get_by_role("button", name="Klimaschutz").click()
        by_theme = names(page)
        assert 0 < len(by_theme) < 40
        eving = page.locator("#map").get_by_role("button", name="Eving")
        there = int(eving.locator(".n").inner_text())
        eving.click()
        expect(eving).to_have_attribute("aria-pressed", "true")
        assert len(names(page)) == there
        assert set(names(page)) <= set(by_theme)
        eving.click()
        assert names(page) == by_theme
        page.get_by_label("In den Initiativen suchen").fill("gibt es nicht")
        expect(page.get_by_text("Keine Initiative passt dazu.")).to_be_visible()
        page.locator("#nothing").get_by_role("button").click()
        assert len(names(page)) == 40


def test_one_initiative_is_read_large_and_the_next_one_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path) as page:
        second = page.locator("#cards > .card").nth(1)
        second.locator("summary").focus()
        page.keyboard.press("Enter")
        large = page.get_by_role("dialog")
        expect(large.get_by_role("heading")).to_have_text(second.locator("h3").inner_text())
        expect(large.get_by_text("Vorgangsnummer")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(large.get_by_role("heading")).to_have_text(page.locator("#cards > .card h3").nth(2).inner_text())
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(large.get_by_role("heading")).to_contain_text("<script>")
        page.keyboard.press("Escape")
        expect(large).to_be_hidden()
        expect(second.locator("summary")).to_be_focused()


def test_it_speaks_german_and_english(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path) as page:
        expect(page.locator("html")).to_have_attribute("lang", "de")
        expect(page.locator("h1")).to_have_text("Landschaft der Initiativen: die erste Übersicht", use_inner_text=True)
        page.get_by_role("radio", name="English").check()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.locator("h1")).to_have_text("Landscape of initiatives: the first overview", use_inner_text=True)
        assert page.title() == "Landscape of initiatives: the first overview"
        expect(page.get_by_role("button", name="Start the presentation")).to_be_visible()
        for where in page.locator(".card .where:has(> span + span)").all()[:5]:
            between = where.locator("> span").nth(1)
            dots = (
                "(one) => [one, ...one.querySelectorAll('*')].map((each) => getComputedStyle(each, '::before').content)"
            )
            assert [dot for dot in between.evaluate(dots) if dot != "none"] == ['" · "']
        page.get_by_role("button", name="Climate protection").click()
        assert len(names(page)) < 40
        page.keyboard.press("Tab")
        page.locator("#language-en").focus()
        page.keyboard.press("ArrowLeft")
        expect(page.locator("html")).to_have_attribute("lang", "de")


def test_a_guest_from_abroad_is_met_in_english(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, locale="en-GB") as page:
        expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_presentation_goes_through_the_themes_by_itself(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, **SCREEN) as page:
        page.clock.install(time=NOON)
        page.get_by_role("button", name="Präsentation starten").click()
        kiosk = page.locator("#kiosk")
        expect(kiosk).to_be_visible()
        title = kiosk.locator("#slide h2")
        seen, first = [], title.inner_text()
        for _ in range(60):
            seen.append(title.inner_text())
            overflow = page.evaluate(
                "() => [...document.querySelectorAll('#slide .slide, #slide .main, #slide .side')]"
                ".filter((one) => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1)"
                ".map((one) => one.className + ': ' + one.innerText.slice(0, 60))"
            )
            assert overflow == []
            page.clock.run_for(16_500)
            if title.inner_text() == first:
                break
        else:
            pytest.fail(f"it never came round: {seen}")
        themes = [one.label["de"] for one in kosi().fields["themes"].choices]
        assert list(dict.fromkeys(one for one in seen if one in themes)) == themes
        assert seen[-1] == "Kennen Sie noch eine?"
        assert seen[1] == "Wo etwas geschieht"


def test_the_presentation_is_paused_moved_and_left_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, **SCREEN) as page:
        page.clock.install(time=NOON)
        page.get_by_role("button", name="Präsentation starten").focus()
        page.keyboard.press("Enter")
        kiosk = page.locator("#kiosk")
        title = kiosk.locator("#slide h2")
        pause = kiosk.get_by_role("button", name="Pause")
        expect(pause).to_be_focused()
        page.keyboard.press(" ")
        expect(pause).to_have_attribute("aria-pressed", "true")
        before = title.inner_text()
        page.clock.run_for(120_000)
        expect(title).to_have_text(before, use_inner_text=True)
        page.keyboard.press("ArrowRight")
        expect(title).to_have_text("Wo etwas geschieht", use_inner_text=True)
        expect(kiosk.get_by_role("status")).to_contain_text("Wo etwas geschieht (2 / ")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(title).to_have_text("Kennen Sie noch eine?", use_inner_text=True)
        page.keyboard.press("Home")
        expect(title).to_have_text(before, use_inner_text=True)
        kiosk.get_by_role("button", name="Präsentation beenden").click()
        expect(kiosk).to_be_hidden()


def test_who_declines_motion_gets_a_presentation_that_waits(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, reduced_motion="reduce", **SCREEN) as page:
        page.clock.install(time=NOON)
        page.goto(f"{page.url}#kiosk")
        page.reload()
        expect(page.locator("#kiosk").get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
        title = page.locator("#slide h2").inner_text()
        page.clock.run_for(120_000)
        assert page.locator("#slide h2").inner_text() == title


def test_a_copy_from_before_the_end_does_not_ask_for_reports_after_it(browser: Browser, tmp_path: Path) -> None:
    call = published(replace(kosi(), closes_at=datetime(2026, 5, 5, 12, 0)), version=3)  # noqa: DTZ001 - local time
    [file] = [
        one
        for one in landscape_files(call, [accepted(call, 1, read_samples()[0].answers)], base="", read_at=NOON)
        if one.name == "landscape.html"
    ]
    for days, visible in ((0, True), (9, False)):
        with opened(browser, tmp_path, file.content) as page:
            page.clock.set_fixed_time(NOON + timedelta(days=days))
            page.reload()
            expect(page.locator("#report")).to_be_visible(visible=visible)


def test_without_scripts_all_of_it_can_be_read(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, java_script_enabled=False) as page:
        assert len(names(page)) == 40
        expect(page.get_by_label("In den Initiativen suchen")).to_be_hidden()
        page.locator("#cards > .card summary").nth(1).click()
        expect(page.locator("#cards > .card dl").nth(1)).to_be_visible()
        page.get_by_role("radio", name="English").check()
        expect(page.locator("h1")).to_have_text("Landscape of initiatives: the first overview", use_inner_text=True)


def test_three_hundred_stay_quick(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path, landscape(300)) as page:
        took = page.evaluate(
            "() => { const field = document.querySelector('#search'), begun = performance.now();"
            " for (const text of ['r', 're', 'rep', 'repa', '']) {"
            " field.value = text; field.dispatchEvent(new Event('input', {bubbles: true}));"
            " document.body.offsetHeight; }"
            " return (performance.now() - begun) / 5; }"
        )
        assert took < 250  # milliseconds a letter, on a machine that does other things, too


@pytest.mark.parametrize("tables", [False, True], ids=["as it opens", "tables open, filtered"])
def test_it_keeps_nobody_out(browser: Browser, tmp_path: Path, tables: bool) -> None:
    # A card shows the beginning of a text, all of it is one press away; and what is only to be heard is cut off.
    meant = ('class="summary"', 'class="hear"')
    with opened(browser, tmp_path, landscape(6)) as page:
        if tables:
            for summary in page.locator("details.table summary").all():
                summary.click()
            page.get_by_role("button", name="Klimaschutz").click()
        found: dict[str, Any] = look_at(page)
        left = {name: [one for one in wrong if not any(each in one for each in meant)] for name, wrong in found.items()}
        assert {name: wrong for name, wrong in left.items() if wrong} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_opens_over_it_keeps_nobody_out(browser: Browser, tmp_path: Path, scheme: str) -> None:
    # Without motion: nothing is looked at while it is still coming in.
    looks = {"color_scheme": scheme, "reduced_motion": "reduce"}
    with opened(browser, tmp_path, landscape(6), **looks) as page:
        page.locator("#cards > .card summary").nth(1).click()
        found = {"one": violations(page)}
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Präsentation starten").click()
        for name, keys in {"title": "", "map": "→", "themes": "→", "theme": "→", "join": "⇤←"}.items():
            for key in keys:
                page.keyboard.press({"→": "ArrowRight", "←": "ArrowLeft", "⇤": "Home"}[key])
            found[name] = violations(page)
        assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_it_prints_as_a_handout(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, tmp_path) as page:
        page.emulate_media(media="print")
        expect(page.get_by_role("button", name="Drucken")).to_be_hidden()
        expect(page.get_by_label("In den Initiativen suchen")).to_be_hidden()
        page.set_viewport_size({"width": 703, "height": 1032})  # A4 within its margins, in CSS pixels
        across = (
            "() => new Set([...document.querySelectorAll('#cards > *')].flatMap(card => [...card.getClientRects()])"
        )
        across += ".filter(part => part.width).map(part => Math.round(part.left))).size"
        assert page.evaluate(across) == 2
        torn = (
            "() => [...document.querySelectorAll('#cards > *')].filter(card => card.getClientRects().length > 1).length"
        )
        assert page.evaluate(torn) == 0, "no card goes over from one column to the next"
        page.set_viewport_size({"width": 1032, "height": 1497})  # A3
        assert page.evaluate(across) == 3
        assert page.pdf(format="A4").startswith(b"%PDF")


# Live, on the deployed stack


def decide(stack: Stack, reference: str, decision: str) -> None:
    token = stack.local("token")["token"]
    answer = stack.ask(
        "POST",
        f"/organiser/calls/{CALL}/decisions",
        json={"decision": decision, "submissions": [reference]},
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
    )
    assert answer.status_code == 200, answer.text


def shown(stack: Stack) -> dict[str, str]:
    """The names in the live landscape, by reference."""
    data = stack.ask("GET", f"/calls/{CALL}/landscape.json").json()
    return {one["reference"]: one["name"] for one in data["entries"]}


def test_the_landscape_follows_decisions_within_ten_seconds(stack: Stack, browser: Browser, address: str) -> None:
    answers = {**read_samples()[1].answers, "reporter_email": address, "name": f"Höfe {address}"}
    answers = {name: answer for name, answer in answers.items() if name != "public_contact"}
    reference = stack.accepted(answers)
    receipt = next(word for word in stack.mail(address)["text"].split() if "/receipts/" in word)
    assert stack.ask("POST", f"{receipt}/confirm", headers={"Accept": "application/json"}).status_code == 200
    assert reference not in shown(stack)

    decide(stack, reference, "accept")
    wait_for(lambda: reference in shown(stack), seconds=10, what="the accepted report in the landscape")
    features = stack.ask("GET", f"/calls/{CALL}/landscape.geojson").json()["features"]
    assert reference in [one["id"] for one in features]
    asked: list[str] = []
    complaints: list[str] = []
    with browser.new_context(locale="de-DE") as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: complaints.append(said.text))
        page.goto(f"{stack.url}/calls/{CALL}/landscape")
        expect(page.get_by_role("heading", name=f"Höfe {address}")).to_be_visible()
        assert page.locator("html").get_attribute("class") == "js"
        assert [one for one in asked if not one.startswith("data:")] == [f"{stack.url}/calls/{CALL}/landscape"]
        assert complaints == []

        # On the projector, what was decided meanwhile comes in by itself.
        page.clock.install()
        page.get_by_role("button", name="Präsentation starten").click()
        assert stack.ask("POST", f"{receipt}/withdraw", headers={"Accept": "application/json"}).status_code == 200
        wait_for(lambda: reference not in shown(stack), seconds=10, what="the withdrawal from the landscape")
        card = page.locator("#cards h3", has_text=address)
        wait_for(lambda: page.clock.run_for(31_000) or card.count() == 0, seconds=20, what="the presentation following")
        assert complaints == []


def objects(stack: Stack) -> dict[str, bytes]:
    """Every version of every object in the bucket, whatever it is for; packed ones unpacked."""

    def read(s3: Any) -> dict[str, bytes]:
        bucket, found = stack.outputs["ExportsBucket"], {}
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in page.get("Versions", []):
                asked = {"Bucket": bucket, "Key": one["Key"], "VersionId": one["VersionId"]}
                try:
                    found[f"{one['Key']}?{one['VersionId']}"] = s3.get_object(**asked)["Body"].read()
                except ClientError as error:  # deleted since it was listed
                    if error.response["Error"]["Code"] not in {"NoSuchKey", "NoSuchVersion"}:
                        raise
        return found

    return {name: unpacked(content) for name, content in stack.aws("s3", read).items()}


def unpacked(content: bytes) -> bytes:
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as packed:
            return b"\n".join(packed.read(name) for name in packed.namelist())
    return content


def test_who_is_erased_is_in_no_object_of_the_bucket(stack: Stack, address: str) -> None:
    name, told = f"Spurlos {address}", f"Niemand soll wissen, was {address} hier erzählt."
    personal = {"reporter_email": address, "reporter_name": f"Ada {address}", "relation": "part_of"}
    answers = {**read_samples()[3].answers, **personal, "name": name, "summary": told}
    answers = {name: answer for name, answer in answers.items() if name != "public_contact"}
    reference = stack.accepted(answers)
    receipt = next(word for word in stack.mail(address)["text"].split() if "/receipts/" in word)
    assert stack.ask("POST", f"{receipt}/confirm", headers={"Accept": "application/json"}).status_code == 200
    decide(stack, reference, "accept")
    wait_for(lambda: reference in shown(stack), seconds=10, what="the accepted report in the landscape")
    assert stack.command("exports", "build", CALL).returncode == 0
    traces = [one.encode() for one in (address, name, told, f"Ada {address}")]
    held = objects(stack)
    kinds = {one.partition("?")[0].rpartition("/")[2] for one, content in held.items() if address.encode() in content}
    assert kinds >= {
        "submissions.json", "submissions.ndjson.gz", "submissions.csv", "submissions-excel.csv", "submissions.xlsx",
        "landscape.json", "landscape.geojson", "landscape.html",
    }, "the listing sees what there is to be seen"  # fmt: skip

    answer = stack.ask("POST", f"{receipt}/erase", json={"confirm": True}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    wait_for(lambda: reference not in shown(stack), seconds=10, what="the erasure from the landscape")
    left: dict[str, bytes] = {}

    def gone() -> bool:
        left.clear()
        left.update({one: text for one, text in objects(stack).items() if any(trace in text for trace in traces)})
        return not left

    try:
        wait_for(gone, seconds=20, what="the erasure from the whole bucket", every=0.5)
    except AssertionError as error:
        raise AssertionError(sorted(left)) from error
    assert any("landscape" in one for one in objects(stack))
