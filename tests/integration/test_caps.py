"""Nobody can make us bother a third person: caps by address and by day, which whoever posts does not see."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from chalicelib.calls.call import Policy
from chalicelib.jobs.messages import MailJob
from chalicelib.ledger import table as ledger
from chalicelib.mail import table
from chalicelib.mail.worker import deliver
from chalicelib.runtime.clock import now
from chalicelib.runtime.settings import settings
from tests.aws import Crash
from tests.builders import answers, call_of
from tests.integration.wire import Wire
from tests.integration.world import World

VICTIM = "victim@example.org"
MANY = 1_000


def capped(**caps: int) -> Policy:
    return Policy(tickets="optional", shards=2, **caps)


def states(world: World) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in world.items("mails"):
        state = item["state"]["S"]
        found[state] = found.get(state, 0) + 1
    return found


def test_many_reports_that_name_one_address_make_five_mails_and_nobody_can_tell(world: World) -> None:
    world.publish()
    wire = Wire(world)
    others = [world.submit(answers(email=f"ada-{number}@example.org")) for number in range(3)]
    world.border.forget()
    named = [world.submit(answers(email=VICTIM, name=f"Number {number}")) for number in range(MANY)]
    # Accepting does not look at caps: one call for each, the same as ever, so the time tells nothing either.
    assert world.border.operations == ["PutItem"] * MANY
    assert {answer.status for answer in (*named, *others)} == {201}
    same = [{name: value for name, value in answer.json.items() if name not in {"reference", "submitted_at"}}
            for answer in (*named, *others)]  # fmt: skip
    assert all(one == same[0] for one in same)
    assert {frozenset(answer.headers) for answer in named} == {frozenset(others[0].headers)}

    wire.relay()
    while wire.waiting:
        wire.work(1)
    assert wire.sent == Counter({VICTIM: 5} | {f"ada-{number}@example.org": 1 for number in range(3)})
    mails, reports = (
        wire.tables.items[name].values() for name in (settings().mails_table, settings().submissions_table)
    )
    assert Counter(one["state"]["S"] for one in mails) == {"sent": 5 + len(others), "held": MANY - 5}
    assert len(reports) == MANY + len(others), "every report is kept"
    assert sum("mail-held" in one.get("flags", {}).get("S", "") for one in reports) == MANY - 5


def test_the_next_day_the_address_gets_mails_again(world: World) -> None:
    world.publish(call_of(policy=capped(mails_per_address=1)))
    first, second = (world.submit(answers(email=VICTIM, name=name)).json["reference"] for name in ("one", "two"))
    world.relay()
    today = now()
    for reference, day in ((first, today), (second, today + timedelta(days=1))):
        deliver(MailJob("small-call", reference.replace("-", ""), "confirm"), clock=lambda day=day: day)
    assert len(world.mails) == 2


def test_upper_and_lower_case_are_one_address_and_calls_count_for_themselves(world: World) -> None:
    world.publish(call_of(policy=capped(mails_per_address=1)))
    world.publish(call_of(name="other-call", policy=capped(mails_per_address=1)))
    for address in ("Zoe@example.org", "zoe@Example.org", "ZOE@EXAMPLE.ORG"):
        world.submit(answers(email=address))
    world.submit(answers(email="zoe@example.org"), call="other-call")
    world.drain()
    assert len(world.mails) == 2


def test_a_call_sends_no_more_mails_a_day_than_its_policy_says(world: World) -> None:
    world.publish(call_of(policy=capped(mails_per_day=3)))
    for number in range(5):
        world.submit(answers(email=f"ada-{number}@example.org"))
    world.drain()
    assert len(world.mails) == 3
    held = [item for item in world.items("mails") if item["state"]["S"] == "held"]
    assert {item["cause"]["S"] for item in held} == {"day-cap"}
    assert {item["attempts"]["N"] for item in held} == {"0"}


def test_a_mail_that_is_tried_again_counts_once(world: World) -> None:
    world.publish(call_of(policy=capped(mails_per_address=1, mails_per_day=1)))
    world.submit(answers(email=VICTIM))
    world.relay()
    world.border.fail("SendEmail", Crash())
    with pytest.raises(Crash):
        world.work("mail")
    [item] = world.items("mails")
    soon = now() + timedelta(seconds=61)
    deliver(MailJob("small-call", item["submission_id"]["S"], "confirm"), clock=lambda: soon)
    assert len(world.mails) == 2, "the first one never reached SES"
    assert states(world) == {"sent": 1}


def test_links_count_too_and_what_follows_a_confirmation_does_not(world: World) -> None:
    world.publish(call_of(policy=capped(mails_per_address=1)))
    world.submit(answers(email=VICTIM))
    world.drain()
    world.post(f"{world.receipt()}/confirm")
    world.drain()
    assert [mail.tags["kind"] for mail in world.mails] == ["confirm", "receipt"]
    assert world.post("/calls/small-call/links", {"email": VICTIM}).status in {200, 202}
    world.drain()
    assert len(world.mails) == 2
    assert states(world) == {"sent": 2, "held": 1}


def test_an_organiser_may_have_a_held_mail_sent(world: World) -> None:
    world.publish(call_of(policy=capped(mails_per_address=1)))
    for name in ("one", "two"):
        world.submit(answers(email=VICTIM, name=name))
    world.drain()
    [held] = [item for item in world.items("mails") if item["state"]["S"] == "held"]
    with world.border.aside():
        entry = ledger.find(held["submission_id"]["S"], "confirm")
        assert entry is not None
        ledger.send_again(entry, at="2026-05-04T12:00:00.000Z")
    world.reconcile()
    world.drain()
    assert len(world.mails) == 2
    assert states(world) == {"sent": 2}


def test_many_at_once_pass_no_more_than_the_cap(world: World) -> None:
    with world.border.aside(), ThreadPoolExecutor(8) as threads:
        passed = list(
            threads.map(lambda number: table.let_pass("cap", f"mail-{number}", most=5, expires_at=9), range(64))
        )
        counted = list(threads.map(lambda _: table.count_up("count", most=5, expires_at=9), range(64)))
    assert passed.count("first") == 5
    assert counted.count(True) == 5
