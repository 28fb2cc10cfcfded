"""Relay, queue, worker, ledger: every mail owed is sent, once."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError

from chalicelib.jobs.batches import TryLater
from chalicelib.jobs.messages import MailJob
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import MOST_ATTEMPTS
from chalicelib.mail.reconcile import reconcile_mails
from chalicelib.mail.worker import deliver
from chalicelib.runtime.clock import now
from chalicelib.runtime.settings import settings
from tests.aws import Crash, refused, throttled, timed_out, unreachable
from tests.builders import answers
from tests.integration.world import World

LEASE = timedelta(seconds=60)
BEFORE_THE_MARK = 3  # updates: the claim and two caps


def job_of(world: World, answer: Any = None) -> MailJob:
    """The job of the (only) submission."""
    [item] = world.items("submissions")
    return MailJob("small-call", item["id"]["S"], "confirm")


def entry(world: World) -> Any:
    """The ledger's only entry."""
    with world.border.aside():
        return ledger.find(job_of(world).submission, "confirm")


def at(**after: float) -> Any:
    """A clock that stands so long after now."""
    moment = now() + timedelta(**after)

    def clock() -> datetime:
        return moment

    return clock


def sent(world: World) -> int:
    """How many mails SES has taken."""
    import moto.backends

    backend = moto.backends.get_backend("ses")["123456789012"][settings().region]
    return len(backend.sent_messages)


def submitted(world: World, count: int = 1) -> None:
    world.publish()
    for number in range(count):
        assert world.submit(answers(name=f"Number {number}", email=f"ada-{number}@example.org")).status == 201


# The relay


def test_the_relay_puts_ids_on_the_queue_and_nothing_else(world: World) -> None:
    submitted(world)
    assert world.relay() == {"batchItemFailures": []}
    [message] = world.messages("mail")
    job = job_of(world)
    assert json.loads(message["body"]) == {"call": "small-call", "submission": job.submission, "kind": "confirm"}


def test_a_confirmation_causes_one_more_mail(world: World) -> None:
    submitted(world)
    world.post(f"{world.receipt()}/confirm")
    world.relay()
    assert [json.loads(one["body"])["kind"] for one in world.messages("mail")] == ["confirm", "receipt"]
    world.relay()
    assert world.messages("mail") == []


def test_many_submissions_are_relayed_in_tens(world: World) -> None:
    submitted(world, 23)
    world.border.forget()
    world.relay()
    assert world.border.operations == ["SendMessageBatch"] * 3
    assert len(world.messages("mail")) == 23


def test_what_the_queue_does_not_take_stays_in_the_stream_from_there_on(world: World) -> None:
    submitted(world, 3)
    records = world.stream()
    world.border.answers["SendMessageBatch"] = lambda answer: (
        answer | {"Failed": [{"Id": "1", "SenderFault": False, "Code": "x"}]}
    )
    failed = world.relay()
    assert failed == {"batchItemFailures": [{"itemIdentifier": records[1]["dynamodb"]["SequenceNumber"]}]}
    del world.border.answers["SendMessageBatch"]
    world.drain()
    assert len(world.mails) == 3


@pytest.mark.parametrize(
    "error",
    [throttled(), refused("ServiceUnavailable", 503), unreachable(), timed_out()],
    ids=["throttled", "503", "broken", "timed out"],
)
def test_when_the_queue_does_not_answer_the_stream_keeps_everything(world: World, error: Exception) -> None:
    submitted(world, 2)
    records = world.stream()
    world.border.fail("SendMessageBatch", error)
    assert [one["itemIdentifier"] for one in world.relay()["batchItemFailures"]] == [
        record["dynamodb"]["SequenceNumber"] for record in records
    ]
    world.drain()
    assert len(world.mails) == 2


def test_records_the_relay_cannot_read_are_left_to_reconcile(world: World) -> None:
    import app

    submitted(world)
    [record] = world.stream()
    strange: list[dict[str, Any]] = [
        {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "Keys": {}}},
        {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "2", "NewImage": {"state": {"S": "received"}}}},
        {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "3", "NewImage": {"state": {"NULL": True}, "call": {}}}},
        {"eventName": "REMOVE", "dynamodb": {"SequenceNumber": "4", "OldImage": record["dynamodb"]["NewImage"]}},
        {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "5", "NewImage": None}},
        {**record, "eventName": "INSERT"},
    ]
    assert app.relay({"Records": strange}, None) == {"batchItemFailures": []}
    assert len(world.messages("mail")) == 1


def test_a_record_that_comes_twice_sends_one_mail(world: World) -> None:
    import app

    submitted(world)
    records = world.stream()
    for _ in range(3):
        app.relay({"Records": records}, None)
    world.drain()
    assert len(world.mails) == 1


