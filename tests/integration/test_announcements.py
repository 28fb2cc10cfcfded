"""Announcements: written, counted, sent to each recipient once, whatever happens on the way."""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.announcements import table
from chalicelib.calls.call import Call, Consents, Event, Policy
from chalicelib.jobs.messages import AnnouncementJob
from chalicelib.mail import announcing, recipients
from chalicelib.mail import fan_out as fanning
from chalicelib.mail import table as mail_table
from chalicelib.mail.fan_out import fan_out
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.submissions.links import address_digest
from chalicelib.submissions.reference import from_bits
from chalicelib.submissions.submission import shard_of
from chalicelib.submissions.table import SubmissionRecord, _record
from tests.aws import Crash
from tests.builders import answers, call_of, submission_of, texts
from tests.builders import published as published_call
from tests.integration.wire import Wire
from tests.integration.world import BROWSER, Answer, World

ALL = "/organiser/calls/small-call/announcements"
TEXT = {
    "subject_de": "Einladung",
    "body_de": "kommen Sie!\n\nBis bald.",
    "subject_en": "Invitation",
    "body_en": "Do come!",
}


def inviting(**changes: Any) -> Call:
    """The small call, with a question whether one wants to be invited, and an event next month."""
    call = call_of(**changes)
    begins = now().replace(tzinfo=None, microsecond=0) + timedelta(days=30)
    event = Event(
        title=texts("The event"), place=texts("Town hall"), starts_at=begins, ends_at=begins + timedelta(hours=3)
    )
    consents = Consents(privacy="privacy", publication="publish", invitation="invite")
    return replace(call, event=event, form=replace(call.form, consents=consents))


@dataclass
class Team:
    """The organisers of one world."""

    world: World

    def __post_init__(self) -> None:
        self.login = self.world.token("moderator", "small-call")

    def write(self, **changes: Any) -> str:
        """A draft whose recipients are counted; its address."""
        answer = self.world.post(ALL, TEXT | {"invited": True, "with_event": True} | changes, self.login)
        assert answer.status == 201, answer.body
        self.world.drain()
        return f"{ALL}/{answer.json['announcement']}"

    def look(self, address: str) -> Any:
        return self.world.get(address, self.login).json

    def send(self, address: str, count: Any) -> Answer:
        return self.world.post(f"{address}/send", {"count": str(count)}, self.login)


@pytest.fixture
def team(world: World) -> Team:
    world.publish(inviting())
    return Team(world)


def confirmed(world: World, *names: str, invite: bool = True, language: str = "de") -> None:
    """Confirmed reports, each of somebody with an address of their own."""
    for name in names:
        given = answers(name=name, email=f"{name.lower()}@example.org", invite=invite or None)
        world.submit(given, language=language)
        world.drain()
        world.post(f"{world.mails[-1].receipt}/confirm")
        world.drain()


def announcements(world: World) -> list[Any]:
    return [mail for mail in world.mails if mail.tags["kind"].startswith("announcement")]


def test_it_goes_to_who_asked_to_be_invited_and_is_confirmed_once_each(team: Team) -> None:
    world = team.world
    confirmed(world, "Ada", "Eva")
    confirmed(world, "Uwe", invite=False)
    world.submit(answers(name="Ina", email="ina@example.org", invite=True))  # never confirmed
    address = team.write()
    assert (team.look(address)["state"], team.look(address)["count"]) == ("draft", 2)
    assert announcements(world) == []
    assert team.send(address, 2).json["state"] == "sending"
    world.drain()
    assert sorted(mail.to for mail in announcements(world)) == ["ada@example.org", "eva@example.org"]
    assert (team.look(address)["state"], team.look(address)["mails"]) == ("sent", {"sent": 2})
    team.send(address, 2)
    world.reconcile()
    world.drain()
    assert len(announcements(world)) == 2


@pytest.mark.parametrize("typed", ["", "1", "3", "two", "-2"])
def test_nothing_is_sent_unless_the_number_was_typed(team: Team, typed: str) -> None:
    confirmed(team.world, "Ada", "Eva")
    address = team.write()
    refused = team.send(address, typed)
    assert (refused.status, refused.json["code"]) == (409, "not-sendable")
    team.world.drain()
    assert announcements(team.world) == []


