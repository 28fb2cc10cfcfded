"""Announcements and the outbox as organisers use them, in German, in a real browser, on a desk and on a phone."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from secrets import randbits

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from chalicelib.runtime.clock import now, stamp
from chalicelib.submissions.submission import Happening, Submission
from chalicelib.submissions.table import _record
from infra.call_files import read_call_file
from tests.builders import kosi_answers, published, submission_of
from tests.deployed.stack import CALL, ROOT, Stack
from tests.deployed.test_accessibility import violations
from tests.deployed.test_in_the_browser import DESK, PHONE, Watch
from tests.deployed.test_organisers_day import log_in_to, sound
from tests.local.waiting import wait_for

NAME = "einladen-und-nachsehen"
HERE = f"/organiser/calls/{NAME}"
MANY = 12


@pytest.fixture
def reports(stack: Stack, tmp_path: Path, address: str) -> list[Submission]:
    """A call of its own, led by `address`, whose event is to come, with confirmed reports of people to be invited."""
    text = (ROOT / "calls" / f"{CALL}.yaml").read_text(encoding="utf-8")
    file = tmp_path / "call.yaml"
    day = f"{now() + timedelta(days=30):%Y-%m-%d}"
    text = text.replace(f"call: {CALL}", f"call: {NAME}").replace("leitung@example.org", address)
    file.write_text(text.replace("2017-09-14", day), "utf-8")
    assert stack.command("calls", "publish", file).returncode == 0
    asked = published(read_call_file(file)[0])
    at = stamp(now())
    made = []
    for number in range(MANY):
        answers = kosi_answers(reporter_email=f"gast-{number}-{address}", event_invite=True)
        one = submission_of(asked, randbits(55), answers, now=now())
        history = (*one.history, Happening(at=at, event="confirmed"))
        made.append(replace(one, state="confirmed", confirmed_at=at, changed_at=at, expires_at=None, history=history))
    puts = [{"PutRequest": {"Item": _record(one).serialize()}} for one in made]
    table = stack.outputs["SubmissionsTable"]
    stack.aws("dynamodb", lambda tables: tables.batch_write_item(RequestItems={table: puts}))
    return made


def sent_to(stack: Stack, reports: list[Submission], subject: str) -> Counter[str]:
    """How many mails with this subject each of them got."""
    wanted = {one.read_answers()["reporter_email"] for one in reports}
    mails = stack.ask("GET", "/_local/mails").json()
    return Counter(one["to"] for one in mails if one["to"] in wanted and subject in one["subject"])


def give_up(stack: Stack, report: Submission) -> None:
    """As if ten attempts at this report's receipt had failed."""
    key = {"submission_id": {"S": report.id}, "kind": {"S": "receipt"}}
    table = stack.outputs["MailsTable"]
    values = {"state": "failed", "call_state": f"{NAME}#failed", "cause": "MessageRejected"}
    changes = {name: {"Value": {"S": value}, "Action": "PUT"} for name, value in values.items()}
    stack.aws("dynamodb", lambda tables: tables.update_item(TableName=table, Key=key, AttributeUpdates=changes))


def on_both(page: Page) -> None:
    """Nothing that anybody could stumble over, on a phone and on a desk (which looks at 320 px and large text, too)."""
    page.set_viewport_size({"width": PHONE, "height": 844})
    assert violations(page) == []
    page.set_viewport_size({"width": DESK, "height": 844})
    sound(page)


def test_an_announcement_is_written_looked_at_sent_and_watched_and_a_failed_mail_sent_again(
    browser: Browser, stack: Stack, reports: list[Submission], address: str
) -> None:
    def receipts() -> int:
        return sent_to(stack, reports, "ist bestätigt").total()

    with browser.new_context(base_url=stack.url, locale="de-DE", viewport={"width": DESK, "height": 900}) as context:
        page = context.new_page()
        watch = Watch(page, stack.url, refusals=(409, 422))
        log_in_to(page, stack, address, HERE)
        write(page)
        send(page)
        wait_for(lambda: receipts() == MANY, what="the receipts")
        everybody = Counter(one.read_answers()["reporter_email"] for one in reports)
        wait_for(lambda: sent_to(stack, reports, "Einladung") == everybody, what="everybody to have the announcement")
        watch_it(page)
        give_up(stack, reports[0])
        send_again(page, reports[0])
        wait_for(lambda: receipts() == MANY + 1, what="the mail that was sent again")
        assert sent_to(stack, reports, "Einladung") == everybody, "nobody got it twice"
        assert watch.strangers == []
        assert watch.complaints == []


def write(page: Page) -> None:
    page.goto(f"{HERE}/announcements")
    on_both(page)
    page.get_by_role("link", name="Ankündigung schreiben").click()
    page.get_by_role("button", name="Speichern und Vorschau ansehen").click()
    expect(page.get_by_role("alert")).to_contain_text("Bitte schreiben Sie hier etwas hinein.")
    on_both(page)
    for name, subject, body in (
        ("Deutsch", "Einladung nach Eving", "kommen Sie zur Vorstellung!\n\nWir freuen uns."),
        ("English", "Come to Eving", "please come!\n\nWe are looking forward to it."),
    ):
        group = page.get_by_role("group", name=name)
        group.get_by_label("Betreff").fill(subject)
        group.get_by_label("Text").fill(body)
    page.get_by_role("button", name="Speichern und Vorschau ansehen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Einladung nach Eving")


def send(page: Page) -> None:
    count = page.get_by_label("Zur Bestätigung geben Sie")
    wait_for(lambda: page.reload() and count.count(), what="the recipients to be counted")
    expect(page.get_by_text("kommen Sie zur Vorstellung!")).to_be_visible()
    expect(page.get_by_text("Evinger Platz 17").first).to_be_visible()
    on_both(page)
    count.fill("7")
    page.get_by_role("button", name="An alle versenden").click()
    expect(page.get_by_role("alert")).to_contain_text(str(MANY))
    sound(page)
    count.fill(str(MANY))
    page.get_by_role("button", name="An alle versenden").click()
    expect(page.get_by_text("Die Ankündigung ist unterwegs.")).to_be_visible()
    on_both(page)


def watch_it(page: Page) -> None:
    """The walk that sees that all are sent comes a minute after the first; what it says is shown by other tests."""
    page.goto(f"{HERE}/announcements")
    expect(page.get_by_role("listitem").filter(has_text="Einladung nach Eving")).to_contain_text(f"Empfänger: {MANY}")
    sound(page)
    page.goto(f"{HERE}/mails?state=delivered&kind=announcement")
    expect(page.locator("tbody tr")).to_have_count(MANY)
    on_both(page)


def send_again(page: Page, report: Submission) -> None:
    page.goto(f"{HERE}/mails")
    expect(page.get_by_role("heading", level=2)).to_have_text("konnte nicht verschickt werden")
    page.get_by_role("row", name=report.reference).get_by_role("checkbox").check()
    on_both(page)
    page.get_by_role("button", name="Ausgewählte senden").click()
    expect(page.get_by_role("status")).to_contain_text("unterwegs")
    expect(page.get_by_text("Es gibt keine.")).to_be_visible()
    page.get_by_label("Vorgangsnummer einer Meldung").fill(report.reference)
    page.get_by_role("button", name="Filtern").click()
    expect(page.get_by_role("heading", level=2)).to_have_text(f"Alle E-Mails zu {report.reference}")
    expect(page.locator("tbody tr")).to_have_count(2)
    on_both(page)
