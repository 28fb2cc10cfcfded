"""Mails about decisions: nobody hears of a decision that was undone."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.calls.call import DecisionMails, Policy
from chalicelib.jobs.batches import TryLater
from chalicelib.jobs.messages import MailJob
from chalicelib.mail import decided
from chalicelib.mail.worker import deliver
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.settings import settings
from tests.builders import call_of
from tests.integration.world import BROWSER, World

HERE = "/organiser/calls/small-call"


class Office:
    """One confirmed report, and an organiser who decides about it."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, **mails: Any) -> None:
        world.publish(call_of(policy=Policy(tickets="optional", shards=2, mails=DecisionMails(**mails))))
        self.world = world
        self.login = world.token("moderator", "small-call")
        self.reference: str = world.submit().json["reference"]
        world.drain()
        world.post(f"{world.receipt()}/confirm")
        world.drain()
        self._patch = monkeypatch
        self.wait(660)

    def wait(self, seconds: int) -> None:
        """Let mails about decisions go out so long after them."""
        self._patch.setattr(decided, "settings", lambda: replace(settings(), decision_mail_seconds=seconds))

    def decide(self, decision: str, **more: Any) -> Any:
        asked = {"submissions": [self.reference], "decision": decision} | more
        answer = self.world.post(f"{HERE}/decisions", asked, self.login)
        assert answer.status == 200, answer.body
        return answer.json

    def undo(self, batch: str) -> None:
        self.decide("undo", batch=batch)

    def let_work(self) -> list[str]:
        """What was decided is relayed, the worker takes what waits; the messages that go round."""
        self.world.relay()
        return self.world.work("mail")

    @property
    def kinds(self) -> list[str]:
        return [mail.tags["kind"] for mail in self.world.mails if mail.tags["kind"] not in {"confirm", "receipt"}]

    def mails(self, **query: str) -> list[Any]:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        found: list[Any] = self.world.get(f"{HERE}/mails?{asked}", self.login).json["mails"]
        return found


@pytest.fixture
def office(world: World, monkeypatch: pytest.MonkeyPatch) -> Office:
    return Office(world, monkeypatch)


def test_it_waits_until_the_decision_cannot_be_undone_any_more(office: Office) -> None:
    before = now()
    office.decide("accept")
    [_message] = office.let_work()
    [*_, again] = [one for one in office.world.border.calls if one.operation == "SendMessage"]
    assert 600 < again.parameters["DelaySeconds"] <= 660, (
        "longer than it can be undone, and no longer than SQS delays a message"
    )
    assert office.kinds == []
    [waiting] = office.mails(state="owed")
    assert (waiting["kind"], waiting["cause"], waiting["attempts"]) == ("published", "undoable", 0)
    assert stamp(before + timedelta(seconds=660)) <= waiting["not_before"] <= stamp(now() + timedelta(seconds=661))
    page = office.world.get(f"{HERE}/mails?lang=en", office.login, accept=BROWSER).body
    assert "the decision can still be undone" in page
    assert "not before" in page
    assert office.world.reconcile()["put_back"] == 0, "it is not due"
    job = MailJob("small-call", waiting["mail"].partition(":")[0], "published")
    with pytest.raises(TryLater):
        deliver(job, clock=lambda: before + timedelta(seconds=600))
    deliver(job, clock=lambda: now() + timedelta(seconds=661))
    assert office.kinds == ["published"]


def _first(office: Office) -> str:
    """An acceptance whose mail waits; its batch."""
    batch: str = office.decide("accept")["batch"]
    office.let_work()
    assert [one["cause"] for one in office.mails(state="owed")] == ["undoable"]
    return batch


def test_who_undoes_a_decision_stops_its_mail(office: Office) -> None:
    office.undo(_first(office))
    office.wait(0)
    office.world.drain()
    assert office.kinds == []
    assert office.mails(state="owed") == []
    office.decide("reject")
    office.decide("accept")
    office.world.drain()
    assert office.kinds == ["published-2"], "what was decided in the end is told"


def test_the_ledger_forgets_it_at_once_even_before_its_message_comes_round(office: Office) -> None:
    batch = _first(office)
    office.undo(batch)
    office.let_work()
    assert office.mails(state="owed") == []


def test_a_rejection_that_is_undone_tells_nobody_twice_that_they_were_accepted(office: Office) -> None:
    office.wait(0)
    office.decide("accept")
    office.world.drain()
    office.wait(660)
    batch = office.decide("reject")["batch"]
    office.let_work()
    office.undo(batch)
    office.wait(0)
    office.world.drain()
    office.world.reconcile()
    office.world.drain()
    assert office.kinds == ["published"]
    history = office.world.get(office.world.receipt()).json["history"]
    assert [one["event"] for one in history][-3:] == ["accepted", "rejected", "undone"]


def test_a_prepared_mail_is_gone_when_its_decision_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(world, monkeypatch, declined="prepared")
    batch = office.decide("reject")["batch"]
    office.let_work()
    assert [one["cause"] for one in office.mails(state="held")] == ["prepared"]
    office.undo(batch)
    office.world.drain()
    assert office.mails(state="held") == []
    assert office.kinds == []


def test_with_the_relay_off_it_goes_out_late_and_not_early(office: Office) -> None:
    office.decide("accept")
    office.world.reconcile()
    assert office.world.work("mail") != []
    assert office.kinds == []
    office.wait(0)
    office.world.reconcile()
    assert office.world.reconcile()["put_back"] == 0, "the ledger knows that it is not due"
