"""What failed for good is shown with its cause and without anybody's data, and goes round again on demand."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from chalicelib.jobs.messages import ExportJob, FiguresJob, LoginJob
from infra.commands import queues
from infra.dead_letters import QUEUES, Letter
from infra.poison import about, job_of
from tests.aws import Crash, throttled
from tests.builders import answers
from tests.integration.test_feedback import events
from tests.integration.world import World, client, schedule_event

NIGHTLY = "arn:aws:lambda:eu-central-1:123456789012:function:aufruf-Nightly-x"
CANARY = "zoe-kanarienvogel@example.org"


class Operator:
    """Who types commands; what the functions logged is where CloudWatch would have it."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.world, self.capsys = world, capsys
        sqs = client("sqs")
        self.outputs = {}
        for name, queue in QUEUES.items():
            if queue.waits is None:
                sqs.create_queue(QueueName=f"{name}-dead")
            else:
                self.outputs[queue.waits] = sqs.get_queue_url(QueueName=name)["QueueUrl"]
            self.outputs[queue.failed] = sqs.get_queue_url(QueueName=f"{name}-dead")["QueueUrl"]
            for group in queue.logs:
                self.outputs[group] = group
                client("logs").create_log_group(logGroupName=group)
                client("logs").create_log_stream(logGroupName=group, logStreamName="all")

    def fail_for_good(self, queue: str, times: int = 9) -> None:
        """Let a worker fail until its messages are among the dead letters."""
        self.capsys.readouterr()
        for _ in range(times):
            self.world.work(queue)
        lines = self.capsys.readouterr().out.splitlines()
        at = int(time.time() * 1000)
        [group] = QUEUES[queue].logs  # type: ignore[index]
        client("logs").put_log_events(
            logGroupName=group, logStreamName="all", logEvents=[{"timestamp": at, "message": line} for line in lines]
        )

    def types(self, *arguments: str) -> str:
        with self.world.border.aside():
            done = CliRunner().invoke(queues.app, arguments)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.output


@pytest.fixture
def operator(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Operator]:
    with world.border.aside():
        one = Operator(world, capsys)
    monkeypatch.setattr(queues, "use_stage", lambda stage, data: one.outputs)
    monkeypatch.setattr(queues.console, "width", 300)
    return one


def reported(world: World) -> str:
    """A report whose first mail waits on the queue; its id."""
    world.publish()
    answer = world.submit(answers(email=CANARY, name="Zoë Kanarienvogel"))
    world.relay()
    return str(answer.json["reference"].replace("-", ""))


def test_where_nothing_failed_that_is_what_is_said(operator: Operator) -> None:
    shown = operator.types("status")
    assert [line.split()[:5] for line in shown.splitlines()[1:4]] == [
        [name, "0", "0", "0", "0"] for name in ("mail", "feedback", "export")
    ]
    for name in QUEUES:
        assert operator.types("show", name) == f"Nothing failed on {name}.\n"
        assert operator.types("redrive", name, "--yes") == f"Nothing failed on {name}.\n"


