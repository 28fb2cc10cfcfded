"""A citizen without JavaScript comes back: changes a report, loses the link, takes the data, withdraws, erases."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from chalicelib.ledger.kinds import family_of
from chalicelib.web.languages import translate
from tests.builders import kosi_answers
from tests.deployed.stack import CALL, Stack
from tests.deployed.test_in_the_browser import label, visitor, wide_enough
from tests.local.waiting import wait_for

LINK = re.compile(r"http\S+/receipts/\S+")


def words(page: Page, message: str) -> str:
    """A message of ours in the page's language."""
    return translate(page.locator("html").get_attribute("lang") or "", message)


def button(page: Page, message: str) -> None:
    page.get_by_role("button", name=words(page, message), exact=True).click()


def follow(page: Page, message: str) -> None:
    page.get_by_role("link", name=words(page, message), exact=True).first.click()
    expect(page.locator("h1")).to_have_count(1)
    wide_enough(page)


def links_in(stack: Stack, address: str, family: str) -> list[str]:
    """All links in the mail of a family, once it is there."""
    mail = wait_for(
        lambda: next((one for one in stack.mails(address) if family_of(one["tags"]["kind"]) == family), None),
        what=f"the mail to {family}",
    )
    return [link.partition("?")[0] for link in LINK.findall(mail["text"])]


def families(stack: Stack, address: str) -> list[str]:
    """Which mails came."""
    return sorted(family_of(one["tags"]["kind"]) for one in stack.mails(address))


@pytest.fixture
def receipt(stack: Stack, address: str, key: str) -> str:
    """The address of the receipt of a report that was just confirmed."""
    stack.accepted(kosi_answers(reporter_email=address), key=key)
    [link] = links_in(stack, address, "confirm")
    assert stack.ask("POST", f"{link}/confirm").status_code == 200
    return link


@pytest.mark.parametrize(("language", "width"), [("de", 390), ("en", 1280)])
def test_a_report_is_changed_and_a_slower_tab_is_shown_both(
    browser: Browser, stack: Stack, receipt: str, language: str, width: int
) -> None:
    with visitor(browser, stack, language=language, width=width, scripts=False, refusals=(422, 409)) as page:
        page.goto(receipt)
        follow(page, "Change the report")
        slower = page.context.new_page()
        slower.goto(page.url)

        name = page.get_by_label(label("name", language))
        expect(name).to_have_value(kosi_answers()["name"])
        name.fill("")
        button(page, "Save the changes")
        expect(page.get_by_role("alert").get_by_role("link")).to_have_attribute("href", "#field-name")
        page.get_by_label(label("name", language)).fill("Tauschregal am Neumarkt")
        button(page, "Save the changes")
        expect(page.get_by_text(words(page, "Your changes are saved."))).to_be_visible()
        expect(page.get_by_text("Tauschregal am Neumarkt")).to_be_visible()
        wide_enough(page)

        slower.get_by_label(label("name", language)).fill("Tauschregal im Keller")
        button(slower, "Save the changes")
        expect(slower.get_by_role("alert")).to_be_visible()
        both = slower.get_by_role("region", name=words(slower, "Where the two differ"))
        for shown in ("Tauschregal am Neumarkt", "Tauschregal im Keller"):
            expect(both.get_by_text(shown)).to_be_visible()
        wide_enough(slower)
        button(slower, "Save the changes")
        expect(slower.get_by_text("Tauschregal im Keller")).to_be_visible()
    known = stack.receipt(receipt)
    assert (known["answers"]["name"], known["state"]) == ("Tauschregal im Keller", "confirmed")
    assert [one["event"] for one in known["history"]] == ["received", "confirmed", "changed", "changed"]


def test_a_lost_link_comes_back_by_mail_and_only_to_its_owner(
    browser: Browser, stack: Stack, receipt: str, address: str
) -> None:
    with visitor(browser, stack, scripts=False, refusals=(404, 422)) as page:
        page.goto(f"{receipt[:-4]}lost")
        expect(page.locator("h1")).to_have_text(translate("de", "This page does not exist."))
        page.locator(f"main a[href*='calls/{CALL}/links']").click()
        page.get_by_label(translate("de", "Your e-mail address")).fill("ada@")
        button(page, "Send me my links")
        expect(page.get_by_role("alert")).to_be_visible()
        answers = []
        for asked in (f"nobody-{address}", address.upper()):
            page.goto(f"/calls/{CALL}/links")
            page.get_by_label(translate("de", "Your e-mail address")).fill(asked)
            button(page, "Send me my links")
            expect(page.locator("h1")).to_have_text(translate("de", "Please look into your mailbox"))
            answers.append(page.content())
        assert answers[0] == answers[1]
        [again] = links_in(stack, address, "links")
        page.goto(again)
        expect(page.locator("h1")).to_contain_text(stack.receipt(receipt)["reference"])
    stack.drain()
    assert stack.mails(f"nobody-{address}") == []
    assert families(stack, address) == ["confirm", "links", "receipt"]


def test_the_data_are_taken_away_and_the_report_is_withdrawn_and_erased(
    browser: Browser, stack: Stack, receipt: str, address: str, key: str, tmp_path: Path
) -> None:
    reference = stack.receipt(receipt)["reference"]
    with visitor(browser, stack, scripts=False, refusals=(410, 422)) as page:
        page.goto(receipt)
        with page.expect_download() as started:
            page.get_by_role("link", name=translate("de", "Download everything that is stored about it")).click()
        assert started.value.suggested_filename == f"{CALL}-{reference}.json"
        started.value.save_as(tmp_path / "data.json")
        data = json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))
        assert data["submission"]["answers"] == kosi_answers(reporter_email=address)
        # The one that says it is confirmed may just be on its way.
        assert {one["state"] for one in data["mails"] if one["kind"] == "confirm"} <= {"sent", "delivered"}

        page.get_by_text(translate("de", "Withdraw the report"), exact=True).click()
        button(page, "Withdraw it now")
        expect(page.get_by_text(translate("de", "Your report is withdrawn."))).to_be_visible()
        assert stack.receipt(receipt)["actions"] == ["erase"]

        follow(page, "Erase the report for good")
        button(page, "Erase it for good")
        expect(page.get_by_role("alert").get_by_role("link")).to_have_attribute("href", "#field-confirm")
        page.get_by_label(translate("de", "Yes, erase my report. I know that this cannot be undone.")).check()
        button(page, "Erase it for good")
        expect(page.locator("h1")).to_have_text(translate("de", "Your report has been erased."))
        expect(page.get_by_text(reference)).to_be_visible()
        wide_enough(page)

    gone = stack.ask("GET", receipt, headers={"Accept": "application/json"})
    assert (gone.status_code, gone.json()["code"]) == (410, "erased")
    repeated = stack.post_report(kosi_answers(reporter_email=address), key=key)
    assert (repeated.status_code, repeated.json()["code"]) == (410, "erased")
    stack.drain()
    [exported] = [one for one in stack.local("nightly")["exports"] if one["call"] == CALL]
    assert exported["state"] == "ready"
    assert stack.ledger(reference) == {}
    assert families(stack, address) in (["confirm"], ["confirm", "receipt"])
