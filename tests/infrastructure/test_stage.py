"""Parameters on the command line, and the question whether what was deployed works."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from infra import smoke
from infra.artefacts import Artefacts
from infra.cli import app
from infra.commands import deploy as deploy_command
from infra.package import Package
from infra.stage import DeploymentFailed, defaults, given, read_parameters

DECLARED = {"MailSender": {}, "Firewall": {"Default": "true"}, "ApiBurst": {"Default": 200}}


def test_parameters_are_read_as_they_stand() -> None:
    assert read_parameters(["Firewall=false", "AlarmAddress=", "PublicUrl=https://example.org/?a=b"]) == {
        "Firewall": "false",
        "AlarmAddress": "",
        "PublicUrl": "https://example.org/?a=b",
    }


@pytest.mark.parametrize("line", ["Firewall", "=false", ""])
def test_what_is_no_parameter_is_refused(line: str) -> None:
    with pytest.raises(DeploymentFailed, match="NAME=VALUE"):
        read_parameters([line])


def test_a_default_is_taken_from_the_template() -> None:
    assert defaults(DECLARED, ["ApiBurst"]) == {"ApiBurst": "200"}
    with pytest.raises(DeploymentFailed, match="no default for MailSender"):
        defaults(DECLARED, ["MailSender"])


def test_a_parameter_that_a_stack_does_not_have_yet_gets_its_default() -> None:
    before = {"MailSender": "a@example.org", "Firewall": "false"}
    assert given(DECLARED, {}, before, keep=True) == [
        {"ParameterKey": "MailSender", "UsePreviousValue": True},
        {"ParameterKey": "Firewall", "UsePreviousValue": True},
    ]


class App(BaseHTTPRequestHandler):
    """As much of the app as the smoke test asks for, each path with what it answers."""

    answers: ClassVar[dict[str, tuple[int, str, bytes]]] = {}

    def do_GET(self) -> None:
        status, kind, body = self.answers[self.path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    App.answers.update({
        "/health": (200, "application/json", b"{}"),
        "/": (200, "text/html; charset=utf-8", b"<html></html>"),
        "/no-such-page": (404, "application/problem+json", b'{"status": 404}'),
    })  # fmt: skip
    server = ThreadingHTTPServer(("127.0.0.1", 0), App)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_app_that_works_passes(address: str) -> None:
    smoke.prove(address)


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        ("/health", (503, "application/json", b"{}"), "/health answers 503"),
        ("/", (200, "application/json", b"{}"), "not a page"),
        ("/no-such-page", (403, "application/json", b'{"message": "Forbidden"}'), "answers 403"),
    ],
)
def test_what_does_not_work_is_said_after_some_tries(
    address: str, path: str, answer: tuple[int, str, bytes], said: str
) -> None:
    App.answers[path] = answer
    waited: list[float] = []
    with pytest.raises(DeploymentFailed, match=said):
        smoke.prove(address, sleep=waited.append)
    assert len(waited) == 5


def test_a_stage_that_needs_a_moment_gets_it(address: str) -> None:
    working = App.answers["/health"]
    App.answers["/health"] = (500, "application/json", b"{}")
    smoke.prove(address, sleep=lambda _: App.answers.update({"/health": working}))


def test_nobody_there_is_said() -> None:
    with pytest.raises(DeploymentFailed, match="answers nothing"):
        smoke.prove("http://127.0.0.1:9", sleep=lambda _: None)


def test_the_bucket_of_packages_is_private_encrypted_and_refuses_what_is_not_on_tls() -> None:
    with mock_aws():
        session = boto3.Session("0", "0", region_name="eu-central-1")
        artefacts = Artefacts(session)
        artefacts.make_bucket()
        artefacts.make_bucket()
        s3 = session.client("s3")
        [statement] = json.loads(s3.get_bucket_policy(Bucket=artefacts.bucket)["Policy"])["Statement"]
        assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        assert all(s3.get_public_access_block(Bucket=artefacts.bucket)["PublicAccessBlockConfiguration"].values())
        assert s3.get_bucket_encryption(Bucket=artefacts.bucket)["ServerSideEncryptionConfiguration"]["Rules"]


@pytest.mark.parametrize("command", ["deploy", "doctor"])
def test_without_credentials_a_command_says_where_they_come_from(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    template = tmp_path / "template.json"
    template.write_text('{"Parameters": {}}')
    monkeypatch.setattr(deploy_command, "package", lambda *_, **__: Package(template=template, archive=template))
    said = CliRunner().invoke(app, [command, "--stage", "prod"])
    assert said.exit_code == 1
    assert "AWS_PROFILE" in said.stderr
