"""The benchmarks' machinery: what it measures with does what it says. What it measures is for `make bench`."""

import json
import subprocess
import sys
from pathlib import Path

import botocore.session
import pytest
from botocore.config import Config

from benchmarks import work
from benchmarks.goals import interleaved, medians
from benchmarks.lambda_runtime import Function, FunctionFailed
from benchmarks.units import item_size, projected, written_units
from benchmarks.wire import Wire
from chalicelib.calls.answers import judge
from chalicelib.intake.bodies import read_body
from tests.builders import PROJECT

# As much of Lambda's client as is needed to see that the Runtime API works.
CLIENT = """\
import http.client, importlib, json, os

def main(arguments):
    handler = getattr(importlib.import_module("app"), "app")
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", "/2018-06-01/runtime/invocation/next")
        answer = api.getresponse()
        event, request = json.load(answer), answer.headers["Lambda-Runtime-Aws-Request-Id"]
        body = json.dumps(handler(event, None))
        api.request("POST", f"/2018-06-01/runtime/invocation/{request}/response", body)
        api.getresponse().read()
"""


def test_the_submission_is_two_kilobytes_and_good() -> None:
    assert len(work.body()) == work.BODY_BYTES
    answers = read_body("application/json", work.body()).answers
    assert judge(work.call(), answers) == {name: answers[name] for name in judge(work.call(), answers)}


def test_the_wire_speaks_tls_and_notes_every_call(tmp_path: Path) -> None:
    with Wire(tmp_path, items={"calls": work.stored_call()}) as wire:
        (tmp_path / "ca.pem").write_text(wire.ca)
        session = botocore.session.Session()
        session.set_credentials("AKIDEXAMPLE", "none")
        client = session.create_client(
            "dynamodb", "eu-central-1", endpoint_url=wire.url, verify=str(tmp_path / "ca.pem"),
            config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip
        found = client.get_item(TableName="calls", Key={"call": {"S": work.call().call}})
        client.put_item(TableName="submissions", Item={"id": {"S": "one"}})
        assert found["Item"] == work.stored_call()
        assert [one.operation for one in wire.taken()] == ["GetItem", "PutItem"]
        assert wire.taken() == []


@pytest.fixture
def client(tmp_path: Path) -> Path:
    folder = tmp_path / "client" / "awslambdaric"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "__main__.py").write_text(CLIENT)
    return folder.parent


def test_a_function_answers_and_its_time_is_its_own(tmp_path: Path, client: Path) -> None:
    busy = "sum(range(3_000_000))\ndef app(event, context):\n    return {'statusCode': 201, 'body': event['body']}\n"
    (tmp_path / "app.py").write_text(busy)
    with Function(tmp_path, client, "app.app", {}) as function:
        first = function.first(work.event("one"))
        assert first.answer == {"statusCode": 201, "body": work.body().decode()}
        assert 0 < first.init < first.cpu
        before = function.cpu()
        assert function.ask(work.event("two"))["statusCode"] == 201
        assert 0 < function.cpu() - before < first.cpu


def test_a_function_that_ends_says_why(tmp_path: Path, client: Path) -> None:
    (tmp_path / "app.py").write_text("raise SystemExit('nothing works')\n")
    with Function(tmp_path, client, "app.app", {}) as function, pytest.raises(FunctionFailed, match="nothing works"):
        function.first({})


def test_sizes_are_those_of_the_developer_guide() -> None:
    # Names and texts by their UTF-8 bytes, numbers two digits a byte and one, lists and maps 3 and 1 for each member.
    assert item_size({"name": {"S": "Ä"}}) == 4 + 2
    assert item_size({"n": {"N": "27"}}) == 1 + 2
    assert item_size({"l": {"L": [{"M": {"at": {"S": "x"}}}]}}) == 1 + 3 + 1 + (3 + 3 + 1)
    keys = {"KeySchema": [{"AttributeName": "state"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}
    item = {"call_shard": {"S": "a"}, "id": {"S": "b"}, "state": {"S": "c"}, "answers": {"S": "d" * 2000}}
    assert projected(item, keys) == {name: item[name] for name in ("call_shard", "id", "state")}
    assert projected({"id": {"S": "b"}}, keys) is None
    assert written_units(item) >= 2


def test_measures_take_turns() -> None:
    order: list[str] = []
    found = interleaved({"a": lambda: order.append("a") or 1.0, "b": lambda: order.append("b") or 2.0}, 2)
    assert order == ["a", "b", "a", "b"]
    assert medians(found) == {"a": 1.0, "b": 2.0}


def test_an_inbox_of_a_hundred_thousand_takes_the_calls_of_one_of_a_thousand() -> None:
    calls = []
    for count in (1_000, 100_000):
        program = [sys.executable, "-m", "benchmarks.inbox", str(count), "1"]
        done = subprocess.run(program, cwd=PROJECT, capture_output=True, text=True, check=True)
        calls.append(json.loads(done.stdout)["calls"])
    assert calls[0] == calls[1]
    assert calls[0]["Query"] > work.call().policy.shards
