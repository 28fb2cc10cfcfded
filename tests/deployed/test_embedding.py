"""The form on other people's pages, in a real browser: pages of another origin, with the policy a careful site sets."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
import requests
import yaml
from playwright.sync_api import Browser, Route, expect

from chalicelib.intake.embedding import WORDS
from chalicelib.web.languages import translate
from tests.builders import kosi, kosi_answers
from tests.deployed.embedded import (
    DESK,
    NAME,
    REFERENCE,
    STORY,
    answer_every_question,
    button,
    check_accessible,
    fill_kosi,
    fill_plain_form,
    form,
    group,
    narrow_enough,
    only_mail,
    opened,
    page_with,
    reference_on,
    summary,
    tab_to,
)
from tests.deployed.sites import EXAMPLES, Site, website
from tests.deployed.stack import CALL, ROOT, Stack
from tests.deployed.test_in_the_browser import wait_as_a_person_would

PHONE = 390
EVERY = "every-question"


@pytest.fixture(scope="module")
def city(own_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A website that the calls name."""
    with website(own_stack.url) as site:
        folder = tmp_path_factory.mktemp("calls")
        for path in (ROOT / "calls" / f"{CALL}.yaml", ROOT / "tests" / "calls" / f"{EVERY}.yaml"):
            call = yaml.safe_load(path.read_text(encoding="utf-8"))
            call["policy"] |= {"origins": [site.origin], "next": {"thanks": f"{site.origin}/danke"}}
            changed = folder / path.name
            changed.write_text(yaml.safe_dump(call, allow_unicode=True), encoding="utf-8")
            published = own_stack.command("calls", "publish", changed)
            assert published.returncode == 0, published.stdout + published.stderr
        site.pages["danke"] = "<!doctype html><html lang=de><title>Danke</title><h1>Danke der Stadt</h1>"
        yield site


@pytest.fixture(scope="module")
def stranger(own_stack: Stack) -> Iterator[Site]:
    """A website that no call names."""
    with website(own_stack.url) as site:
        yield site


# The documented page


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_documented_page_shows_errors_by_field_and_then_the_reference(
    browser: Browser, own_stack: Stack, city: Site, address: str, language: str, width: int
) -> None:
    documented = (EXAMPLES / "custom-element.html").read_text(encoding="utf-8")
    city.pages["asked.html"] = documented.replace('lang="de"', f'lang="{language}"')
    fields = kosi().fields

    def label(name: str) -> str:
        return fields[name].label[language]

    with opened(browser, f"{city.origin}/asked.html", width=width) as (page, said):
        expect(form(page).locator(".panel")).to_have_attribute("lang", language)
        form(page).get_by_label(label("name")).fill(NAME)
        form(page).get_by_label(label("summary")).fill("Zu kurz")
        button(page, language=language).click()

        expect(summary(page)).to_be_focused()
        expect(summary(page)).to_be_in_viewport()
        links = summary(page).get_by_role("link")
        wrong = ["relation", "summary", "themes", "districts", "reporter_email", "privacy_read", "consent_publish"]
        assert [one.get_attribute("data-field") for one in links.all()] == wrong
        for name, link in zip(wrong, links.all(), strict=True):
            assert label(name) in link.inner_text()
            beside = str(form(page).locator(f"#error-{name}").text_content()).partition(": ")[2]
            assert beside
            assert beside in link.inner_text()
        links.nth(1).click()
        story = form(page).get_by_label(label("summary"))
        expect(story).to_be_focused()
        expect(story).to_have_value("Zu kurz")
        expect(story).to_have_attribute("aria-invalid", "true")
        assert "error-summary" in str(story.get_attribute("aria-describedby")).split()
        assert page.url.endswith("asked.html"), "the page around keeps its address"
        narrow_enough(page)

        story.fill("Wir flicken Räder, löten Lötstellen\nund trinken dabei Kaffee, für 0 €.")
        for name, choice in (("relation", "part_of"), ("themes", "climate_protection"), ("districts", "hoerde")):
            words = next(one.label[language] for one in fields[name].choices if one.id == choice)
            group(page, label(name)).get_by_label(words, exact=True).check()
        form(page).get_by_label(label("since")).fill("2015")
        form(page).get_by_label(label("reporter_email")).fill(address)
        for name in ("privacy_read", "consent_publish"):
            form(page).get_by_label(label(name)).check()
        button(page, language=language).click()
        reference = reference_on(page)
        expect(form(page).get_by_role("heading", name=translate(language, WORDS["thanks"]))).to_be_focused()
        narrow_enough(page)
        # Chromium writes a line for every refusal; nothing else may be wrong, least of all with the page's own policy.
        assert [one for one in said.complaints if "status of 422" not in one] == []
        assert {one.url.split("/")[2] for one in said.asked if not one.url.startswith("data:")} == {
            city.origin.partition("//")[2],
            own_stack.url.partition("//")[2],
        }
        assert all(
            "cookie" not in one.all_headers() and "referer" not in one.all_headers() for one in said.posts("/calls/")
        )
    assert reference in only_mail(own_stack, address)
    link = re.search(r"http\S+/receipts/\S+", own_stack.mail(address)["text"])
    assert link is not None
    assert own_stack.receipt(link[0])["answers"] == {
        "relation": "part_of",
        "name": NAME,
        "summary": "Wir flicken Räder, löten Lötstellen\nund trinken dabei Kaffee, für 0 €.",
        "themes": ["climate_protection"],
        "districts": ["hoerde"],
        "since": 2015,
        "reporter_email": address,
        "privacy_read": True,
        "consent_publish": True,
    }