def test_a_mail_that_failed_is_shown_with_its_cause_and_goes_out_once_that_is_gone(
    world: World, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = reported(world)
    world.put("mail", f'{{"poison": "{CANARY}"}}')
    with monkeypatch.context() as broken:
        broken.setattr("chalicelib.mail.worker.letter_about", lambda *_: {}[CANARY])
        operator.fail_for_good("mail")
    assert len(world.mails) == 0

    status = operator.types("status")
    assert "aufruf queues show mail" in status
    assert [line.split()[4] for line in status.splitlines() if line.startswith(" mail")] == ["2"]
    shown = operator.types("show", "mail")
    assert f"MailJob call=small-call submission={submission} kind=confirm" in shown
    assert re.search(r"failed 8 times KeyError at .*worker\.py:\d+", shown)
    assert "not a message of ours (43 bytes)" in shown
    assert "failed 8 times ValidationError" in shown
    assert "kanarien" not in (status + shown).lower()

    plan = operator.types("redrive", "mail")
    assert "2 failed messages of mail would go back on the queue" in plan
    assert world.work("mail") == [], "nothing was done"
    assert operator.types("show", "mail") == shown, "nor did looking change anything"

    assert "2 of 2 failed messages of mail are asked for again." in operator.types("redrive", "mail", "--yes")
    assert "Nothing failed" in operator.types("redrive", "mail", "--yes")
    operator.fail_for_good("mail")
    assert [mail.to for mail in world.mails] == [CANARY]
    assert "not a message of ours" in operator.types("show", "mail"), "what nobody understands comes back"


def test_an_interruption_between_the_two_steps_doubles_the_message_and_not_the_mail(
    world: World, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported(world)
    with monkeypatch.context() as broken:
        broken.setattr("chalicelib.mail.worker.letter_about", lambda *_: {}["x"])
        operator.fail_for_good("mail")
    world.border.fail("DeleteMessage", Crash())
    with pytest.raises(Crash):
        CliRunner().invoke(queues.app, ["redrive", "mail", "--yes"], catch_exceptions=False)
    world.border.faults.clear()
    assert "1 of 1" in operator.types("redrive", "mail", "--yes")
    assert len(world.messages("mail")) == 2
    world.border.fail("SendMessage", throttled(), times=99)
    world.put("mail-dead", "{}")
    said = CliRunner().invoke(queues.app, ["redrive", "mail", "--yes"])
    assert said.exit_code == 1
    assert isinstance(said.exception, SystemExit), "in words, no traceback"
    world.border.faults.clear()
    assert world.dead("mail") == ["{}"], "what could not be sent was not deleted"


def test_of_many_one_can_be_meant(world: World, operator: Operator) -> None:
    for number in range(25):
        world.put("export-dead", json.dumps({"call": f"call-{number}", "export_id": "none"}))
    shown = operator.types("show", "export")
    assert shown.count("ExportJob") == 25
    [line] = [line for line in shown.splitlines() if "call=call-7 " in line]
    one = line.split()[0]
    assert "1 of 1" in operator.types("redrive", "export", "--only", one, "--yes")
    assert [json.loads(message["body"])["call"] for message in world.messages("export")] == ["call-7"]
    assert operator.types("redrive", "export", "--only", one, "--yes") == f"{one} is not among what failed on export.\n"
    assert operator.types("show", "export").count("ExportJob") == 24


def test_an_export_that_failed_says_so_and_why(
    world: World, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish()
    asked = world.nightly()[0]["export_id"]
    with monkeypatch.context() as broken:
        broken.setattr("chalicelib.exports.worker.build", lambda *_, **__: {}["x"])
        operator.fail_for_good("export", 3)
    [message] = [one for one in world.messages("export") if asked in one["body"]]
    world.put("export-dead", message["body"])
    shown = operator.types("show", "export")
    assert f"ExportJob call=small-call export_id={asked}" in shown
    assert "on record: the export is building attempts=3 cause=KeyError" in shown
    assert "no error in the log names it" in shown


def test_news_about_a_mail_is_shown_without_the_address_in_it(world: World, operator: Operator) -> None:
    submission = reported(world)
    world.work("mail")
    for body in events(world, submission):
        world.put("feedback-dead", body)
    shown = operator.types("show", "feedback")
    assert f"delivery submission={submission} kind=confirm" in shown
    assert "kanarien" not in shown.lower()
    assert "example.org" not in shown
    operator.types("redrive", "feedback", "--yes")
    assert world.work("feedback") == []
    assert world.items("mails")[0]["state"]["S"] == "delivered"


def test_what_the_relay_gave_up_on_is_looked_for_however_old_it_is(
    world: World, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publish()
    world.submit(answers(email=CANARY))
    failure = {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 11},
        "DDBStreamBatchInfo": {"batchSize": 1, "approximateArrivalOfFirstRecord": "2026-05-04T12:00:00Z"},
    }
    world.put("relay-dead", json.dumps(failure))
    assert "changes condition=RetryAttemptsExhausted records=1 since=2026-05-04T12:00:00Z" in operator.types(
        "show", "relay"
    )
    assert "would be reconciled" in operator.types("redrive", "relay")
    monkeypatch.setattr("chalicelib.mail.reconcile.WINDOW", -1 * queues._EARLIER)
    assert world.reconcile()["put_back"] == 0, "by itself it does not look so far back any more"
    assert "1 of 1" in operator.types("redrive", "relay", "--yes")
    assert len(world.messages("mail")) == 1
    assert world.dead("relay") == []


def test_while_mails_are_stopped_the_relays_failures_stay(world: World, operator: Operator) -> None:
    world.publish()
    world.put("relay-dead", json.dumps({"DDBStreamBatchInfo": {"batchSize": 1}}))
    with world.border.aside():
        from chalicelib.mail import table

        table.stop(table.switch(), cause="bounces", at="2026-05-04T12:00:00.000Z")
    assert "aufruf mails status" in operator.types("redrive", "relay", "--yes")
    assert len(world.dead("relay")) == 1


def test_a_schedule_that_failed_runs_again(world: World, operator: Operator) -> None:
    world.publish()
    event = schedule_event("2026-05-05T01:00:00Z")
    rule = "arn:aws:events:eu-central-1:123456789012:rule/aufruf-prod-{}Event-1ABC"
    world.put("schedules-dead", json.dumps(event | {"resources": [rule.format("NightlyNightly")]}))
    world.put("schedules-dead", json.dumps({"requestContext": {"functionArn": NIGHTLY}, "requestPayload": event}))
    world.put("schedules-dead", json.dumps(event | {"resources": [rule.format("DigestDigest")]}))
    world.put("schedules-dead", json.dumps(event | {"resources": [rule.format("ReconcileReconcile")]}))
    world.put("schedules-dead", json.dumps({"somebody": CANARY}))
    shown = operator.types("show", "schedules")
    assert shown.count("nightly for=2026-05-05T01:00:00Z") == 2
    assert shown.count("digest for=") == shown.count("reconcile for=") == 1
    assert "kanarien" not in shown
    assert "4 of 5 failed messages of schedules are asked for again. 1 stay" in operator.types(
        "redrive", "schedules", "--yes"
    )
    asked = [json.loads(one["body"]) for one in world.messages("export")]
    assert {one["export_id"] for one in asked if "export_id" in one} == {"20260505T010000Z-nightly"}
    assert world.dead("schedules") == [json.dumps({"somebody": CANARY})]


@pytest.mark.parametrize(
    ("body", "job"),
    [
        ({"call": "c", "export_id": "e"}, ExportJob("c", "e")),
        ({"call": "c", "figures_at": "2026"}, FiguresJob("c", "2026")),
        ({"login": "digest", "nonce": "secret", "asked_at": "1", "language": "de", "next": "/x"},
         LoginJob("digest", "secret", "1", "de", "/x")),
        ({}, None),
        ({"call": 1, "export_id": "e"}, None),
        ({"call": "c", "export_id": "e", "more": 1}, None),
    ],
)  # fmt: skip
def test_a_job_is_known_by_its_members_and_no_secret_leaves_it(body: dict[str, Any], job: object) -> None:
    assert job_of(body) == job
    told = about("mail", letter(json.dumps(body)))
    assert "secret" not in told
    assert "digest" not in told


@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("body", ["", "null", "[]", "\ud800", "{", '{"call": "\\u001b[31m", "export_id": "[red]"}'])
def test_no_message_breaks_the_look_at_it_or_the_terminal(queue: Any, body: str) -> None:
    assert about(queue, letter(body)).isprintable()
    assert "[red]" not in about(queue, letter(body))


def letter(body: str) -> Letter:
    return Letter("m", body, queues.datetime.now(queues.UTC), "h")
