"""Mails that have to wait: attempts are spread over hours, messages go round, and waiting uses up no attempt."""

from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from msgspec.structs import replace

import chalicelib.mail.delivery
import chalicelib.mail.worker
from chalicelib.jobs.batches import TryLater
from chalicelib.jobs.messages import MailJob
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import MOST_ATTEMPTS, Entry
from chalicelib.mail.worker import deliver, deliver_mails
from chalicelib.runtime.clock import now
from chalicelib.runtime.settings import Settings, settings
from tests.aws import refused, timed_out
from tests.integration.world import World

HOURS = 3600


def given(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Settings:
    """The settings of a stage."""
    changed = replace(settings(), **changes)
    for module in (chalicelib.mail.delivery, chalicelib.mail.worker):
        monkeypatch.setattr(module, "settings", lambda: changed)
    return changed


def owing(world: World) -> MailJob:
    world.publish()
    assert world.submit().status == 201
    [item] = world.items("submissions")
    return MailJob("small-call", item["id"]["S"], "confirm")


def entry(world: World, job: MailJob) -> Entry:
    with world.border.aside():
        found = ledger.find(job.submission, job.kind)
    assert found is not None
    return found


def tries(world: World, job: MailJob, *, most_seconds: int) -> list[int]:
    """When SES was asked, in seconds from now, while the mail's message goes round."""
    start, asked = now(), []
    passed = 0
    while passed <= most_seconds:
        moment = start + timedelta(seconds=passed)

        def clock(moment: datetime = moment) -> datetime:
            return moment

        before = world.border.operations.count("SendEmail")
        try:
            deliver(job, clock=clock)
        except TryLater as later:
            passed += max(1, min(later.seconds or 0, 900))
        else:
            passed = most_seconds + 1
        if world.border.operations.count("SendEmail") > before:
            asked.append(int((moment - start).total_seconds()))
    return asked


def test_a_mail_that_is_refused_is_tried_ten_times_in_four_hours_and_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, mail_backoff_seconds=30)
    job = owing(world)
    world.border.fail("SendEmail", refused("MessageRejected"), times=100)
    asked = tries(world, job, most_seconds=6 * HOURS)
    assert len(asked) == MOST_ATTEMPTS
    assert [later - earlier for earlier, later in pairwise(asked)][:4] == [30, 60, 120, 240]
    assert 4 * HOURS < asked[-1] < 4.5 * HOURS
    assert entry(world, job).state == "failed"


def test_a_mail_service_that_does_not_answer_for_four_hours_costs_no_mail(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, mail_backoff_seconds=30)
    job = owing(world)
    world.border.fail("SendEmail", timed_out(), times=MOST_ATTEMPTS - 1)
    asked = tries(world, job, most_seconds=6 * HOURS)
    assert len(asked) == MOST_ATTEMPTS
    assert asked[-1] > 4 * HOURS
    assert entry(world, job).state == "sent"


def test_a_service_that_asks_to_slow_down_all_day_uses_up_no_attempt_and_is_asked_every_quarter_of_an_hour(
    world: World,
) -> None:
    job = owing(world)
    world.border.fail("SendEmail", refused("TooManyRequestsException", 429), times=1000)
    asked = tries(world, job, most_seconds=24 * HOURS)
    assert [later - earlier for earlier, later in pairwise(asked)][-3:] == [900] * 3
    left = entry(world, job)
    assert (left.state, left.attempts, left.cause) == ("owed", 0, "throttled")


def test_a_message_that_comes_before_its_time_goes_round_and_uses_up_no_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, mail_backoff_seconds=7_000)
    job = owing(world)
    world.relay()
    world.border.fail("SendEmail", refused("MessageRejected"))
    assert len(world.work("mail")) == 1
    for _ in range(20):
        assert len(world.work("mail")) == 1
    assert entry(world, job).attempts == 1
    assert world.dead("mail") == []
    delays = [call.parameters["DelaySeconds"] for call in world.border.calls if call.operation == "SendMessage"]
    assert delays == [900] * 21


def test_what_would_begin_late_in_the_functions_time_goes_round(world: World) -> None:
    world.publish()
    for number in range(4):
        assert world.submit(key=f"key-{number}").status == 201
    world.relay()
    records = world.messages("mail")
    world.border.forget()
    looks = count()
    limit = settings().mail_timeout_seconds
    # A look at the watch for the batch and for each message: the third message comes too late.
    answer = deliver_mails(records, watch=lambda: next(looks) * limit / 5)
    assert answer == {"batchItemFailures": []}
    assert world.border.operations.count("SendEmail") == 2
    assert world.border.operations.count("SendMessage") == 2
