"""“Send me my links again”: the same answer for everybody, one mail, and only to whom the reports belong."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.jobs.batches import TryLater
from chalicelib.jobs.messages import LinksJob
from chalicelib.mail.worker import deliver_links
from chalicelib.runtime.clock import now
from tests.aws import Crash, throttled, timed_out
from tests.builders import answers, call_of
from tests.integration.world import BROWSER, Answer, Mail, World

ASK = "/calls/small-call/links"
ADA = "ada@example.org"


def submitted(world: World, *names: str, email: str = ADA, language: str = "de") -> list[str]:
    """References of reports with their mails sent, in the order of `names`."""
    references = []
    for name in names:
        references.append(world.submit(answers(name=name, email=email), language=language).json["reference"])
        world.drain()
    return references


@pytest.fixture(autouse=True)
def call(world: World) -> None:
    world.publish()


def ask(world: World, email: str = ADA) -> Answer:
    return world.post(ASK, {"email": email}, {"Accept-Language": "en"})


def links_mails(world: World) -> list[Mail]:
    return [mail for mail in world.mails if mail.tags["kind"].startswith("links")]


def links_in(mail: Mail) -> list[str]:
    return [line.removeprefix("https://aufruf.example.org") for line in mail.text.splitlines() if "/receipts/" in line]


def test_one_mail_brings_the_links_to_all_reports_newest_first(world: World) -> None:
    references = submitted(world, "Eins", "Zwei", "Drei")
    asked = ask(world)
    assert (asked.status, asked.json) == (202, {"call": "small-call", "state": "asked"})
    world.drain()
    [mail] = links_mails(world)
    assert mail.to == ADA
    assert [world.get(link).json["reference"] for link in links_in(mail)] == references[::-1]
    for name in ("Eins", "Zwei", "Drei"):
        assert name not in mail.text + mail.html + mail.subject


def test_the_answer_is_the_same_for_an_address_that_nobody_knows(world: World) -> None:
    submitted(world, "Eins")
    world.border.forget()
    known, known_calls = ask(world), world.border.operations
    world.border.forget()
    unknown, unknown_calls = ask(world, "nobody@example.org"), world.border.operations
    assert (known.status, known.body, known.headers) == (unknown.status, unknown.body, unknown.headers)
    # The same work in the function too: nothing is looked up before the answer.
    assert known_calls == unknown_calls == ["SendMessage"]
    pages = [world.post_form(f"{ASK}?lang=en", {"email": email}) for email in (ADA, "nobody@example.org")]
    assert pages[0] == pages[1]
    assert (pages[0].status, pages[0].headers["Location"]) == (303, "links/sent?lang=en")


def test_nobody_gets_a_mail_who_sent_nothing(world: World) -> None:
    submitted(world, "Eins")
    world.border.forget()
    assert ask(world, "nobody@example.org").status == 202
    world.drain()
    assert world.mails == []
    assert world.dead("mail") == []


def test_upper_and_lower_case_of_an_address_are_alike(world: World) -> None:
    submitted(world, "Eins")
    ask(world, " ADA@Example.ORG ")
    world.drain()
    assert [mail.to for mail in links_mails(world)] == [ADA]


def test_asking_again_within_the_hour_brings_no_second_mail(world: World) -> None:
    submitted(world, "Eins")
    job = LinksJob("small-call", _digest(world), "2026050412")
    for _ in range(3):
        deliver_links(job)
    assert len(links_mails(world)) == 1
    deliver_links(LinksJob("small-call", job.address, "2026050413"))
    assert len(links_mails(world)) == 2


def _digest(world: World) -> str:
    ask(world)
    [message] = world.messages("mail")
    return str(json.loads(message["body"])["address"])


def test_there_is_nothing_personal_on_the_queue(world: World) -> None:
    ask(world)
    [message] = world.messages("mail")
    assert set(json.loads(message["body"])) == {"call", "address", "hour"}
    assert "ada" not in message["body"].lower()


def test_a_mail_is_in_the_language_of_the_newest_report(world: World) -> None:
    submitted(world, "Eins", language="de")
    submitted(world, "Zwei", language="en")
    ask(world)
    world.drain()
    assert links_mails(world)[0].subject == "The links to your reports"


def test_only_the_reports_of_this_address_and_this_call_are_named(world: World) -> None:
    world.publish(call_of(name="other-call"))
    [mine] = submitted(world, "Meine")
    submitted(world, "Eves", email="eve@example.org")
    world.submit(answers(name="Anderswo"), call="other-call")
    world.drain()
    ask(world)
    world.drain()
    [mail] = links_mails(world)
    assert [world.get(link).json["reference"] for link in links_in(mail)] == [mine]


def test_what_is_erased_is_left_out_and_where_nothing_is_left_nothing_is_sent(world: World) -> None:
    first, second = submitted(world, "Eins", "Zwei")
    ask(world)
    world.drain()
    newest, oldest = links_in(links_mails(world)[0])
    assert world.post(f"{newest}/erase", {"confirm": True}).status == 200
    world.border.forget()
    ask(world)
    world.drain()
    [mail] = links_mails(world)
    assert [world.get(link).json["reference"] for link in links_in(mail)] == [first]
    assert second not in mail.text
    assert world.post(f"{oldest}/erase", {"confirm": True}).status == 200
    world.border.forget()
    ask(world)
    world.drain()
    assert world.mails == []


def test_what_expired_is_left_out(world: World) -> None:
    submitted(world, "Eins")
    job = LinksJob("small-call", _digest(world), "2026050412")
    deliver_links(job, clock=lambda: now() + timedelta(days=7, seconds=1))
    assert links_mails(world) == []


def test_a_withdrawn_report_is_still_somebodys(world: World) -> None:
    submitted(world, "Eins")
    world.post(f"{world.mails[0].receipt}/withdraw")
    ask(world)
    world.drain()
    assert len(links_in(links_mails(world)[0])) == 1


def test_the_mail_stands_in_the_ledger_and_on_the_receipt(world: World) -> None:
    submitted(world, "Eins")
    ask(world)
    world.drain()
    told = world.get(world.mails[0].receipt).json["mails"]
    assert [(one["kind"].partition("-")[0], one["state"]) for one in told] == [("confirm", "sent"), ("links", "sent")]
    page = world.get(f"{world.mails[0].receipt}?lang=en", accept=BROWSER).body
    assert "E-mail with all your links" in page


def test_reconcile_has_no_business_with_it(world: World) -> None:
    submitted(world, "Eins")
    ask(world)
    world.messages("mail")  # lost
    world.reconcile()
    world.drain()
    assert links_mails(world) == []


def test_what_ses_refuses_for_now_is_sent_later_and_once(world: World) -> None:
    submitted(world, "Eins")
    ask(world)
    world.border.fail("SendEmail", throttled(), times=2)
    world.drain()
    assert len(links_mails(world)) == 3, "two were turned away"
    assert world.get(world.mails[0].receipt).json["mails"][1]["state"] == "sent"


@pytest.mark.parametrize("operation", ["Query", "GetItem", "UpdateItem", "SendEmail"])
def test_a_worker_that_dies_leaves_the_job_for_the_next(world: World, operation: str) -> None:
    submitted(world, "Eins")
    job = LinksJob("small-call", _digest(world), "2026050412")
    world.border.fail(operation, Crash())
    with pytest.raises(Crash):
        deliver_links(job)
    world.border.forget()
    deliver_links(job, clock=lambda: now() + timedelta(seconds=61))
    assert len(links_mails(world)) == 1


def test_a_worker_that_cannot_tell_whether_it_was_sent_does_not_send_at_once_again(world: World) -> None:
    submitted(world, "Eins")
    job = LinksJob("small-call", _digest(world), "2026050412")
    world.border.fail("SendEmail", timed_out(), after=True)
    for _ in range(2):
        with pytest.raises(TryLater):
            deliver_links(job)
    assert len(links_mails(world)) == 1


def test_a_report_erased_while_its_links_are_on_their_way_leaves_no_entry(world: World) -> None:
    submitted(world, "Eins")
    receipt = world.mails[0].receipt
    job = LinksJob("small-call", _digest(world), "2026050412")

    def erase(answer: Any) -> Any:
        if "call_shard" in answer.get("Item", {}):
            world.border.answers.clear()
            with world.border.aside():
                world.post(f"{receipt}/erase", {"confirm": True})
        return answer

    world.border.answers["GetItem"] = erase
    world.border.forget()
    with pytest.raises(TryLater):
        deliver_links(job)
    deliver_links(job)
    assert world.mails == []
    assert world.items("mails") == []


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"email": ""},
        {"email": None},
        {"email": "nope"},
        {"email": 7},
        {"email": [ADA]},
        {"email": f"{ADA}, eve@example.org"},
    ],
)
def test_what_is_no_address_is_refused_by_field(world: World, given: Any) -> None:
    refused = world.post(ASK, given)
    assert (refused.status, [one["field"] for one in refused.json["errors"]]) == (422, ["email"])
    assert world.messages("mail") == []


def test_a_browser_gets_its_form_back_with_what_is_wrong(world: World) -> None:
    page = world.post_form(f"{ASK}?lang=en", {"email": "<nope>"})
    assert page.status == 422
    assert 'value="&lt;nope&gt;"' in page.body
    assert 'href="#field-email"' in page.body
    assert world.get(ASK, accept=BROWSER).status == 200
    assert "If there are reports with this address" in world.get(f"{ASK}/sent?lang=en", accept=BROWSER).body


def test_a_call_that_is_not_there_has_no_links(world: World) -> None:
    assert world.post("/calls/no-such-call/links", {"email": ADA}).status == 404
    deliver_links(LinksJob("no-such-call", "ab" * 32, "2026050412"))


def test_it_is_told_when_the_queue_does_not_take_it(world: World) -> None:
    world.border.fail("SendMessage", timed_out())
    assert ask(world).status == 503


def test_the_way_to_it_is_shown_where_a_link_may_be_missed(world: World) -> None:
    for page in ("/calls/small-call?lang=en", "/calls/small-call/form?lang=en", "/receipts/x?lang=en"):
        assert "calls/small-call/links?lang=en" in world.get(page, accept=BROWSER).body