def test_without_scripts_the_documented_page_leads_to_the_form(browser: Browser, own_stack: Stack, city: Site) -> None:
    with opened(browser, f"{city.origin}/custom-element.html", java_script_enabled=False) as (page, _said):
        page.get_by_role("link", name="Zum Formular").click()
        assert page.url == f"{own_stack.url}/calls/{CALL}/form?lang=de"


def test_the_script_is_small_on_the_wire(own_stack: Stack) -> None:
    with requests.get(
        f"{own_stack.url}/embed.js", headers={"Accept-Encoding": "gzip"}, stream=True, timeout=30
    ) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.raw.read(decode_content=False)) < 15 * 1024


# Who may


@pytest.mark.parametrize("name", ["origin", "by_another_name"], ids=["another-port", "another-host"])
def test_a_site_that_is_not_listed_is_refused(
    browser: Browser, own_stack: Stack, stranger: Site, address: str, name: str
) -> None:
    with opened(browser, f"{getattr(stranger, name)}/custom-element.html") as (page, said):
        expect(form(page)).to_contain_text(translate("de", WORDS["notHere"]))
        expect(form(page).get_by_role("link", name="Zum Formular")).to_be_visible()
        assert any("blocked by CORS policy" in one for one in said.complaints)
        # Nor by going around the element: the browser asks first and is told nothing.
        tried = page.evaluate(
            """async ([address, body]) => {
                const answers = [];
                for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
                    const options = {method: "POST", headers: {"Content-Type": type}, body};
                    answers.push(await fetch(address, options).then(String, (error) => error.name));
                }
                return answers;
            }""",
            [
                f"{own_stack.url}/calls/{CALL}/submissions",
                json.dumps({"answers": kosi_answers(reporter_email=address)}),
            ],
        )
        assert tried == ["TypeError"] * 3
    own_stack.drain()
    assert own_stack.mails(address) == []


@pytest.mark.parametrize("name", ["origin", "by_another_name"], ids=["another-port", "another-host"])
def test_a_plain_form_of_a_site_that_is_not_listed_is_refused_and_can_be_sent_from_ours(
    browser: Browser, own_stack: Stack, stranger: Site, address: str, name: str
) -> None:
    with opened(browser, f"{getattr(stranger, name)}/plain-form.html") as (page, _said):
        fill_plain_form(page, address)
        expect(page.get_by_role("alert")).to_contain_text("Die Website, von der Sie kommen, darf keine Meldungen")
        assert page.url.startswith(f"{own_stack.url}/calls/{CALL}/submissions")
        expect(page.get_by_label(kosi().fields["name"].label["de"])).to_have_value(NAME)
        own_stack.drain()
        assert own_stack.mails(address) == []
        wait_as_a_person_would()  # the page came with a fresh ticket
        page.get_by_role("main").get_by_role("button", name="Meldung abschicken").click()
        expect(page.locator(".reference")).to_be_visible()
    own_stack.mail(address)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_documented_plain_form_ends_on_the_page_that_the_call_names(
    browser: Browser, own_stack: Stack, city: Site, address: str, scripts: bool
) -> None:
    with opened(browser, f"{city.origin}/plain-form.html", java_script_enabled=scripts) as (page, _said):
        check_accessible(page) if scripts else None
        fill_plain_form(page, address)
        expect(page.get_by_role("heading", name="Danke der Stadt")).to_be_visible()
        found = re.fullmatch(rf"{city.origin}/danke\?reference=(\S+)", page.url)
        assert found is not None
    assert found[1] in only_mail(own_stack, address)


