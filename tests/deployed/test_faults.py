"""What goes wrong on a bad day, with real queues and real processes: no mail is lost, none comes twice."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

from tests.builders import kosi_answers
from tests.deployed.stack import Stack
from tests.local.waiting import wait_for

QUIET_SECONDS = 2.0  # many times what a mail takes with the relay on


@contextmanager
def relay_switched_off(stack: Stack) -> Iterator[None]:
    """Disable the mapping of the stream, and the schedule of reconcile, so that only the test itself runs it."""
    rule = schedule_of(stack, "ReconcileFunction")
    stack.aws("events", lambda events: events.disable_rule(Name=rule))
    switch_relay(stack, on=False)
    try:
        yield
    finally:
        switch_relay(stack, on=True)
        stack.aws("events", lambda events: events.enable_rule(Name=rule))


def switch_relay(stack: Stack, *, on: bool) -> None:
    mapping = stack.outputs["RelayMapping"]
    wanted = "Enabled" if on else "Disabled"
    stack.aws("lambda", lambda functions: functions.update_event_source_mapping(UUID=mapping, Enabled=on))
    wait_for(
        lambda: (
            stack.aws("lambda", lambda functions: functions.get_event_source_mapping(UUID=mapping))["State"] == wanted
        ),
        what=f"the mapping to be {wanted}",
    )


def schedule_of(stack: Stack, function: str) -> str:
    """The name of the rule that starts a function."""
    name = stack.outputs[function]
    rules = stack.aws("events", lambda events: events.list_rules())["Rules"]
    for rule in rules:
        targets = stack.aws("events", lambda events, rule=rule: events.list_targets_by_rule(Rule=rule["Name"]))[
            "Targets"
        ]
        if any(target["Arn"].endswith(f":{name}") for target in targets):
            return str(rule["Name"])
    raise AssertionError(f"no schedule starts {name}: {rules}")


def test_with_the_relay_off_every_mail_goes_out_by_reconcile(stack: Stack) -> None:
    addresses = [f"no-relay-{number}-{token_hex(4)}@example.org" for number in range(5)]
    with relay_switched_off(stack):
        references = [stack.accepted(kosi_answers(reporter_email=address)) for address in addresses]
        since = time.monotonic()
        while time.monotonic() - since < QUIET_SECONDS:
            assert [stack.mails(address) for address in addresses] == [[]] * len(addresses)
        assert [stack.ledger(reference) for reference in references] == [{}] * len(references)
        assert stack.jobs("MailQueueUrl") == 0

        assert stack.local("reconcile")["mails"]["put_back"] >= len(addresses)
        for address, reference in zip(addresses, references, strict=True):
            assert reference in stack.mail(address)["subject"]
        assert stack.local("reconcile")["mails"]["put_back"] == 0

    # The relay reads on where it stopped: what it hands over again has been sent. One more report shows how far it is.
    last = f"relay-again-{token_hex(4)}@example.org"
    stack.accepted(kosi_answers(reporter_email=last))
    stack.mail(last)
    stack.drain()
    assert [len(stack.mails(address)) for address in addresses] == [1] * len(addresses)


def test_a_mail_worker_killed_before_it_sends_leaves_one_mail_for_the_next(stack: Stack, address: str) -> None:
    with stack.mail_service(pause_seconds=4):
        reference = stack.accepted(kosi_answers(reporter_email=address))
        wait_for(lambda: stack.ledger(reference).get("state") == "claimed", what="the claim")
        workers = stack.function_pids("MailWorkerFunction")
        assert workers
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        assert stack.mails(address) == []
    stack.mail(address, seconds=45)
    waited = time.monotonic() - killed
    lease = int(stack.outputs["MailLeaseSeconds"])
    assert waited > lease - 2, f"sent again after {waited:.1f} s, while the lease of {lease} s was somebody else's"
    stack.drain()
    assert len(stack.mails(address)) == 1
    entry = wait_for(
        lambda: (found := stack.ledger(reference)).get("state") == "delivered" and found, what="the news of it"
    )
    assert entry["attempts"] == "2"


def killed_after_sending(stack: Stack, address: str, *, events: bool) -> str:
    """A report whose mail worker was killed when SES had taken the mail and had not answered; gives its reference."""
    with stack.mail_service(answer_after_seconds=4, events=events):
        reference = stack.accepted(kosi_answers(reporter_email=address))
        stack.mail(address)
        workers = stack.function_pids("MailWorkerFunction")
        assert workers
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
    return reference


def test_a_worker_killed_between_send_and_mark_leaves_one_mail_where_ses_tells_of_it(
    stack: Stack, address: str
) -> None:
    reference = killed_after_sending(stack, address, events=True)
    wait_for(lambda: stack.ledger(reference).get("state") == "delivered", what="the event that heals the entry")
    assert stack.ledger(reference)["message_id"] == stack.mail(address)["id"]
    time.sleep(int(stack.outputs["MailLeaseSeconds"]) + 1)  # whoever would send again would do so now
    stack.drain()
    assert len(stack.mails(address)) == 1


def test_a_worker_killed_between_send_and_mark_leaves_two_mails_where_nobody_tells_it(
    stack: Stack, address: str
) -> None:
    reference = killed_after_sending(stack, address, events=False)
    wait_for(lambda: len(stack.mails(address)) == 2, seconds=45, what="the mail that is sent again")
    stack.drain()
    assert len(stack.mails(address)) == 2
    assert stack.ledger(reference)["attempts"] == "2"


def test_a_mail_service_that_is_full_delays_the_mail_and_uses_up_no_attempt(stack: Stack, address: str) -> None:
    with stack.mail_service(throttle_per_second=0):
        reference = stack.accepted(kosi_answers(reporter_email=address))
        wait_for(lambda: stack.ledger(reference).get("cause") == "throttled", what="a refused attempt")
        assert stack.mails(address) == []
    stack.mail(address, seconds=45)
    stack.drain()
    assert len(stack.mails(address)) == 1
    assert stack.ledger(reference)["attempts"] == "1"
