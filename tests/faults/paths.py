"""The paths on which every AWS call may go wrong.

`begin` brings the world so far that the path can start, with nothing going wrong; `walk` is the path. A path has no
list of its calls: they are found by walking it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from unittest import mock

import app
from chalicelib.exports import lines, reader, runs, uploads, writing
from chalicelib.runtime.settings import settings
from tests.faults import people, team
from tests.faults.looking import PARTS, look_at, something_of_everything
from tests.faults.people import HERE, Expected, call_to_try, decide, organiser, submit
from tests.faults.settling import RestlessWorld
from tests.integration.world import CONTEXT

Act = Callable[[RestlessWorld, Expected], None]


@dataclass(frozen=True)
class Path:
    """One path by name. `among` is in force throughout."""

    name: str
    begin: Act
    walk: Act
    among: Callable[[], AbstractContextManager[None]] = nullcontext


def _open(**policy: Any) -> Act:
    """The call is published; nobody has reported anything."""

    def begin(world: RestlessWorld, expected: Expected) -> None:
        world.publish(call_to_try(**policy))

    return begin


def _without_events(world: RestlessWorld, expected: Expected) -> None:
    world.publish(call_to_try())
    world.ses_events = False


def _relay_down(begin: Act) -> Act:
    def without_relay(world: RestlessWorld, expected: Expected) -> None:
        begin(world, expected)
        world.relay_down = True

    return without_relay


def _doubled(world: RestlessWorld, expected: Expected) -> None:
    world.publish(call_to_try())
    world.doubled = True


def _rivals(world: RestlessWorld, expected: Expected) -> None:
    """Whenever a worker waits for SES, another one gets the same message, as late as a worker may still wait."""
    world.publish(call_to_try())
    tried: set[str] = set()

    def rival(asked: dict[str, Any]) -> dict[str, Any]:
        tags = {one["Name"]: one["Value"] for one in asked["EmailTags"]}
        job = json.dumps({"call": tags["call"], "submission": tags["submission"], "kind": tags["kind"]})
        if job not in tried:
            tried.add(job)
            world.pass_time(timedelta(seconds=settings().mail_timeout_seconds - 5))
            app.mail_worker({"Records": [{"messageId": "rival", "body": job}]}, CONTEXT)
        return asked

    world.border.questions["SendEmail"] = rival


def _received(count: int = 1, **policy: Any) -> Act:
    def begin(world: RestlessWorld, expected: Expected) -> None:
        world.publish(call_to_try(**policy))
        for number in range(count):
            submit(world, expected, number)
        world.settle()

    return begin


def _confirmed(count: int = 1, **policy: Any) -> Act:
    def begin(world: RestlessWorld, expected: Expected) -> None:
        _received(count, **policy)(world, expected)
        for number in range(count):
            people.confirm(world, expected, number)
        world.settle()

    return begin


def _accepted(world: RestlessWorld, expected: Expected) -> None:
    _confirmed(2)(world, expected)
    decide(world, expected, "accept", 0, state="accepted")
    world.settle()


def _just_accepted(world: RestlessWorld, expected: Expected) -> None:
    _confirmed()(world, expected)
    decide(world, expected, "accept", 0, state="accepted")


def _accepted_and_exported(world: RestlessWorld, expected: Expected) -> None:
    _accepted(world, expected)
    people.write_note(world, expected)
    people.nightly(world, expected)
    world.settle()


def _merged(world: RestlessWorld, expected: Expected) -> None:
    _confirmed(2)(world, expected)
    decide(world, expected, "merge", 0, 1, state="duplicate")
    world.settle()


def _rejected(world: RestlessWorld, expected: Expected) -> None:
    _confirmed()(world, expected)
    decide(world, expected, "reject", 0, state="rejected")
    world.settle()


def _announced(world: RestlessWorld, expected: Expected) -> None:
    _confirmed()(world, expected)
    people.announce(world, expected)
    world.settle()


def _decides(decision: str, *numbers: int, state: str) -> Act:
    return lambda world, expected: decide(world, expected, decision, *(numbers or (0,)), state=state)


def _came_back(world: RestlessWorld, expected: Expected) -> None:
    """The mail of a report came back."""
    _open()(world, expected)
    _bounces(world, expected)
    world.settle()


def _bounces(world: RestlessWorld, expected: Expected) -> None:
    expected.addresses[0] = "bounce+zoe@simulator.amazonses.com"
    submit(world, expected)


def _too_many_mails(world: RestlessWorld, expected: Expected) -> None:
    expected.addresses |= dict.fromkeys(range(2), "zoe@example.org")
    for number in range(2):
        submit(world, expected, number)


def _cancels(world: RestlessWorld, expected: Expected) -> None:
    """An organiser starts an export and thinks better of it."""
    login = organiser(world, expected)
    started = people.must(world.insist(lambda: world.post(f"{HERE}/exports", None, login)))
    people.must(world.insist(lambda: world.post(f"{HERE}/exports/{started['export_id']}/cancel", None, login)))


def _looks_at_figures(world: RestlessWorld, expected: Expected) -> None:
    login = organiser(world, expected)
    people.must(world.insist(lambda: world.get(HERE, login)))


def _fills_up(world: RestlessWorld, expected: Expected) -> None:
    people.confirm(world, expected)
    expected.full = True


def _erases_and_repeats(world: RestlessWorld, expected: Expected) -> None:
    """Somebody has their report erased; whoever posts it again meets the tombstone."""
    people.erase(world, expected)
    world.settle()
    again = world.insist(lambda: people.post(world, expected, 0))
    assert (again.status, again.json.get("code")) == (410, "erased"), again.body


def _confirms_too_late(world: RestlessWorld, expected: Expected) -> None:
    """The time to confirm is over; DynamoDB has not deleted the report yet."""
    world.pass_time(timedelta(days=8))
    link = people.receipt(world, expected, 0)
    late = world.insist(lambda: world.post(f"{link}/confirm"))
    assert late.status == 404, late.body


def _for_city(world: RestlessWorld, expected: Expected) -> None:
    team.publish_for_city(world, expected)
    submit(world, expected)
    world.settle()


def _looks_at(part: str) -> Act:
    return lambda world, expected: look_at(world, expected, part)


@contextmanager
def in_parts() -> Iterator[None]:
    """Every size so small that a few submissions take the ways of a million."""
    with (
        mock.patch("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1),
        mock.patch.dict("os.environ", MOTO_S3_DEFAULT_KEY_BUFFER_SIZE="1000000"),
        mock.patch.object(uploads, "PART", 6000),
        mock.patch.object(writing, "BATCH", 1),
        mock.patch.object(lines, "RUN", 1000),
        mock.patch.object(runs, "BLOCK", 400),
        mock.patch.object(reader, "PAGE", 2),
    ):
        yield


PATHS: Final = (
    Path("accept", _open(), submit),
    Path("accept, without SES's events", _without_events, submit),
    Path("accept, the relay down", _relay_down(_open()), submit),
    Path("accept, every message twice", _doubled, submit),
    Path("accept, two workers at once", _rivals, submit),
    Path("step by step", _open(), people.submit_step_by_step),
    Path("bounce", _open(), _bounces),
    Path("too many mails to one address", _open(mails_per_address=1), _too_many_mails),
    Path("confirm", _received(), people.confirm),
    Path("confirm too late", _received(), _confirms_too_late),
    Path("confirm the last that a call takes", _received(limit=1), _fills_up),
    Path("change", _confirmed(), people.change),
    Path("change after acceptance", _accepted, people.change),
    Path("withdraw", _accepted, people.withdraw),
    Path("erase", _accepted_and_exported, _erases_and_repeats),
    Path("erase, the relay down", _relay_down(_accepted_and_exported), people.erase),
    Path("links again", _received(), people.ask_for_links),
    Path("accept a report", _confirmed(), _decides("accept", state="accepted")),
    Path("accept a report, the relay down", _relay_down(_confirmed()), _decides("accept", state="accepted")),
    Path("reject", _confirmed(), _decides("reject", state="rejected")),
    Path("let a mail go", _rejected, people.let_go),
    Path("merge", _confirmed(2), _decides("merge", 0, 1, state="duplicate")),
    Path("separate", _merged, _decides("reopen", 1, state="confirmed")),
    Path("undo", _just_accepted, people.undo),
    Path("edit the public text", _accepted, people.edit),
    Path("note", _confirmed(), people.write_note),
    Path("announcement", _confirmed(2), people.announce),
    Path("unsubscribe", _announced, people.unsubscribe),
    Path("digest", _confirmed(), people.digest),
    Path("log in", _open(), people.log_in),
    Path("tokens", _open(), people.make_token),
    Path("figures", _confirmed(), _looks_at_figures),
    Path("nightly export", _accepted, people.nightly),
    Path("large export", _accepted, people.export_now, in_parts),
    Path("cancelled export", _accepted, _cancels),
    Path("copies for the city", _for_city, people.nightly),
    Path("import", _open(), team.import_list),
    Path("cancelled import", _open(), team.cancel_list),
    Path("announcement dropped", _confirmed(), team.see_to_announcement),
    Path("event moves", _confirmed(), team.event_moves),
    Path("mails that came back, again", _came_back, team.send_again),
    Path("one mail that came back, again", _came_back, team.send_one_again),
    Path("decide on one report", _confirmed(), team.decide_on_one),
    Path("end sessions", _open(), team.end_sessions),
    Path("ticket", _open(), team.take_ticket),
    *(Path(part, something_of_everything, _looks_at(part)) for part in PARTS),
)