# The worker


def test_a_sent_mail_is_marked_with_what_ses_called_it(world: World) -> None:
    submitted(world)
    world.drain()
    marked = entry(world)
    assert (marked.state, marked.attempts, marked.call) == ("sent", 1, "small-call")
    assert marked.message_id
    assert marked.sent_at == marked.changed_at


def test_a_message_that_comes_twice_sends_one_mail(world: World) -> None:
    submitted(world)
    world.relay()
    [message] = world.messages("mail")
    for _ in range(3):
        world.put("mail", message["body"])
    assert world.work("mail") == []
    assert len(world.mails) == 1


def test_a_poison_message_fails_alone_and_ends_among_the_dead_letters(world: World) -> None:
    submitted(world, 2)
    world.relay()
    world.put("mail", "poison")
    assert world.work("mail") == ["poison"]
    assert sent(world) == 2
    for _ in range(10):
        world.work("mail")
    assert world.dead("mail") == ["poison"]


def test_a_mail_for_what_is_gone_confirmed_or_of_no_call_is_not_sent(world: World) -> None:
    submitted(world)
    job = job_of(world)
    world.relay()
    world.post(f"{world.receipt()}/confirm")
    for body in ({"call": "no-call"}, {"submission": "K7Q49XMD2RTB"}):
        world.put("mail", json.dumps({"call": "small-call", "submission": job.submission, "kind": "confirm"} | body))
    assert world.work("mail") == []
    assert world.mails == []
    assert world.items("mails") == []


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ThrottlingException", "LimitExceededException"])
def test_when_ses_throttles_the_claim_is_given_back_and_no_attempt_is_used_up(world: World, code: str) -> None:
    submitted(world)
    world.relay()
    world.border.fail("SendEmail", refused(code, 429), times=3)
    for _ in range(3):
        assert len(world.work("mail")) == 1
        assert (entry(world).state, entry(world).attempts, entry(world).cause) == ("owed", 0, "throttled")
    world.drain()
    assert (entry(world).state, entry(world).attempts) == ("sent", 1)
    assert sent(world) == 1


def test_when_ses_refuses_the_attempt_counts_and_the_cause_is_kept(world: World) -> None:
    submitted(world)
    world.relay()
    world.border.fail("SendEmail", refused("MessageRejected"))
    assert len(world.work("mail")) == 1
    assert (entry(world).state, entry(world).attempts, entry(world).cause) == ("owed", 1, "MessageRejected")
    world.drain()
    assert (entry(world).state, entry(world).attempts, entry(world).cause) == ("sent", 2, "")


def test_when_ses_refuses_for_good_the_mail_is_given_up_and_nobody_tries_again(world: World) -> None:
    submitted(world)
    world.relay()
    world.border.fail("SendEmail", refused("MessageRejected"), times=100)
    job = job_of(world)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        try:
            deliver(job)
        except TryLater:
            assert attempt < MOST_ATTEMPTS
    assert (entry(world).state, entry(world).attempts) == ("failed", MOST_ATTEMPTS)
    world.border.forget()
    deliver(job)
    assert world.reconcile()["put_back"] == 0
    assert "SendEmail" not in world.border.operations


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://ses.example.org"),
        ConnectTimeoutError(endpoint_url="https://ses.example.org"),
    ],
    ids=["no connection", "no connection in time"],
)
def test_when_ses_was_never_reached_the_claim_is_given_back(world: World, error: Exception) -> None:
    submitted(world)
    world.relay()
    world.border.fail("SendEmail", error)
    assert len(world.work("mail")) == 1
    assert (entry(world).state, entry(world).cause) == ("owed", "no-connection")
    world.drain()
    assert sent(world) == 1


@pytest.mark.parametrize(
    "error", [timed_out(), unreachable(), refused("InternalFailure", 500)], ids=["timed out", "broken", "500"]
)
def test_when_nobody_knows_whether_ses_took_it_the_claim_is_kept_until_its_lease_runs_out(
    world: World, error: Exception
) -> None:
    submitted(world)
    world.relay()
    world.border.fail("SendEmail", error)
    assert len(world.work("mail")) == 1
    claimed = entry(world)
    assert (claimed.state, claimed.attempts) == ("claimed", 1)
    for _ in range(3):
        assert len(world.work("mail")) == 1, "comes back while the lease runs"
    assert sent(world) == 0
    deliver(job_of(world), clock=at(seconds=61))
    assert (entry(world).state, entry(world).attempts) == ("sent", 2)
    assert sent(world) == 1


