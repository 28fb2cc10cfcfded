"""`aufruf doctor`: a healthy stack is all green; whatever somebody broke by hand is named, with what mends it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from infra.commands.target import read_running
from infra.doctor.examination import examine
from infra.doctor.place import Finding, Place
from infra.local.emulator import client
from infra.local.stack import NAME, LocalStack
from tests.deployed.stack import Stack
from tests.local.waiting import wait_for

Break = Callable[[Place], Callable[[], object]]
"""Breaks something by hand, as somebody in a hurry would; gives what undoes it."""


@pytest.fixture(scope="module")
def running(stack: Stack) -> LocalStack:
    """Where the stack is."""
    known = read_running(stack.data)
    return LocalStack(endpoint=known.endpoint, url=known.url, outputs=known.outputs)


@pytest.fixture(scope="module")
def place(running: LocalStack) -> Place:
    """The stack as the command sees it; its clients are dear, so all tests share them."""
    return Place(NAME, "local", client=partial(client, endpoint=running.endpoint), api=running.api, local=True)


def found(place: Place) -> list[Finding]:
    return [one for result in examine(place, folder=Path()) for one in result.findings]


@contextmanager
def broken(place: Place, by: Break) -> Iterator[None]:
    undo = by(place)
    try:
        yield
    finally:
        undo()


def physical(place: Place, name: str) -> str:
    known = place.physical(name)
    assert known is not None, name
    return known


def no_recovery(place: Place) -> Callable[[], object]:
    table, client = physical(place, "SubmissionsTable"), place.client("dynamodb")

    def switch(*, on: bool) -> None:
        client.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on}
        )

    switch(on=False)
    return lambda: switch(on=True)


def no_expiry(place: Place) -> Callable[[], object]:
    table, client = physical(place, "AccessTable"), place.client("dynamodb")

    def switch(*, on: bool) -> None:
        client.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": on}
        )

    switch(on=False)
    return lambda: switch(on=True)


def unprotected_table(place: Place) -> Callable[[], object]:
    table, client = physical(place, "AuditTable"), place.client("dynamodb")
    client.update_table(TableName=table, DeletionProtectionEnabled=False)
    return lambda: client.update_table(TableName=table, DeletionProtectionEnabled=True)


def open_bucket(place: Place) -> Callable[[], object]:
    bucket, client = physical(place, "ExportsBucket"), place.client("s3")
    before = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    client.delete_public_access_block(Bucket=bucket)
    return lambda: client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=before)


def endless_exports(place: Place) -> Callable[[], object]:
    bucket, client = physical(place, "ExportsBucket"), place.client("s3")
    before = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    left = [one for one in before if one["ID"] != "exports-expire"]
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": left})
    return lambda: client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": before})


def no_dead_letters(place: Place) -> Callable[[], object]:
    queue, client = physical(place, "ExportQueue"), place.client("sqs")
    policy = client.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]
    client.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": ""})
    return lambda: client.set_queue_attributes(QueueUrl=queue, Attributes=policy)


def a_failed_message(place: Place) -> Callable[[], object]:
    queue, client = physical(place, "FeedbackDeadLetters"), place.client("sqs")
    client.send_message(QueueUrl=queue, MessageBody="{}")
    return lambda: client.purge_queue(QueueUrl=queue)


def a_deaf_worker(place: Place) -> Callable[[], object]:
    client = place.client("lambda")
    [mapping] = [
        one for name, one, _ in place.of_type("AWS::Lambda::EventSourceMapping") if name.startswith("FeedbackWorker")
    ]
    client.update_event_source_mapping(UUID=mapping, Enabled=False)
    return lambda: client.update_event_source_mapping(UUID=mapping, Enabled=True)


def no_night(place: Place) -> Callable[[], object]:
    client = place.client("events")
    [rule] = [one for name, one, _ in place.of_type("AWS::Events::Rule") if name.startswith("Nightly")]
    client.disable_rule(Name=rule)
    return lambda: client.enable_rule(Name=rule)


def endless_logs(place: Place) -> Callable[[], object]:
    group, client = physical(place, "DigestLogs"), place.client("logs")
    client.delete_retention_policy(logGroupName=group)
    return lambda: client.put_retention_policy(logGroupName=group, retentionInDays=30)


def a_silent_alarm(place: Place) -> Callable[[], object]:
    alarm, client = physical(place, "ExportDeadLettersAlarm"), place.client("cloudwatch")
    client.disable_alarm_actions(AlarmNames=[alarm])
    return lambda: client.enable_alarm_actions(AlarmNames=[alarm])


def a_function_switched_off(place: Place) -> Callable[[], object]:
    function, client = physical(place, "Digest"), place.client("lambda")
    client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    return lambda: client.delete_function_concurrency(FunctionName=function)


def a_forgotten_setting(place: Place) -> Callable[[], object]:
    function, client = physical(place, "Digest"), place.client("lambda")
    before = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    less = {name: value for name, value in before.items() if name != "MAILS_TABLE"}
    client.update_function_configuration(FunctionName=function, Environment={"Variables": less})
    return lambda: client.update_function_configuration(FunctionName=function, Environment={"Variables": before})


def weak_keys(place: Place) -> Callable[[], object]:
    secret, client = physical(place, "KeysSecret"), place.client("secretsmanager")
    before = client.get_secret_value(SecretId=secret)["SecretString"]
    client.put_secret_value(SecretId=secret, SecretString=json.dumps({"root": "short"}))
    return lambda: client.put_secret_value(SecretId=secret, SecretString=before)


PLANTED: list[tuple[Break, str, str, str]] = [
    (no_recovery, "SubmissionsTable", "cannot be restored", "update-continuous-backups"),
    (no_expiry, "AccessTable", "keeps what should expire", "Enabled=true,AttributeName=expires_at"),
    (unprotected_table, "AuditTable", "deleted by mistake", "--deletion-protection-enabled"),
    (open_bucket, "ExportsBucket", "could be made public", "put-public-access-block"),
    (endless_exports, "ExportsBucket", "does not delete what it should: exports-expire", "storage.yaml"),
    (no_dead_letters, "ExportQueue", "nothing is put aside", "maxReceiveCount 5"),
    (a_failed_message, "FeedbackDeadLetters", "1 messages lie there", "aufruf queues redrive feedback"),
    (a_deaf_worker, "FeedbackWorker", "hears of nothing", "update-event-source-mapping"),
    (no_night, "Nightly", "does not run", "enable-rule"),
    (endless_logs, "DigestLogs", "not deleted after 30 days", "put-retention-policy"),
    (a_silent_alarm, "ExportDeadLettersAlarm", "nobody hears it", "enable-alarm-actions"),
    (a_function_switched_off, "Digest", "switched off", "delete-function-concurrency"),
    (a_forgotten_setting, "Digest", "does not know MAILS_TABLE", "make run"),
    (weak_keys, "KeysSecret", "no key", "Never make a new one"),
]


def test_a_healthy_stack_is_all_green(stack: Stack, place: Place) -> None:
    wait_for(lambda: not found(place), seconds=30, what="a stack that is well")
    said = stack.command("doctor")
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.rstrip().endswith("All is well.")
    assert "✗" not in said.stdout


@pytest.mark.parametrize(("by", "subject", "wrong", "mend"), PLANTED, ids=lambda one: getattr(one, "__name__", ""))
def test_what_somebody_broke_is_named_with_what_mends_it(
    place: Place, by: Break, subject: str, wrong: str, mend: str
) -> None:
    with broken(place, by):
        [one] = found(place)
    assert one.subject.startswith(subject)
    assert wrong in one.wrong
    assert mend in one.mend
    assert found(place) == []


def test_the_command_says_it_and_ends_with_one(stack: Stack, place: Place) -> None:
    with broken(place, no_night):
        said = stack.command("doctor")
    assert said.returncode == 1
    assert "aws events enable-rule" in said.stdout
    assert "1 to mend." in said.stderr


def test_without_a_stack_it_says_how_to_start_one(stack: Stack, tmp_path: Path) -> None:
    said = stack.command("doctor", "--data", tmp_path)
    assert (said.returncode, "make run" in said.stderr) == (1, True)


def test_an_app_that_does_not_answer_is_named(place: Place) -> None:
    gone = Place(NAME, "local", client=place.client, api="http://127.0.0.1:9", local=True)
    [one] = found(gone)
    assert (one.subject, "answers nothing" in one.wrong) == ("application", True)
