"""The organisers' digest: on days when something happened, once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

import app
from chalicelib.calls.call import Organiser
from chalicelib.runtime.clock import now
from tests.builders import answers, call_of
from tests.integration.world import CONTEXT, World, schedule_event

TEAM = (Organiser("owner@example.org", "owner"), Organiser("eye@example.org", "viewer"))


def at(**after: float) -> str:
    return (now() + timedelta(**after)).strftime("%Y-%m-%dT%H:00:00Z")


def morning(world: World, when: str) -> int:
    digests: int = app.digest(schedule_event(when), CONTEXT)["digests"]
    world.drain()
    return digests


def digests(world: World) -> list[Any]:
    return [mail for mail in world.mails if mail.tags["kind"].startswith("digest-")]


@pytest.fixture(autouse=True)
def call(world: World) -> None:
    world.publish(replace(call_of(), organisers=TEAM))


def test_nothing_happened_no_mail(world: World) -> None:
    world.submit()  # not confirmed: nobody has to look at it
    world.drain()
    assert morning(world, at(hours=1)) == 0
    assert digests(world) == []


def test_everybody_of_the_team_hears_in_numbers_what_happened_once(world: World) -> None:
    for name in ("Kanarienvogel", "Zweite"):
        world.submit(answers(name=name))
        world.drain()
        world.post(f"{world.mails[-1].receipt}/confirm")
        world.drain()
    world.post(f"{world.mails[-1].receipt}/withdraw")
    when = at(hours=1)
    for _ in range(2):
        assert morning(world, when) == 2
    assert sorted(mail.to for mail in digests(world)) == ["eye@example.org", "owner@example.org"]
    mail = digests(world)[0]
    told = dict(re.findall(r"^(.+): (\d+)$", mail.text, re.MULTILINE))
    assert told == {"Neu und bestätigt": "1", "Zurückgezogen": "1", "Zu entscheiden": "1"}
    assert "Kanarienvogel" not in mail.text + mail.html
    assert "https://aufruf.example.org/organiser/calls/small-call/submissions?state=confirmed" in mail.text
    assert morning(world, at(days=1, hours=2)) == 0, "what waits was told before"


def test_one_mail_about_all_calls_of_an_organiser(world: World) -> None:
    world.publish(replace(call_of(name="other-call"), organisers=TEAM[:1]))
    for name in ("small-call", "other-call"):
        world.submit(call=name)
        world.drain()
        world.post(f"{world.mails[-1].receipt}/confirm")
        world.drain()
    assert morning(world, at(hours=1)) == 2
    [mail] = [one for one in digests(world) if one.to == "owner@example.org"]
    assert mail.text.count("Zu entscheiden: 1") == 2
