"""The commands, as an operator types them."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
import yaml

from infra.demo.people import read_samples
from infra.local import ports
from tests.builders import kosi_answers
from tests.deployed.stack import AUFRUF, CALL, ROOT, Stack, surroundings
from tests.local.waiting import wait_for

SAMPLES = read_samples()
CONFIRMING = sum(sample.confirm for sample in SAMPLES)


def confirmations(stack: Stack, addresses: set[str]) -> dict[str, int]:
    """How many mails to confirm went to each address."""
    kinds = {one: [mail["tags"]["kind"] for mail in stack.mails(one)] for one in addresses}
    return {address: found.count("confirm") for address, found in kinds.items()}


def test_the_demo_sends_every_sample_once_however_often_it_runs(stack: Stack) -> None:
    assert len(SAMPLES) >= 40
    assert len(SAMPLES) < 2 * CONFIRMING
    first = stack.command("demo")
    assert first.returncode == 0, first.stderr
    assert f"{len(SAMPLES)} reports sent (0 of them were there already), {CONFIRMING} confirmed." in first.stdout
    addresses = {str(sample.answers["reporter_email"]) for sample in SAMPLES}
    stack.drain()
    mails = confirmations(stack, addresses)

    second = stack.command("demo")
    assert second.returncode == 0, second.stderr
    there_already = f"{len(SAMPLES)} reports sent ({len(SAMPLES)} of them were there already), {CONFIRMING} confirmed."
    assert there_already in second.stdout
    stack.drain()
    assert confirmations(stack, addresses) == mails
    assert sum(mails.values()) == len(SAMPLES)


def test_an_export_is_built_listed_and_downloaded(stack: Stack, address: str, tmp_path: Path) -> None:
    reference = stack.accepted(kosi_answers(reporter_email=address))
    built = stack.command("exports", "build", CALL)
    assert built.returncode == 0, built.stderr
    export_id = re.search(r"(\S+) is ready", built.stdout)
    assert export_id is not None, built.stdout
    assert export_id[1] in stack.command("exports", "list", CALL).stdout

    downloaded = stack.command("exports", "download", CALL, export_id[1], "--to", tmp_path)
    assert downloaded.returncode == 0, downloaded.stderr
    folder = tmp_path / f"{CALL}-{export_id[1]}"
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        content = (folder / file["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"])
    submissions = json.loads((folder / "submissions.json").read_text())["submissions"]
    assert reference in [one["reference"] for one in submissions]

    again = stack.command("exports", "download", CALL, export_id[1], "--to", tmp_path)
    assert again.returncode == 0, again.stderr
    assert "there already" in again.stdout.replace("\n", " ")

    # Interrupted in the middle of a file, it goes on; what is not the manifest's does not get the file's name.
    whole = (folder / "submissions.json").rename(folder / "submissions.json.part")
    etag = hashlib.md5(whole.read_bytes(), usedforsecurity=False).hexdigest()
    (folder / "submissions.json.part.etag").write_text(f'"{etag}"')
    with whole.open("r+b") as part:
        part.truncate(whole.stat().st_size // 2)
    assert stack.command("exports", "download", CALL, export_id[1], "--to", tmp_path).returncode == 0
    assert json.loads((folder / "submissions.json").read_text())["submissions"] == submissions
    bucket, key = stack.outputs["ExportsBucket"], f"exports/{CALL}/{export_id[1]}/balance.json"
    content = (folder / "balance.json").read_bytes()
    (folder / "balance.json").unlink()
    stack.aws("s3", lambda s3: s3.put_object(Bucket=bucket, Key=key, Body=b" " * len(content)))
    damaged = stack.command("exports", "download", CALL, export_id[1], "--to", tmp_path)
    assert damaged.returncode == 1
    assert "SHA-256 is not the manifest's" in damaged.stderr
    assert not (folder / "balance.json").exists()
    stack.aws("s3", lambda s3: s3.put_object(Bucket=bucket, Key=key, Body=content))


def test_a_token_that_was_created_opens_the_organisers_routes_and_only_as_far_as_it_goes(stack: Stack) -> None:
    created = stack.command("tokens", "create", "--name", "a script", "--role", "viewer", "--call", CALL)
    assert created.returncode == 0, created.stderr
    token = created.stdout.strip()
    assert len(token.split()) == 1, "stdout holds the token alone, so that it can be piped"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    assert stack.ask("GET", f"/organiser/calls/{CALL}/exports", headers=headers).status_code == 200
    assert stack.ask("GET", "/organiser/calls/another-call/exports", headers=headers).status_code == 404


def test_a_stop_of_the_mails_can_be_seen_and_ended(stack: Stack, address: str) -> None:
    counts = stack.outputs["MailCountsTable"]
    stop = {":at": {"S": "2026-05-04T12:00:00.000Z"}, ":cause": {"S": "bounces"}}
    stack.aws(
        "dynamodb",
        lambda tables: tables.update_item(
            TableName=counts,
            Key={"name": {"S": "switch"}},
            UpdateExpression="SET stopped_at = :at, cause = :cause",
            ExpressionAttributeValues=stop,
        ),
    )
    reference = stack.accepted(kosi_answers(reporter_email=address))
    wait_for(lambda: stack.ledger(reference).get("cause") == "stopped", what="the mail to wait")
    status = stack.command("mails", "status")
    assert status.returncode == 0, status.stderr
    assert "Stopped since 2026-05-04" in status.stdout
    assert stack.mails(address) == []

    resumed = stack.command("mails", "resume")
    assert resumed.returncode == 0, resumed.stderr
    assert stack.mail(address)
    assert "nothing to resume" in stack.command("mails", "resume").stdout
    assert "Stopped" not in stack.command("mails", "status").stdout


def test_what_failed_for_good_is_shown_with_its_cause_and_goes_round_again(stack: Stack, address: str) -> None:
    reference = stack.accepted(kosi_answers(reporter_email=address))
    submission = reference.replace("-", "")
    assert stack.mail(address)
    job = json.dumps({"call": CALL, "submission": submission, "kind": "confirm"})
    dead = stack.outputs["MailDeadLettersUrl"]
    stack.aws("sqs", lambda sqs: sqs.send_message(QueueUrl=dead, MessageBody=job))
    shown = stack.command("queues", "show", "mail")
    assert shown.returncode == 0, shown.stderr
    assert f"MailJob call={CALL} submission={submission} kind=confirm" in shown.stdout
    assert "on record: the mail is " in shown.stdout
    assert "would go back" in stack.command("queues", "redrive", "mail").stdout
    assert stack.jobs("MailDeadLettersUrl") == 1
    redriven = stack.command("queues", "redrive", "mail", "--yes")
    assert "1 of 1 failed messages of mail are asked for again" in redriven.stdout, redriven.stderr
    stack.drain()
    assert stack.jobs("MailDeadLettersUrl") == 0
    assert len(stack.mails(address)) == 1

    # A queue that gives up after one try, for as long as it takes: the cause is in the log of its function.
    queue = stack.outputs["FeedbackQueueUrl"]
    names = ["VisibilityTimeout", "RedrivePolicy"]
    before = stack.aws("sqs", lambda sqs: sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names))["Attributes"]
    redrive = json.dumps(json.loads(before["RedrivePolicy"]) | {"maxReceiveCount": 1})
    hasty = {"VisibilityTimeout": "1", "RedrivePolicy": redrive}
    stack.aws("sqs", lambda sqs: sqs.set_queue_attributes(QueueUrl=queue, Attributes=hasty))
    try:
        stack.aws("sqs", lambda sqs: sqs.send_message(QueueUrl=queue, MessageBody=f"poison of {address}"))
        wait_for(lambda: stack.jobs("FeedbackDeadLettersUrl") == 1, what="the poison to fail for good")
    finally:
        stack.aws("sqs", lambda sqs: sqs.set_queue_attributes(QueueUrl=queue, Attributes=before))
    shown = stack.command("queues", "show", "feedback")
    stack.aws("sqs", lambda sqs: sqs.purge_queue(QueueUrl=stack.outputs["FeedbackDeadLettersUrl"]))
    assert "failed 1 time DecodeError at batches.py:" in shown.stdout, shown.stdout + shown.stderr
    assert address not in shown.stdout


def test_the_queues_and_the_calls_can_be_looked_at(stack: Stack) -> None:
    stack.drain()
    queues = stack.command("queues", "status")
    assert queues.returncode == 0, queues.stderr
    assert re.search(r"mail +0 +0 +0 +0", queues.stdout), queues.stdout
    calls = stack.command("calls", "list")
    assert calls.returncode == 0, calls.stderr
    assert CALL in calls.stdout


def test_a_published_call_is_published_once(stack: Stack) -> None:
    answer = stack.command("calls", "publish", f"calls/{CALL}.yaml")
    assert answer.returncode == 0, answer.stderr
    assert "already published" in answer.stdout


def test_a_broken_call_is_refused_with_line_and_field(stack: Stack, tmp_path: Path) -> None:
    lines = (ROOT / "calls" / f"{CALL}.yaml").read_text().splitlines()
    number = next(number for number, line in enumerate(lines) if line.strip() == "max_length: 120")
    lines[number] = lines[number].replace("max_length: 120", "max_length: plenty")
    broken = tmp_path / "broken.yaml"
    broken.write_text("\n".join(lines))
    answer = stack.command("calls", "publish", broken)
    assert answer.returncode == 1
    assert f"{broken}:{number + 1}: " in answer.stderr
    assert "max_length" in answer.stderr
    assert "Nothing was published" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_what_does_not_fit_together_in_a_call_is_refused_with_line_and_field(stack: Stack, tmp_path: Path) -> None:
    definition = yaml.safe_load((ROOT / "calls" / f"{CALL}.yaml").read_text())
    definition["form"]["title_field"] = "no_such_field"
    broken = tmp_path / "broken.yaml"
    broken.write_text(yaml.safe_dump(definition, sort_keys=False, allow_unicode=True))
    line = next(n for n, text in enumerate(broken.read_text().splitlines(), 1) if "title_field" in text)
    answer = stack.command("calls", "publish", broken)
    assert answer.returncode == 1
    assert f"{broken}:{line}: form.title_field: " in answer.stderr


def test_commands_without_a_running_stack_say_so(tmp_path: Path) -> None:
    answer = Stack(tmp_path / "none", ports.choose()).command("queues", "status")
    assert answer.returncode == 1
    assert "make run" in answer.stderr
    assert "Traceback" not in answer.stderr


def run(port: int, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [AUFRUF, "run"],
        cwd=ROOT,
        env=surroundings(PORT=str(port), DATA=str(data)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_said_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server((ports.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        answer = run(port, tmp_path / "data")
    assert answer.returncode == 1
    said = answer.stdout + answer.stderr
    assert f"Port {port}" in said
    assert "PORT=" in said
    assert "Traceback" not in said


def test_a_second_one_on_the_same_folder_says_who_has_it(stack: Stack) -> None:
    answer = run(ports.choose(), stack.data)
    assert answer.returncode == 1
    said = answer.stdout + answer.stderr
    assert str(stack.process.pid) in said
    assert "DATA=" in said
    assert "Traceback" not in said
    assert stack.ask("GET", "/health").status_code == 200


@pytest.mark.parametrize(
    ("python", "said"),
    [
        # As Python 3.10 would answer to the question whether it is new enough.
        ("#!/bin/sh\nexit 1\n", "is too old: Aufruf needs Python 3.11 or newer"),
        (None, "Aufruf needs Python 3.11 or newer"),
    ],
    ids=["too old", "none"],
)
def test_a_python_that_is_too_old_or_missing_is_said_in_words(tmp_path: Path, python: str | None, said: str) -> None:
    for file in (ROOT / "Makefile", ROOT / "pyproject.toml", *ROOT.glob("requirements*.txt")):
        shutil.copy(file, tmp_path)
    chosen = ""
    if python is not None:
        script = tmp_path / "python3.10"
        script.write_text(python)
        script.chmod(0o755)
        chosen = str(script)
    answer = subprocess.run(
        ["make", f"PYTHON={chosen}", "run"],
        cwd=tmp_path,
        env=surroundings(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    assert said in answer.stderr
    assert "make PYTHON=" in answer.stderr
    assert not (tmp_path / ".venv").exists()
