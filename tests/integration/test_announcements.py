"""Announcements: written, counted, sent to each recipient once, whatever happens on the way."""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.calls.call import Call, Consents, Event, Policy
from chalicelib.jobs.messages import AnnouncementJob
from chalicelib.mail import fan_out as fanning
from chalicelib.mail.fan_out import fan_out
from chalicelib.runtime.clock import now, stamp
from chalicelib.submissions.reference import from_bits
from chalicelib.submissions.submission import shard_of
from chalicelib.submissions.table import SubmissionRecord, _record
from tests.aws import Crash
from tests.builders import answers, call_of, submission_of, texts
from tests.builders import published as published_call
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
    assert team.look(second)["count"] == 4, "it is not counted who unsubscribed"
    world.post(f"{receipts['eva@example.org']}/withdraw")
    world.post(f"{receipts['ina@example.org']}/erase", {"confirm": True})
    world.border.forget()
    team.send(second, 4)
    world.drain()
    assert [one.to for one in announcements(world)] == ["uwe@example.org"]
    assert (team.look(second)["state"], team.look(second)["mails"]) == ("sent", {"sent": 1, "suppressed": 1})


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
    team.send(address, 2)
    world.drain()
    assert len(announcements(world)) == 1
    assert team.look(address)["mails"] == {"sent": 1, "suppressed": 1}


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


class Queue:
    """The mail queue without a worker behind it: a thousand batches in a moment. Dies in the middle when told to."""

    def __init__(self) -> None:
        self.mails: Counter[str] = Counter()
        self.dies_in: int | None = None

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.mails.update(json.loads(one["MessageBody"])["submission"] for one in Entries)
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in < 0:
                self.dies_in = None
                raise Crash
        return {}

    def send_message(self, **_message: Any) -> None:
        """The walk's own: the test walks."""


def test_ten_thousand_recipients_each_once_over_crashes_in_the_middle(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Many shards, since moto reads a whole one for each page.
    call = inviting(policy=Policy(tickets="optional", shards=20))
    world.publish(call)
    team, queue = Team(world), Queue()
    everybody = stored(world, call, 10_000)
    answer = world.post(ALL, TEXT | {"invited": True, "with_event": True}, team.login)
    address = f"{ALL}/{answer.json['announcement']}"
    job = AnnouncementJob("small-call", answer.json["announcement"])
    with monkeypatch.context() as patched:
        patched.setattr("chalicelib.jobs.queues.sqs", lambda: queue)
        for _ in range(15):
            fan_out(job)
        assert team.look(address)["count"] == 10_000
        assert team.send(address, 10_000).status == 200
        for number in range(15):
            # In the middle of a page: a part of it is on the queue, and nobody has written down how far it was.
            queue.dies_in = 47 if number in (3, 7) else None
            with suppress(Crash):
                fan_out(job)
    assert set(queue.mails) == set(everybody)
    twice = [one for one, times in queue.mails.items() if times > 1]
    assert 0 < len(twice) <= 2 * 200, "for each crash a page at most is done again"
    assert max(queue.mails.values()) == 2
    # Those that came twice are sent once, like the others.
    kind = f"announcement-{job.announcement}"
    some = [*twice[:40], *[one for one in everybody if queue.mails[one] == 1][:20]]
    for one in [*some, *some[:40]]:
        world.put("mail", json.dumps({"call": "small-call", "submission": one, "kind": kind}))
    world.work("mail")
    sent = Counter(mail.tags["submission"] for mail in announcements(world))
    assert sent == Counter(dict.fromkeys(some, 1))


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