def test_ses_is_asked_once_for_each_attempt(world: World) -> None:
    from chalicelib.runtime.aws import ses

    assert ses().meta.config.retries["total_max_attempts"] == 1


@pytest.mark.parametrize("after", [False, True], ids=["before SES has it", "after SES has it"])
def test_a_worker_that_dies_leaves_a_lease_and_the_mail_goes_out_after_it(world: World, after: bool) -> None:
    submitted(world)
    world.relay()
    world.border.fail("SendEmail", Crash(), after=after)
    with pytest.raises(Crash):
        world.work("mail")
    with pytest.raises(TryLater):
        deliver(job_of(world), clock=at(seconds=30))
    deliver(job_of(world), clock=at(seconds=61))
    assert entry(world).state == "sent"
    assert sent(world) == (2 if after else 1)


def test_a_mark_that_fails_is_tried_again_at_once(world: World) -> None:
    submitted(world)
    world.relay()
    world.border.fail("UpdateItem", throttled(), skip=BEFORE_THE_MARK)
    world.border.fail("UpdateItem", timed_out(), skip=BEFORE_THE_MARK, after=True)
    assert world.work("mail") == []
    assert entry(world).state == "sent"
    assert sent(world) == 1


def test_a_mark_that_never_succeeds_leaves_the_claim_so_that_nobody_sends_at_once(world: World) -> None:
    submitted(world)
    world.relay()
    world.border.fail("UpdateItem", throttled(), times=3, skip=BEFORE_THE_MARK)
    assert len(world.work("mail")) == 1
    assert entry(world).state == "claimed"
    assert len(world.work("mail")) == 1
    assert sent(world) == 1


def test_a_claim_that_does_not_get_through_sends_nothing(world: World) -> None:
    submitted(world)
    world.relay()
    world.border.fail("UpdateItem", throttled())
    assert len(world.work("mail")) == 1
    assert sent(world) == 0
    world.drain()
    assert sent(world) == 1


def test_a_mail_that_kills_every_worker_is_given_up_in_the_end(world: World) -> None:
    submitted(world)
    job = job_of(world)
    world.border.fail("SendEmail", Crash(), times=1000)
    for attempt in range(MOST_ATTEMPTS):
        with pytest.raises(Crash):
            deliver(job, clock=at(seconds=attempt * 61))
    world.border.forget()
    deliver(job, clock=at(seconds=MOST_ATTEMPTS * 61))
    assert "SendEmail" not in world.border.operations
    assert (entry(world).state, entry(world).cause) == ("failed", "attempts-used-up")
    assert reconcile_mails(clock=at(hours=2))["put_back"] == 0


# Reconcile


def test_what_the_relay_never_relayed_is_found(world: World) -> None:
    submitted(world, 25)
    assert world.reconcile() == {"looked_at": 25, "put_back": 25}
    world.work("mail")
    assert sent(world) == 25
    assert world.reconcile() == {"looked_at": 25, "put_back": 0}


def test_nothing_is_sent_twice_when_relay_and_reconcile_both_put_it_on_the_queue(world: World) -> None:
    submitted(world, 5)
    world.reconcile()
    world.reconcile()
    world.drain()
    world.reconcile()
    world.drain()
    assert sent(world) == 5


def test_a_mail_somebody_is_at_is_left_alone_until_the_lease_runs_out(world: World) -> None:
    submitted(world)
    world.relay()
    world.border.fail("SendEmail", timed_out())
    world.work("mail")
    assert world.reconcile()["put_back"] == 0
    assert reconcile_mails(clock=at(seconds=61))["put_back"] == 1


def test_what_is_older_than_two_days_is_left_to_the_night(world: World) -> None:
    submitted(world)
    assert reconcile_mails(clock=at(hours=47))["put_back"] == 1
    assert reconcile_mails(clock=at(hours=49)) == {"looked_at": 0, "put_back": 0}


def test_what_is_confirmed_is_owed_its_receipt_and_no_more(world: World) -> None:
    submitted(world)
    world.post(f"{world.receipt()}/confirm")
    assert world.reconcile() == {"looked_at": 1, "put_back": 1}
    world.work("mail")
    assert [mail.tags["kind"] for mail in world.mails] == ["receipt"]
    assert world.reconcile() == {"looked_at": 1, "put_back": 0}


def test_what_the_queue_does_not_take_is_found_the_next_time(world: World) -> None:
    submitted(world)
    world.border.answers["SendMessageBatch"] = lambda _answer: {
        "Failed": [{"Id": "0", "SenderFault": False, "Code": "x"}]
    }
    assert world.reconcile() == {"looked_at": 1, "put_back": 0}
    del world.border.answers["SendMessageBatch"]
    assert world.reconcile() == {"looked_at": 1, "put_back": 1}