def test_what_is_wrong_in_a_plain_form_is_shown_on_our_page(browser: Browser, city: Site, address: str) -> None:
    with opened(browser, f"{city.origin}/plain-form.html") as (page, _said):
        fill_plain_form(page, address, story="Zu kurz")
        expect(page.get_by_role("alert").get_by_role("link")).to_have_count(1)
        page.get_by_label(kosi().fields["summary"].label["de"]).fill("Nun ist es aber wirklich lang genug, oder nicht?")
        page.get_by_role("main").get_by_role("button", name="Meldung abschicken").click()
        expect(page.locator(".reference")).to_be_visible()


# A call that demands a ticket and a proof of work


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_proof_of_work_is_done_while_a_person_types(
    browser: Browser, own_stack: Stack, city: Site, address: str, language: str
) -> None:
    with opened(browser, page_with(city, EVERY, lang=language)) as (page, said):
        expect(button(page, language=language)).to_be_visible()
        assert said.posts("/tickets") == [], "who only looks costs nothing"
        answer_every_question(page, address, language)
        button(page, language=language).click()
        reference = reference_on(page)
        assert len(said.posts("/tickets")) == len(said.posts("/submissions")) == 1
        assert said.complaints == []
        sent = json.loads(str(said.posts("/submissions")[0].post_data))
        assert sent.keys() == {"answers", "ticket", "altcha"}
    assert reference in only_mail(own_stack, address)


def test_the_page_around_is_told_of_a_report(browser: Browser, city: Site, address: str) -> None:
    with opened(browser, page_with(city, EVERY)) as (page, _said):
        page.evaluate("document.addEventListener('aufruf-sent', (event) => { window.told = event.detail; })")
        answer_every_question(page, address)
        button(page).click()
        reference = reference_on(page)
        assert page.evaluate("window.told") == {"reference": reference}


def test_pressing_the_button_twice_sends_one_report_and_another_one_can_follow(
    browser: Browser, own_stack: Stack, city: Site, address: str
) -> None:
    with opened(browser, page_with(city, EVERY)) as (page, said):
        answer_every_question(page, address)
        button(page).dblclick()
        first = reference_on(page)
        assert len(said.posts("/submissions")) == 1
        button(page, "another").click()
        expect(form(page).get_by_role("heading", name="Alle Fragen")).to_be_focused()
        expect(form(page).get_by_label("Name")).to_have_value("")
        other = f"second-{address}"
        answer_every_question(page, other)
        button(page).click()
        expect(form(page).locator(".reference")).not_to_have_text(first)
        assert reference_on(page) in only_mail(own_stack, other)
    assert first in only_mail(own_stack, address)


def test_a_question_is_asked_only_when_it_makes_sense(browser: Browser, city: Site, address: str) -> None:
    with opened(browser, page_with(city, EVERY, lang="en")) as (page, said):
        answer_every_question(page, address, "en")
        why, other = form(page).get_by_label("Why so large?"), form(page).get_by_label("Which other?")
        expect(why).to_be_hidden()
        expect(other).to_be_hidden()
        group(page, "Size").get_by_label("Large").check()
        group(page, "Colours").get_by_label("Other").check()
        expect(other).to_be_visible()
        why.fill("Because.")
        other.fill("Blue")
        group(page, "Colours").get_by_label("Other").uncheck()
        expect(other).to_be_hidden()
        button(page, language="en").click()
        reference_on(page)
        answers = json.loads(str(said.posts("/submissions")[0].post_data))["answers"]
        assert (answers["large_why"], answers.get("colour_other")) == ("Because.", None)


