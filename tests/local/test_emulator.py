"""The real emulator: what it keeps when it is killed, and what its functions see."""

import base64
import http.client
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
from urllib.parse import urlsplit

import pytest

from infra.local import ports
from infra.local.emulator import ROOT, Emulator
from tests.local.waiting import wait_for

pytestmark = pytest.mark.emulator

ROLE = "arn:aws:iam::000000000000:role/test"
# The functions of these tests.
CODE = """
import boto3, json, os
def handle(event, context):
    for record in event["Records"]:
        key = record["dynamodb"]["Keys"]["id"]["S"]
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=key)
def surroundings(event, context):
    return dict(os.environ)
def shout(event, context):
    print("HEARD")
def echo(event, context):
    return {"statusCode": 200, "body": json.dumps(event), "headers": {"Content-Type": "application/json"}}
def forward(event, context):
    for record in event["Records"]:
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=record["body"])
def send_batch(event, context):
    entries = [{"Id": "1", "MessageBody": "m"}]
    boto3.client("sqs").send_message_batch(QueueUrl=event["queue"], Entries=entries)
def send_elsewhere(event, context):
    boto3.client("sqs").create_queue(QueueName="not-allowed")
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


def make_function(emulator: Emulator, name: str, handler: str, *, role: str = ROLE, **environment: str) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("code.py"), CODE)  # without the time, so that the same code is the same file
    made = emulator.client("lambda").create_function(
        FunctionName=name, Runtime="python3.11", Role=role, Handler=f"code.{handler}", Timeout=20,
        Code={"ZipFile": packed.getvalue()}, Environment={"Variables": environment},
    )  # fmt: skip
    return str(made["FunctionArn"])


def make_api(emulator: Emulator, function: str) -> str:
    """A REST API with `/{name}` for `function`, every body binary; its address."""
    gateway = emulator.client("apigateway")
    api = gateway.create_rest_api(name="api", binaryMediaTypes=["*/*"])["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = gateway.create_resource(restApiId=api, parentId=root, pathPart="{name}")["id"]
    gateway.put_method(restApiId=api, resourceId=resource, httpMethod="ANY", authorizationType="NONE")
    gateway.put_integration(
        restApiId=api, resourceId=resource, httpMethod="ANY", type="AWS_PROXY", integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{function}/invocations",
    )  # fmt: skip
    gateway.create_deployment(restApiId=api, stageName="api")
    return f"{emulator.endpoint}/_aws/execute-api/{api}/api"


def make_role(emulator: Emulator, action: str, resource: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": action, "Resource": resource}
    iam = emulator.client("iam")
    role = iam.create_role(RoleName="test", AssumeRolePolicyDocument=json.dumps(_policy(trust)))["Role"]
    iam.put_role_policy(RoleName="test", PolicyName="test", PolicyDocument=json.dumps(_policy(allowed)))
    return str(role["Arn"])


def _policy(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


def put(emulator: Emulator, key: str, table: str = "things") -> None:
    emulator.client("dynamodb").put_item(TableName=table, Item={"id": {"S": key}})


def test_tables_objects_and_messages_survive_a_kill(mortal: Emulator, tmp_path: Path) -> None:
    make_table(mortal)
    queue = mortal.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    mortal.client("s3").create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
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
    stream = make_table(mortal, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
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

    def saved() -> bool:
        return mapping_state.exists() and '"saved"' in mapping_state.read_text()

    wait_for(saved, seconds=5, what="the save of the position")
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
    command = [sys.executable, "-c", program, str(tmp_path), str(emulator_python)]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60).stdout
    pid = int(output)
    successor = Emulator(tmp_path, python=emulator_python)
    successor.start()  # waits for the orphan to save and give the port back
    try:
        assert successor.pid != pid
        assert successor.client("sqs").get_queue_url(QueueName="orphaned")
    finally:
        successor.stop()


def test_a_taken_port_is_said_with_its_number_and_the_way_out(tmp_path: Path, emulator_python: Path) -> None:
    emulator = Emulator(tmp_path, python=emulator_python)
    with closing(socket.create_server((ports.HOST, emulator.port))), pytest.raises(ports.PortTaken) as refusal:
        emulator.start()
    assert str(emulator.port) in str(refusal.value)
    assert "DATA=" in str(refusal.value)


def test_the_port_stays_with_the_folder(tmp_path: Path, emulator_python: Path) -> None:
    assert Emulator(tmp_path, python=emulator_python).port == Emulator(tmp_path, python=emulator_python).port


def test_two_processes_of_a_function_share_one_unpacked_copy(aws: Emulator) -> None:
    make_function(aws, "one", "surroundings")
    make_function(aws, "two", "surroundings")
    roots = {
        os.path.realpath(
            json.loads(aws.client("lambda").invoke(FunctionName=name)["Payload"].read())["LAMBDA_TASK_ROOT"]
        )
        for name in ("one", "two")
    }
    assert len(roots) == 1


def test_a_parameter_of_the_template_says_how_many_workers_a_queue_has(aws: Emulator) -> None:
    """CloudFormation hands a parameter over as text; the poller counts with it."""
    queues = aws.client("sqs")
    done, waiting = (queues.create_queue(QueueName=name)["QueueUrl"] for name in ("done", "waiting"))
    arn = queues.get_queue_attributes(QueueUrl=waiting, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    mapping = {
        "FunctionName": make_function(aws, "forward", "forward", QUEUE=done),
        "EventSourceArn": arn,
        "ScalingConfig": {"MaximumConcurrency": {"Ref": "Most"}},
    }
    template = {
        "Parameters": {"Most": {"Type": "Number", "Default": 2}},
        "Resources": {"Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping}},
    }
    aws.client("cloudformation").create_stack(StackName="workers", TemplateBody=json.dumps(template))
    queues.send_message(QueueUrl=waiting, MessageBody="m")
    [came] = wait_for(lambda: queues.receive_message(QueueUrl=done).get("Messages"), what="the message to be handled")
    assert came["Body"] == "m"


def test_the_api_hands_over_path_and_body_as_they_were_sent(aws: Emulator) -> None:
    api = make_api(aws, make_function(aws, "echo", "echo"))
    parts = urlsplit(api)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as connection:
        connection.putrequest("POST", f"{parts.path}/a%2Fb%20%C3%A4")
        connection.putheader("Content-Length", "2")
        connection.endheaders(b"\xff\x00")
        event = json.loads(connection.getresponse().read())
    assert (event["resource"], event["pathParameters"]) == ("/{name}", {"name": "a%2Fb%20%C3%A4"})
    assert (event["isBase64Encoded"], base64.b64decode(event["body"])) == (True, b"\xff\x00")


def test_the_api_answers_in_the_words_of_its_definition_what_it_does_not_know(aws: Emulator) -> None:
    mock = {"type": "MOCK", "responses": {"default": {"statusCode": "200"}}}
    words = {
        "statusCode": 405,
        "responseParameters": {"gatewayresponse.header.Allow": "'GET'"},
        "responseTemplates": {"application/json": '{"status": 405}'},
    }
    body = {
        "swagger": "2.0",
        "info": {"title": "api", "version": "1"},
        "paths": {"/": {"get": {"responses": {}, "x-amazon-apigateway-integration": mock}}},
        "x-amazon-apigateway-gateway-responses": {"MISSING_AUTHENTICATION_TOKEN": words},
    }
    api = {"RestApiId": {"Ref": "Api"}}
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
        "Deployed": {"Type": "AWS::ApiGateway::Deployment", "Properties": api},
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {**api, "DeploymentId": {"Ref": "Deployed"}, "StageName": "api"},
        },
    }
    template = json.dumps({"Resources": resources, "Outputs": {"Api": {"Value": {"Ref": "Api"}}}})
    stacks = aws.client("cloudformation")
    stacks.create_stack(StackName="words", TemplateBody=template)
    stacks.get_waiter("stack_create_complete").wait(StackName="words", WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    [output] = stacks.describe_stacks(StackName="words")["Stacks"][0]["Outputs"]
    parts = urlsplit(aws.endpoint)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=30)) as connection:
        connection.request("TRACE", f"/_aws/execute-api/{output['OutputValue']}/api/")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Allow"), answer.read()) == (405, "GET", b'{"status": 405}')


def test_with_permissions_enforced_a_function_may_do_what_its_role_allows(
    tmp_path: Path, emulator_python: Path
) -> None:
    emulator = Emulator(tmp_path, python=emulator_python, enforce_permissions=True)
    emulator.start()
    try:
        queue = emulator.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
        role = make_role(emulator, "sqs:SendMessage", "arn:aws:sqs:eu-central-1:000000000000:jobs")
        make_function(emulator, "send", "send_batch", role=role)
        make_function(emulator, "other", "send_elsewhere", role=role)
        payload = json.dumps({"queue": queue}).encode()
        sent = emulator.client("lambda").invoke(FunctionName="send", Payload=payload)
        assert "FunctionError" not in sent, sent["Payload"].read()
        refused = emulator.client("lambda").invoke(FunctionName="other", Payload=payload)
        assert b"not authorized to perform: sqs:CreateQueue" in refused["Payload"].read()
    finally:
        emulator.stop()


def test_a_state_that_cannot_be_written_is_said_and_written_later(tmp_path: Path, emulator_python: Path) -> None:
    said: list[str] = []
    emulator = Emulator(tmp_path, python=emulator_python, report=said.append)
    emulator.start()
    state = tmp_path / "emulator" / "state"
    try:
        state.rename(state.with_name("away"))
        state.touch()  # a file where the folder should be
        make_table(emulator)
        wait_for(lambda: said, what="the report")
        assert "could not save" in said[0]
        state.unlink()
        wait_until_saved(emulator, tmp_path, "things")
    finally:
        emulator.stop()


def test_what_functions_print_is_not_kept_over_a_restart(mortal: Emulator, tmp_path: Path) -> None:
    make_function(mortal, "loud", "shout")
    mortal.client("lambda").invoke(FunctionName="loud")
    group = {"logGroupName": "/aws/lambda/loud"}
    assert mortal.client("logs").filter_log_events(**group)["events"]
    mortal.stop()
    kept = (tmp_path / "emulator" / "state" / "cloudwatch_logs.json").read_text()
    assert "/aws/lambda/loud" in kept
    assert "HEARD" not in kept
