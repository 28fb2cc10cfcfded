"""What SES tells about mails reaches ledger, receipt, suppression list and breaker, whatever its order."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import Entry
from chalicelib.mail import table
from chalicelib.mail.breaker import Counts, window
from chalicelib.runtime.clock import now
from infra.local.fates import envelope, fate
from infra.local.mailbox import Mail
from tests.aws import Crash
from tests.builders import answers
from tests.integration.world import World

BOUNCE = "bounce+zoe@simulator.amazonses.com"
COMPLAINT = "complaint+zoe@simulator.amazonses.com"


def owed(world: World, *addresses: str) -> list[str]:
    """Submissions whose mails wait on the queue; their ids."""
    world.publish()
    found = []
    for address in addresses:
        answer = world.submit(answers(email=address, name=address))
        assert answer.status == 201
        found.append(answer.json["reference"].replace("-", ""))
    world.relay()
    return found


def mailed(world: World, *addresses: str) -> list[str]:
    ids = owed(world, *addresses)
    assert world.work("mail") == []
    return ids


def events(world: World, submission: str) -> list[str]:
    """SES's events about the mail(s) to a submission, as messages of the queue."""
    mails = [
        Mail(id=f"m-{number}", to=one.to, sender=one.sender, subject="", text="", html="",
             sent_at=f"2026-05-04T12:00:0{number}.000Z", tags=one.tags)
        for number, one in enumerate(world.mails) if one.tags["submission"] == submission
    ]  # fmt: skip
    assert mails
    return [envelope(event) for mail in mails for event in fate(mail)]


def tell(world: World, messages: Sequence[str]) -> None:
    for message in messages:
        world.put("feedback", message)
    assert world.work("feedback") == []


def entry(world: World, submission: str) -> Entry:
    with world.border.aside():
        found = ledger.find(submission, "confirm")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("zoe@example.org", "delivered"),
        (BOUNCE, "bounced"),
        (COMPLAINT, "complained"),
        ("ooto@simulator.amazonses.com", "delivered"),
        ("suppressionlist@simulator.amazonses.com", "bounced"),
    ],
)
def test_in_all_orders_and_twice_the_events_lead_to_the_same_state(world: World, address: str, state: str) -> None:
    [submission] = mailed(world, address)
    told = events(world, submission)
    found = set()
    for order in permutations(told):
        with world.border.aside():
            before = ledger.MailRecord.get(submission, "confirm")
        tell(world, [*order, *order])
        after = entry(world, submission)
        found.add((after.state, after.cause, after.sent_at, tuple(sorted(after.events.items()))))
        with world.border.aside():
            before.save()
    assert [one[0] for one in found] == [state]


def test_the_receipt_says_in_words_what_became_of_the_mail(world: World) -> None:
    [submission] = mailed(world, "zoe@example.org")
    tell(world, events(world, submission))
    link = world.receipt()
    assert [one["state"] for one in world.get(link).json["mails"]] == ["delivered"]
    page = world.get(f"{link}?lang=de", accept="text/html")
    assert "zugestellt" in page.body


def test_a_send_event_heals_the_entry_of_a_worker_that_died_before_its_mark(world: World) -> None:
    [submission] = owed(world, "zoe@example.org")
    world.border.fail("SendEmail", Crash(), after=True)
    with pytest.raises(Crash):
        world.work("mail")
    assert entry(world, submission).state == "claimed"
    tell(world, events(world, submission)[:1])
    assert (entry(world, submission).state, entry(world, submission).message_id) == ("sent", "m-0")
    world.drain()
    world.reconcile()
    world.drain()
    assert len(world.mails) == 1


def test_an_address_that_bounced_or_complained_gets_no_further_mail(world: World) -> None:
    for address, cause in ((BOUNCE, "bounce"), (COMPLAINT, "complaint")):
        [first] = mailed(world, address)
        tell(world, events(world, first))
        before = len(world.mails)
        [second] = mailed(world, address.upper())
        assert len(world.mails) == before
        assert (entry(world, second).state, entry(world, second).cause) == ("suppressed", cause)
        assert entry(world, second).attempts == 0
    assert world.reconcile()["put_back"] == 0


def test_an_automatic_answer_suppresses_nobody(world: World) -> None:
    [first] = mailed(world, "ooto@simulator.amazonses.com")
    tell(world, events(world, first))
    [second] = mailed(world, "ooto@simulator.amazonses.com")
    assert entry(world, second).state == "sent"


def test_what_nobody_can_read_and_what_is_about_no_mail_of_ours_is_dropped(world: World) -> None:
    [submission] = mailed(world, "zoe@example.org")
    told = events(world, submission)
    strange = [told[0].replace(submission, "0" * 12), '{"Message": "hello", "Type": "Notification"}', '{"a": 1}']
    tell(world, strange)
    assert entry(world, submission).events == {}
    assert len(world.items("mails")) == 1, "an event never makes an entry"


def test_what_is_about_an_earlier_round_is_past(world: World) -> None:
    [submission] = mailed(world, BOUNCE)
    told = events(world, submission)
    tell(world, told)
    with world.border.aside():
        ledger.send_again(entry(world, submission), at="2026-05-04T13:00:00.000Z")
    tell(world, told)
    assert (entry(world, submission).state, entry(world, submission).round) == ("owed", 2)


def counts(world: World) -> Counts:
    with world.border.aside():
        return table.counts(window(table.switch(), now()))


def stopped(world: World) -> Any:
    with world.border.aside():
        return table.switch()


def test_each_event_counts_once_and_five_bounces_stop_sending(world: World) -> None:
    ids = mailed(world, *(f"bounce+{number}@simulator.amazonses.com" for number in range(5)))
    for submission in ids[:4]:
        tell(world, events(world, submission) * 2)
    assert counts(world) == Counts(sent=4, bounced=4)
    assert not stopped(world).stopped
    tell(world, events(world, ids[4]))
    assert (stopped(world).stopped, stopped(world).cause) == (True, "bounces")


def test_while_sending_is_stopped_mails_are_owed_and_afterwards_they_go_out(world: World) -> None:
    with world.border.aside():
        table.stop(table.switch(), cause="complaints", at="2026-05-04T12:00:00.000Z")
    [one, two] = owed(world, "zoe@example.org", "ada@example.org")
    assert world.work("mail") == [], "their messages need not wait for days"
    assert world.mails == []
    assert [(entry(world, each).state, entry(world, each).attempts) for each in (one, two)] == [("owed", 0)] * 2
    assert world.reconcile() == {"looked_at": 0, "put_back": 0, "stopped": 1}
    with world.border.aside():
        assert table.resume(table.switch())
    assert world.reconcile()["put_back"] == 2
    world.drain()
    assert sorted(mail.to for mail in world.mails) == ["ada@example.org", "zoe@example.org"]
    assert counts(world) == Counts(), "what was counted before does not stop it again"


def test_what_the_ledger_knows_to_be_owed_is_put_back_however_old(world: World) -> None:
    from chalicelib.mail.reconcile import reconcile_mails

    owed(world, "zoe@example.org")
    with world.border.aside():
        table.stop(table.switch(), cause="bounces", at="2026-05-04T12:00:00.000Z")
    world.work("mail")
    with world.border.aside():
        table.resume(table.switch())
    moment = now() + timedelta(days=5)
    assert reconcile_mails(clock=lambda: moment)["put_back"] == 1
    world.drain()
    assert len(world.mails) == 1