def test_what_is_left_of_a_text_is_counted_as_the_server_counts(browser: Browser, city: Site) -> None:
    with opened(browser, page_with(city, EVERY, lang="en")) as (page, _said):
        story, count = form(page).get_by_label("Story"), form(page).locator(".count").first
        for text, words in (
            ("  wörk ", "needed: 6"),
            ("x" * 30, "left: 10"),
            ("👩‍🎨" * 10, "left: 10"),
            ("x" * 42, "many: 2"),
        ):
            story.fill(text)
            expect(count).to_contain_text(words)
        expect(form(page).get_by_role("status").first).to_contain_text("many: 2", timeout=5000)


def test_another_language_keeps_what_was_typed(browser: Browser, city: Site, address: str) -> None:
    with opened(browser, page_with(city, EVERY)) as (page, _said):
        answer_every_question(page, address)
        form(page).evaluate("element => element.setAttribute('lang', 'en')")
        expect(form(page).locator(".panel")).to_have_attribute("lang", "en")
        expect(form(page).get_by_label("Story")).to_have_value(STORY)
        expect(group(page, "Size").get_by_label("Small")).to_be_checked()
        expect(form(page).get_by_label("May be shown")).to_be_checked()
        form(page).evaluate("element => element.setAttribute('lang', 'fr')")
        expect(form(page).get_by_role("button")).to_have_text("Send the report")


# When something goes wrong on the way


def test_a_lost_reply_makes_no_second_report(browser: Browser, own_stack: Stack, city: Site, address: str) -> None:
    with opened(browser, page_with(city, EVERY)) as (page, said):

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        page.route("**/submissions**", lose, times=1)
        answer_every_question(page, address)
        button(page).click()
        reference = reference_on(page)
        assert len(said.posts("/submissions")) == 2
    assert reference in only_mail(own_stack, address)


def test_offline_nothing_is_lost_and_it_can_be_sent_later(
    browser: Browser, own_stack: Stack, city: Site, address: str
) -> None:
    with opened(browser, page_with(city, EVERY)) as (page, _said):
        answer_every_question(page, address)
        page.context.set_offline(True)
        button(page).click()
        expect(summary(page)).to_be_focused()
        expect(summary(page)).to_contain_text(translate("de", WORDS["offline"]))
        expect(form(page).get_by_label("Geschichte")).to_have_value(STORY)
        page.context.set_offline(False)
        button(page).click()
        reference = reference_on(page)
    assert reference in only_mail(own_stack, address)


def test_a_ticket_that_is_not_good_any_more_is_renewed_without_a_word(
    browser: Browser, own_stack: Stack, city: Site, address: str
) -> None:
    with opened(browser, page_with(city, CALL)) as (page, said):

        def spoil(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json=answer.json() | {"ticket": "forged", "challenge": None})

        page.route("**/tickets**", spoil, times=1)
        fill_kosi(page, address)
        button(page).click()
        reference = reference_on(page)
        assert len(said.posts("/tickets")) == len(said.posts("/submissions")) == 2
    assert reference in only_mail(own_stack, address)


def test_on_a_slow_network_a_person_is_told_to_wait(browser: Browser, city: Site, address: str) -> None:
    page_address = page_with(city, CALL)
    with opened(browser, f"{city.origin}/danke") as (page, said):
        held: list[Route] = []
        page.clock.install()
        page.goto(page_address)
        page.route(
            "**/submissions**",
            lambda route: held.append(route),  # noqa: PLW0108 - Playwright looks into it
            times=1,
        )
        fill_kosi(page, address)
        page.clock.run_for(2000)  # the ticket is old enough
        with page.expect_request("**/submissions**"):
            button(page).click()
            page.clock.run_for(2000)
        status = form(page).get_by_role("status").last
        expect(status).to_have_text(translate("de", WORDS["sending"]))
        expect(button(page)).to_have_attribute("aria-disabled", "true")
        page.clock.run_for(8000)
        expect(status).to_have_text(translate("de", WORDS["slow"]))
        button(page).click(force=True)
        assert len(said.posts("/submissions")) == len(held) == 1
        held[0].continue_()
        reference_on(page)