def test_who_unsubscribed_withdrew_or_was_erased_is_left_out(team: Team) -> None:
    world = team.world
    confirmed(world, "Ada", "Eva", "Ina", "Uwe")
    receipts = {mail.to: mail.receipt for mail in world.mails if mail.tags["kind"] == "confirm"}
    first = team.write()
    team.send(first, 4)
    world.drain()
    [mail] = [one for one in announcements(world) if one.to == "ada@example.org"]
    one_click = mail.parameters["Content"]["Simple"]["Headers"]
    headers = {one["Name"]: one["Value"] for one in one_click}
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = headers["List-Unsubscribe"].strip("<>").removeprefix("https://aufruf.example.org")
    assert link in mail.text
    assert world.get(f"{link}?lang=en", accept=BROWSER).status == 200, "looking changes nothing"
    done = world.post_form(link, {"List-Unsubscribe": "One-Click"}, accept="*/*")
    assert (done.status, done.json) == (200, {"call": "small-call", "state": "unsubscribed"})
    second = team.write(subject_de="Noch eine")
    assert team.look(second)["count"] == 3, "who unsubscribed is not counted"
    world.post(f"{receipts['eva@example.org']}/withdraw")
    world.post(f"{receipts['ina@example.org']}/erase", {"confirm": True})
    world.border.forget()
    team.send(second, 3)
    world.drain()
    assert [one.to for one in announcements(world)] == ["uwe@example.org"]
    assert (team.look(second)["state"], team.look(second)["mails"]) == ("sent", {"sent": 1})


def test_who_unsubscribes_after_the_counting_is_left_out_all_the_same(team: Team) -> None:
    world = team.world
    confirmed(world, "Ada", "Eva")
    address = team.write()
    with world.border.aside():
        table.unsubscribe("small-call", address_digest(keys(), "ada@example.org"), at=stamp(now()))
    team.send(address, 2)
    world.drain()
    assert [one.to for one in announcements(world)] == ["eva@example.org"]
    assert team.look(address)["mails"] == {"sent": 1, "suppressed": 1}


def test_an_address_that_takes_no_mail_is_not_counted(team: Team) -> None:
    world = team.world
    confirmed(world, "Ada", "Eva", "Ina")
    with world.border.aside():
        mail_table.suppress(address_digest(keys(), "ada@example.org"), "complaint", at=stamp(now()))
        mail_table.suppress(address_digest(keys(), "eva@example.org"), "bounce", at=stamp(now()))
    address = team.write()
    assert team.look(address)["count"] == 1
    team.send(address, 1)
    world.drain()
    assert [one.to for one in announcements(world)] == ["ina@example.org"]


def test_who_comes_after_the_counting_is_counted_again_or_does_not_get_it(team: Team) -> None:
    world = team.world
    confirmed(world, "Ada")
    address = team.write()
    confirmed(world, "Eva")
    assert world.post(f"{address}/count", None, team.login).json["count"] is None
    world.drain()
    assert team.look(address)["count"] == 2
    confirmed(world, "Ina")
    team.send(address, 2)
    world.drain()
    assert sorted(one.to for one in announcements(world)) == ["ada@example.org", "eva@example.org"]
    assert world.post(f"{address}/count", None, team.login).status == 409, "it is sent"


