"""The real emulator: what it keeps when it is killed, and what its functions see."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.local import ports
from infra.local.emulator import ROOT, Emulator
from tests.local.waiting import wait_for

pytestmark = pytest.mark.emulator

ROLE = "arn:aws:iam::000000000000:role/test"
RELAY = """
import boto3, os
def handle(event, context):
    for record in event["Records"]:
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=record["dynamodb"]["Keys"]["id"]["S"])
def surroundings(event, context):
    return dict(os.environ)
"""


@pytest.fixture
def mortal(tmp_path: Path, emulator_python: Path) -> Iterator[Emulator]:
    """An emulator that may be killed."""
    emulator = Emulator(tmp_path, python=emulator_python)
    emulator.start()
    yield emulator
    emulator.stop()


def kill(emulator: Emulator) -> None:
    pid = emulator.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: emulator.pid is None, what="the kill")


def wait_until_saved(emulator: Emulator, tmp_path: Path, *needles: str) -> None:
    """Until the state files name all of `needles`."""

    def saved() -> bool:
        state = "".join(file.read_text() for file in (tmp_path / "emulator" / "state").glob("*.json"))
        return all(needle in state for needle in needles)

    wait_for(saved, seconds=5, what=f"saving {needles}")


def make_table(emulator: Emulator, name: str = "things", **more: Any) -> str:
    table = emulator.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )["TableDescription"]
    return str(table.get("LatestStreamArn", ""))


def make_function(emulator: Emulator, name: str, handler: str, **environment: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("code.py", RELAY)
    emulator.client("lambda").create_function(
        FunctionName=name, Runtime="python3.11", Role=ROLE, Handler=f"code.{handler}", Timeout=20,
        Code={"ZipFile": packed.getvalue()}, Environment={"Variables": environment},
    )  # fmt: skip


def put(emulator: Emulator, key: str, table: str = "things") -> None:
    emulator.client("dynamodb").put_item(TableName=table, Item={"id": {"S": key}})


def test_tables_objects_and_messages_survive_a_kill(mortal: Emulator, tmp_path: Path) -> None:
    make_table(mortal)
    queue = mortal.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    mortal.client("s3").create_bucket(
        Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    put(mortal, "first")
    mortal.client("s3").put_object(Bucket="files", Key="a/b.json", Body=b"\x00\xff", ContentType="application/json")
    mortal.client("sqs").send_message(QueueUrl=queue, MessageBody="job-1")
    wait_until_saved(mortal, tmp_path, '"first"', "job-1", "files")

    kill(mortal)
    mortal.start()

    assert mortal.client("dynamodb").get_item(TableName="things", Key={"id": {"S": "first"}})["Item"]
    found = mortal.client("s3").get_object(Bucket="files", Key="a/b.json")
    assert (found["Body"].read(), found["ContentType"]) == (b"\x00\xff", "application/json")
    [message] = mortal.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "job-1"


def test_a_deleted_item_stays_deleted_after_a_kill(mortal: Emulator, tmp_path: Path) -> None:
    make_table(mortal)
    put(mortal, "gone")
    wait_until_saved(mortal, tmp_path, '"gone"')
    mortal.client("dynamodb").delete_item(TableName="things", Key={"id": {"S": "gone"}})
    state = tmp_path / "emulator" / "state" / "dynamodb.json"
    wait_for(lambda: '"gone"' not in state.read_text(), seconds=5, what="the save")
    kill(mortal)
    mortal.start()
    assert "Item" not in mortal.client("dynamodb").get_item(TableName="things", Key={"id": {"S": "gone"}})


def test_reading_alone_writes_no_state(mortal: Emulator, tmp_path: Path) -> None:
    make_table(mortal)
    wait_until_saved(mortal, tmp_path, "things")
    state = tmp_path / "emulator" / "state" / "dynamodb.json"
    put(mortal, "last-write")
    wait_until_saved(mortal, tmp_path, "last-write")
    before = state.stat().st_mtime_ns
    mortal.client("dynamodb").scan(TableName="things")
    mortal.client("dynamodb").get_item(TableName="things", Key={"id": {"S": "x"}})
    make_bucket = mortal.client("s3").create_bucket  # a write elsewhere, saved after anything the reads had caused
    make_bucket(Bucket="later", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    wait_until_saved(mortal, tmp_path, "later")
    assert state.stat().st_mtime_ns == before


def test_changes_after_a_kill_reach_the_function_on_the_stream(mortal: Emulator, tmp_path: Path) -> None:
    queue = mortal.client("sqs").create_queue(QueueName="relayed")["QueueUrl"]
    stream = make_table(
        mortal, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )
    make_function(mortal, "relay", "handle", QUEUE=queue)
    mortal.client("lambda").create_event_source_mapping(
        FunctionName="relay", EventSourceArn=stream, StartingPosition="TRIM_HORIZON"
    )
    for number in range(3):
        put(mortal, f"before-{number}")
    relayed: set[str] = set()

    def look_for(*keys: str) -> bool:
        answer = mortal.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        relayed.update(message["Body"] for message in answer.get("Messages", []))
        return relayed.issuperset(keys)

    wait_for(lambda: look_for("before-0", "before-1", "before-2"), what="the relay")
    mapping_state = tmp_path / "emulator" / "state" / "lambda.json"
    mortal.client("lambda").tag_resource(Resource=mortal.client("lambda").get_function(FunctionName="relay")[
        "Configuration"]["FunctionArn"], Tags={"saved": "now"})  # fmt: skip
    wait_for(lambda: '"saved"' in mapping_state.read_text(), seconds=5, what="the save of the position")
    kill(mortal)
    mortal.start()
    put(mortal, "after-0")
    wait_for(lambda: look_for("after-0"), what="the relay after the restart")


def test_functions_see_nothing_of_the_users_environment(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    make_function(aws, "look", "surroundings", MINE="yes")
    seen = json.loads(aws.client("lambda").invoke(FunctionName="look")["Payload"].read())
    assert seen["MINE"] == "yes"
    assert seen["AWS_ENDPOINT_URL"] == aws.endpoint
    assert not {"VIRTUAL_ENV", "PYTHONPATH", "USER", "PWD", "PYTEST_CURRENT_TEST", "AWS_PROFILE"} & seen.keys()
    assert seen["HOME"] != os.environ.get("HOME")


def test_a_clean_stop_leaves_no_process_and_keeps_everything(mortal: Emulator, tmp_path: Path) -> None:
    make_function(mortal, "look", "surroundings")
    mortal.client("lambda").invoke(FunctionName="look")
    pid = mortal.pid
    make_table(mortal)
    put(mortal, "last")  # not a moment for the autosave
    mortal.stop()
    with pytest.raises(ProcessLookupError):
        os.killpg(pid or 0, 0)
    assert '"last"' in (tmp_path / "emulator" / "state" / "dynamodb.json").read_text()


def test_the_emulator_goes_when_its_starter_is_killed(tmp_path: Path, emulator_python: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from infra.local.emulator import Emulator\n"
        "e = Emulator(Path(sys.argv[1]), python=Path(sys.argv[2])); e.start()\n"
        "e.client('sqs').create_queue(QueueName='orphaned'); print(e.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", program, tmp_path, emulator_python]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60).stdout
    pid = int(output)
    successor = Emulator(tmp_path, python=emulator_python)
    successor.start()  # waits for the orphan to save and give the port back
    try:
        assert successor.pid != pid
        assert successor.client("sqs").get_queue_url(QueueName="orphaned")
    finally:
        successor.stop()


def test_a_taken_port_is_said_with_its_number_and_the_way_out(
    tmp_path: Path, emulator_python: Path
) -> None:
    emulator = Emulator(tmp_path, python=emulator_python)
    with closing(socket.create_server((ports.HOST, emulator.port))), pytest.raises(ports.PortTaken) as refusal:
        emulator.start()
    assert str(emulator.port) in str(refusal.value)
    assert "DATA=" in str(refusal.value)


def test_the_port_stays_with_the_folder(tmp_path: Path, emulator_python: Path) -> None:
    assert Emulator(tmp_path, python=emulator_python).port == Emulator(tmp_path, python=emulator_python).port