def test_a_browser_that_cannot_do_the_proof_of_work_is_shown_another_way(
    browser: Browser, own_stack: Stack, city: Site, address: str
) -> None:
    page_address = page_with(city, EVERY)
    with opened(browser, f"{city.origin}/danke") as (page, said):
        # As on a page without HTTPS.
        page.add_init_script("Object.defineProperty(crypto, 'subtle', {value: undefined})")
        page.goto(page_address)
        answer_every_question(page, address)
        button(page).click()
        expect(summary(page)).to_contain_text(translate("de", WORDS["noProof"]))
        link = summary(page).get_by_role("link")
        expect(link).to_have_attribute("href", f"{own_stack.url}/calls/{EVERY}/form?lang=de")
        assert said.posts("/submissions") == []


def test_it_works_below_a_base_path(browser: Browser, own_stack: Stack, city: Site) -> None:
    city.pages["based.html"] = (
        f'<!doctype html><html lang="de"><title>Basis</title><script src="{own_stack.url}/base/path/embed.js"></script>'
        f'<aufruf-form call="{EVERY}"></aufruf-form>'
    )
    with opened(browser, f"{city.origin}/danke") as (page, said):
        page.route(
            "**/base/path/**",
            lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace("/base/path", ""))),
        )
        page.goto(f"{city.origin}/based.html")
        expect(button(page)).to_be_visible()
        asked = [one.url for one in said.asked if one.url.startswith(own_stack.url)]
        assert asked == [f"{own_stack.url}/base/path/embed.js", f"{own_stack.url}/base/path/calls/{EVERY}?lang=de"]


REFUSALS = [
    (409, "changed-meanwhile", {}, "Geändert"),
    (410, "not-confirmed-in-time", {}, "Vorbei"),
    (413, "body-too-large", {}, "Zu lang"),
    (503, "unavailable", {"Retry-After": "7"}, "Ausgelastet"),
]


@pytest.mark.parametrize(("status", "code", "headers", "title"), REFUSALS, ids=[str(one[0]) for one in REFUSALS])
def test_any_refusal_is_told_and_it_can_be_sent_again(
    browser: Browser, city: Site, address: str, status: int, code: str, headers: dict[str, str], title: str
) -> None:
    with opened(browser, page_with(city, CALL)) as (page, _said):
        shared = {"Access-Control-Allow-Origin": city.origin, "Access-Control-Expose-Headers": "Retry-After"}

        def refuse(route: Route) -> None:
            problem = {"title": title, "detail": "Näheres.", "status": status, "code": code}
            route.fulfill(status=status, headers=shared | headers, json=problem)

        page.route("**/submissions**", refuse, times=1)
        fill_kosi(page, address)
        button(page).click()
        expect(summary(page)).to_be_focused()
        expect(summary(page)).to_contain_text(title)
        expect(summary(page)).to_contain_text("Näheres.")
        if "Retry-After" in headers:
            expect(summary(page)).to_contain_text("Bitte warten Sie 7 Sekunden")
        expect(form(page).get_by_label(kosi().fields["name"].label["de"])).to_have_value(NAME)
        button(page).click()
        reference_on(page)


def test_other_answers_with_the_same_ticket_are_a_second_report_only_when_a_person_says_so(
    browser: Browser, own_stack: Stack, city: Site, address: str
) -> None:
    with opened(browser, page_with(city, EVERY)) as (page, _said):

        def lose(route: Route) -> None:
            route.fetch() if not lost else None
            lost.append(route.request.url)
            route.abort()

        lost: list[str] = []
        page.route("**/submissions**", lose)
        answer_every_question(page, address)
        button(page).click()
        expect(summary(page)).to_contain_text(translate("de", WORDS["unreachable"]))
        page.unroute("**/submissions**")
        form(page).get_by_label("Geschichte").fill("Eine andere Geschichte.")
        button(page).click()
        first = REFERENCE.search(summary(page).get_by_text("Vorgangsnummer").inner_text())
        assert first is not None
        assert first[0] in only_mail(own_stack, address)
        button(page, "second").click()
        assert reference_on(page) != first[0]