def test_a_count_of_long_ago_sends_nothing_and_is_made_again(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    world = team.world
    confirmed(world, "Ada")
    address = team.write()
    monkeypatch.setattr(announcing, "COUNT_HOLDS", timedelta(seconds=-1))
    refused = team.send(address, 1)
    assert (refused.status, refused.json["code"]) == (409, "not-sendable")
    page = world.get(f"{address}?lang=en", team.login, accept=BROWSER).body
    assert "The recipients are being counted." in page
    world.drain()
    page = world.get(f"{address}?lang=en", team.login, accept=BROWSER).body
    assert "counted more than an hour ago" in page
    assert "/send" not in page
    monkeypatch.undo()
    team.send(address, 1)
    world.drain()
    assert [one.to for one in announcements(world)] == ["ada@example.org"]


def test_an_erasure_leaves_nothing_of_who_was_written_to(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    world = team.world
    confirmed(world, "Ada", "Eva")
    receipts = {mail.to: mail.receipt for mail in world.mails if mail.tags["kind"] == "confirm"}
    address = team.write()
    team.send(address, 2)
    world.drain()
    assert len(world.items("subscribers")) == 2
    world.post(f"{receipts['ada@example.org']}/erase", {"confirm": True})
    [left] = world.items("subscribers")
    assert left["address"]["S"].endswith(address_digest(keys(), "eva@example.org"))
    # While the recipients are being counted: the page was read before the erasure, and is noted after it.
    take = recipients.take

    def erased_meanwhile(*given: Any) -> bool:
        with monkeypatch.context() as patched:
            patched.setattr(recipients, "take", take)
            world.post(f"{receipts['eva@example.org']}/erase", {"confirm": True})
        return take(*given)

    monkeypatch.setattr(recipients, "take", erased_meanwhile)
    again = team.write(subject_de="Noch eine")
    assert team.look(again)["count"] == 0
    assert world.items("subscribers") == []


@pytest.mark.parametrize("token", ["x", "a.b", ""])
def test_a_link_that_is_none_unsubscribes_nobody(team: Team, token: str) -> None:
    assert team.world.post_form(f"/calls/small-call/unsubscribe/{token}", {}).status == 404


def test_two_reports_of_one_person_bring_one_mail(team: Team) -> None:
    world = team.world
    for name in ("Eins", "Zwei"):
        world.submit(answers(name=name, email="ada@example.org", invite=True))
        world.drain()
        world.post(f"{world.mails[-1].receipt}/confirm")
        world.drain()
    address = team.write()
    assert team.look(address)["count"] == 1, "as many as are sent"
    team.send(address, 1)
    world.drain()
    assert len(announcements(world)) == 1
    assert team.look(address)["mails"] == {"sent": 1}


def test_each_gets_it_in_their_language_with_date_place_and_calendar_file(team: Team) -> None:
    confirmed(team.world, "Ada", language="de")
    confirmed(team.world, "Eva", language="en")
    team.send(team.write(), 2)
    team.world.drain()
    german, english = sorted(announcements(team.world), key=lambda mail: mail.to)
    assert (german.subject, english.subject) == ("Einladung", "Invitation")
    assert "kommen Sie!" in german.text
    assert "Town hall (English)" in english.text
    [attached] = english.parameters["Content"]["Simple"]["Attachments"]
    assert attached["FileName"] == "small-call.ics"
    assert b"SEQUENCE:0" in attached["RawContent"]
    assert german.reply_to == "team@example.org"


def test_it_may_go_to_a_chosen_few(team: Team) -> None:
    world = team.world
    world.publish(replace(inviting(), landscape=replace(call_of().landscape, charts=("themes",))))
    confirmed(world, "Ada")
    world.submit(answers(name="Eva", email="eva@example.org", themes=["work"]))
    world.drain()
    world.post(f"{world.mails[-1].receipt}/confirm")
    world.drain()
    address = team.write(invited=False, answer_themes=["work"], states=["confirmed"])
    assert team.look(address)["count"] == 1
    team.send(address, 1)
    world.drain()
    assert [mail.to for mail in announcements(world)] == ["eva@example.org"]
    refused = world.post(ALL, TEXT | {"answer_themes": ["no-such"], "states": ["received"]}, team.login)
    assert {one["field"] for one in refused.json["errors"]} == {"answer_themes", "states"}


def test_a_cancelled_one_stops_where_it_is(team: Team) -> None:
    world = team.world
    confirmed(world, "Ada", "Eva")
    address = team.write()
    team.send(address, 2)
    [walk] = world.messages("mail")
    fan_out(AnnouncementJob("small-call", json.loads(walk["body"])["announcement"]))
    assert world.post(f"{address}/cancel", None, team.login).json["state"] == "cancelled"
    world.drain()
    assert announcements(world) == []
    assert team.send(address, 2).status == 409


def test_a_page_shows_it_as_a_recipient_gets_it_and_keeps_what_was_typed(team: Team) -> None:
    world = team.world
    confirmed(world, "Ada")
    address = team.write()
    for language, words in (("de", "Vorschau"), ("en", "Preview")):
        page = world.get(f"{address}?lang={language}", team.login, accept=BROWSER)
        assert words in page.body
        assert "Do come!" in page.body
        assert "kommen Sie!" in page.body
        assert "token" not in page.body
    refused = world.post_form(f"{ALL}?lang=en", TEXT | {"body_en": "", "subject_de": "x" * 200}, team.login)
    assert refused.status == 422
    assert 'href="#field-body_en"' in refused.body
    assert "kommen Sie!" in refused.body
    assert world.get(f"{address}/edit?lang=en", team.login, accept=BROWSER).status == 200
    changed = world.post_form(address, TEXT | {"subject_en": "New", "edition": "1"}, team.login)
    assert changed.status == 303
    assert team.look(address)["texts"]["en"]["subject"] == "New"
    stale = world.post(address, TEXT | {"subject_en": "Other", "edition": "1"}, team.login)
    assert stale.status == 409


def test_a_viewer_looks_and_does_nothing(team: Team) -> None:
    viewer = team.world.token("viewer", "small-call")
    assert team.world.get(ALL, viewer).json == {"announcements": []}
    assert team.world.post(ALL, TEXT, viewer).status == 404


# The event moves


def test_when_the_event_moves_an_update_prepares_itself_and_waits(team: Team) -> None:
    world = team.world
    confirmed(world, "Ada")
    call = inviting()
    assert call.event is not None
    moved = replace(
        call.event, starts_at=call.event.starts_at + timedelta(days=1), ends_at=call.event.ends_at + timedelta(days=1)
    )
    world.reconcile()
    assert team.look(ALL)["announcements"] == []
    world.publish(replace(call, event=moved))
    for _ in range(2):
        world.reconcile()
    world.drain()
    [update] = team.look(ALL)["announcements"]
    assert (update["announcement"], update["state"], update["count"], update["origin"]) == (
        "event-1",
        "draft",
        1,
        "event",
    )
    assert announcements(world) == []
    team.send(f"{ALL}/event-1", 1)
    world.drain()
    [mail] = announcements(world)
    [attached] = mail.parameters["Content"]["Simple"]["Attachments"]
    assert b"SEQUENCE:1" in attached["RawContent"]
    # It moves again before anybody looked: only the newest waits.
    world.publish(replace(call, event=replace(moved, place=texts("Elsewhere"))))
    world.publish(replace(call, event=replace(moved, place=texts("Elsewhere again"))))
    world.reconcile()
    assert [one["announcement"] for one in team.look(ALL)["announcements"]] == ["event-3", "event-1"]


# Ten thousand


def stored(world: World, call: Call, count: int) -> list[str]:
    """So many confirmed reports straight in the table; ids."""
    published = published_call(call)
    one = replace(
        submission_of(published, 1, answers(invite=True)), state="confirmed", confirmed_at=stamp(now()), expires_at=None
    )
    ids = [from_bits(number) for number in range(count)]
    with world.border.aside(), SubmissionRecord.batch_write() as batch:
        for number, name in enumerate(ids):
            text = one.answers.replace("ada@", f"n{number}@")
            batch.save(_record(replace(one, id=name, shard=shard_of(name, call.policy.shards), answers=text)))
    return ids


def test_ten_thousand_recipients_each_once_over_crashes_in_the_middle(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.mail.announcing.token_hex", lambda _bytes: "0123abcd")
    call = inviting(policy=Policy(tickets="optional", shards=4))
    world.publish(call)
    wire, team = Wire(world), Team(world)
    everybody = stored(world, call, 10_250)
    emails = [f"n{number}@example.org" for number in range(len(everybody))]
    for email in emails[:200]:
        table.unsubscribe("small-call", address_digest(keys(), email), at=stamp(now()))
    answer = world.post(ALL, TEXT | {"invited": True, "with_event": True}, team.login)
    address = f"{ALL}/{answer.json['announcement']}"
    # Dying over the count: it goes on where it was.
    world.border.fail("PutItem", Crash(), after=True, skip=3_333)
    assert wire.work(60) == 1
    assert team.look(address)["count"] == 10_050
    assert team.send(address, 10_050).status == 200
    for email in emails[200:250]:
        table.unsubscribe("small-call", address_digest(keys(), email), at=stamp(now()))
    # Dying at every step of a mail, in the middle of the others, and in the middle of a page of the walk.
    for number, (operation, after) in enumerate(
        (operation, after)
        for operation in ("SendMessageBatch", "UpdateItem", "SendEmail", "GetItem", "BatchGetItem")
        for after in (False, True)
    ):
        world.border.fail(operation, Crash(), after=after, skip=150 + 37 * number)
    died = 0
    while wire.waiting and sum(wire.sent.values()) < 9_990:
        died += wire.work(100)
    assert died == 10
    assert not any(fault.times for fault in world.border.faults)
    wire.let_leases_run_out()
    died = wire.work(100)
    assert wire.sent == Counter(dict.fromkeys(emails[250:], 1)), "each of the ten thousand once, and nobody else"
    told = team.look(address)
    assert (told["state"], told["mails"]) == ("sent", {"sent": 10_000, "suppressed": 50})


@pytest.mark.parametrize("operation", ["PutItem", "SendMessageBatch", "BatchGetItem", "Query", "SendMessage"])
@pytest.mark.parametrize("after", [False, True])
def test_a_walk_that_dies_anywhere_is_taken_up_again(
    team: Team, operation: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = team.world
    monkeypatch.setattr(fanning, "PAGES", 1)
    confirmed(world, "Ada", "Eva", "Ina")
    address = team.write()
    team.send(address, 3)
    job = AnnouncementJob("small-call", address.rpartition("/")[2])
    world.border.fail(operation, Crash(), after=after)
    with suppress(Crash):  # some of these calls are made in a later walk only
        for _ in range(9):
            fan_out(job)
    assert world.border.faults[0].times == 0, "it died"
    world.border.faults.clear()
    world.drain()
    assert sorted(Counter(mail.to for mail in announcements(world)).items()) == [
        ("ada@example.org", 1), ("eva@example.org", 1), ("ina@example.org", 1),
    ]  # fmt: skip
    assert team.look(address)["state"] == "sent"