@pytest.mark.parametrize(
    ("phase", "words"),
    [("not-yet", "Dieser Aufruf beginnt am 1. März 2017"), ("closed", "Dieser Aufruf lief bis zum 14.")],
)
def test_a_call_that_is_not_open_says_so(browser: Browser, city: Site, phase: str, words: str) -> None:
    address = page_with(city, CALL)
    with opened(browser, f"{city.origin}/danke") as (page, said):

        def change(route: Route) -> None:
            answer = route.fetch()
            changed = {"phase": phase, "closes_at": "2017-09-14T13:30:00.000Z"}
            route.fulfill(response=answer, json=answer.json() | changed)

        page.route(f"**/calls/{CALL}?**", change)
        page.goto(address)
        expect(form(page)).to_contain_text(words)
        expect(form(page).get_by_role("button")).to_have_count(0)
        assert said.complaints == []


# For everyone


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_passes_axe(browser: Browser, city: Site, address: str, language: str, scheme: str) -> None:
    page_address = page_with(city, EVERY, lang=language)
    with opened(browser, page_address, width=320, color_scheme=scheme, bypass_csp=True) as (page, _said):
        expect(button(page, language=language)).to_be_visible()
        page.locator("html").evaluate("(root, language) => { root.lang = language; }", language)
        form(page).locator("details").evaluate("details => { details.open = true; }")
        group(page, "Größe" if language == "de" else "Size").get_by_role("radio").nth(1).check()
        check_accessible(page)
        narrow_enough(page)
        button(page, language=language).click()
        expect(summary(page)).to_be_focused()
        check_accessible(page)
        narrow_enough(page)
        answer_every_question(page, address, language)
        button(page, language=language).click()
        reference_on(page)
        check_accessible(page)
        narrow_enough(page)


def test_the_keyboard_alone_is_enough(browser: Browser, city: Site, address: str) -> None:
    with opened(browser, page_with(city, EVERY, lang="en")) as (page, _said):
        expect(button(page, language="en")).to_be_visible()
        keys = page.keyboard
        form(page).get_by_label("Name").focus()
        keys.press("Enter")  # sends, as in any form
        expect(summary(page)).to_be_focused()
        keys.press("Tab")
        keys.press("Enter")  # the first link of the summary
        expect(form(page).get_by_label("Name")).to_be_focused()
        keys.type("Ada")
        for reached, types in (
            (form(page).get_by_label("Story"), STORY),
            (group(page, "Size").get_by_label("Small"), " "),
            (group(page, "Colours").get_by_label("Green"), " "),
            (form(page).get_by_label("Since"), "2015"),
            (form(page).get_by_label("E-mail"), address),
            (form(page).locator("summary"), " "),
            (form(page).get_by_label("Read"), " "),
            (form(page).get_by_label("May be shown"), " "),
            (button(page, language="en"), ""),
        ):
            tab_to(page, reached)
            keys.type(types)
        expect(form(page).get_by_text("This is a second paragraph.")).to_be_visible()
        keys.press("Enter")
        reference_on(page)


# From a server


def test_the_documented_script_sends_a_report_once(own_stack: Stack, city: Site, address: str, tmp_path: Path) -> None:
    assert city.origin
    entry = json.loads((EXAMPLES / "entry.json").read_text(encoding="utf-8")) | {"id": token_hex(4)}
    entry["answers"]["reporter_email"] = address

    def run() -> subprocess.CompletedProcess[str]:
        file = tmp_path / "entry.json"
        file.write_text(json.dumps(entry), encoding="utf-8")
        command = [sys.executable, EXAMPLES / "server-post.py", own_stack.url, file]
        environment = {"no_proxy": "127.0.0.1", "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)

    first, again = run(), run()
    assert first.returncode == 0, first.stderr
    assert REFERENCE.fullmatch(first.stdout.strip())
    assert again.stdout == first.stdout
    assert first.stdout.strip() in only_mail(own_stack, address)

    entry["id"] = token_hex(4)
    entry["answers"]["summary"] = "Zu kurz"
    refused = run()
    assert refused.returncode == 1
    assert "  summary: " in refused.stderr
