"""Deploying the production template to a real emulator which enforces every function's policy."""

import copy
import http.client
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import boto3
import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra import smoke
from infra.artefacts import Artefacts
from infra.changeset import StackChanger
from infra.cli import app
from infra.commands import deploy as command
from infra.deploy import DataLossRefused, DeploymentDeclined, DeploymentFailed, deploy
from infra.local import emulator
from infra.local.emulator import Emulator
from infra.local.stack import LocalStack
from infra.package import Package
from infra.report import Change
from infra.stack import StackMissing, outputs
from tests import releases

pytestmark = pytest.mark.emulator

Json = Any

PARAMETERS = {"PublicUrl": "http://127.0.0.1:8000", "MailSender": "aufruf@example.org", "Firewall": "false"}


@dataclass
class Heard:
    """A report that remembers."""

    steps: list[str] = field(default_factory=list)
    shown: list[Change] = field(default_factory=list)
    finished: list[tuple[int, int]] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def changes(self, changes: Sequence[Change]) -> None:
        self.shown.extend(changes)

    def progress(self, done: int, total: int, text: str) -> None:
        self.finished.append((done, total))


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = Emulator(tmp_path_factory.mktemp("emulator"), enforce_permissions=True)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id=emulator.ACCOUNT, aws_secret_access_key="local", region_name=emulator.REGION)


Deploy = Callable[..., dict[str, str]]


@pytest.fixture
def put(aws: Emulator, session: boto3.Session, made: Package) -> Deploy:
    """Deploy the package to a stack of the emulator."""

    def put(
        stack: str, package: Package = made, parameters: Mapping[str, str] = PARAMETERS, **more: Any
    ) -> dict[str, str]:
        return deploy(package, stack=stack, parameters=parameters, session=session, endpoint=aws.endpoint, **more)

    return put


@pytest.fixture
def changed(made: Package, merged: Json, tmp_path: Path) -> Callable[[Callable[[Json], object]], Package]:
    """The package with a change made to its template's resources."""

    def change(edit: Callable[[Json], object]) -> Package:
        template = copy.deepcopy(merged)
        edit(template["Resources"])
        path = tmp_path / "template.json"
        path.write_text(json.dumps(template))
        return Package(template=path, archive=made.archive)

    return change


@pytest.fixture(scope="module")
def stack(aws: Emulator, session: boto3.Session, made: Package) -> dict[str, str]:
    """The outputs of a stack that stands."""
    return deploy(made, stack="aufruf-main", parameters=PARAMETERS, session=session, endpoint=aws.endpoint)


def status(aws: Emulator, name: str) -> str:
    return str(aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def left_over(aws: Emulator, name: str) -> list[str]:
    """Change sets that wait to be executed."""
    change_sets = aws.client("cloudformation").list_change_sets(StackName=name)["Summaries"]
    return [change_set["Status"] for change_set in change_sets if change_set["ExecutionStatus"] != "EXECUTE_COMPLETE"]


def test_the_functions_exist_with_their_memory_and_time_outs(aws: Emulator, stack: dict[str, str]) -> None:
    found = {
        function["FunctionName"]: (function["Handler"], function["MemorySize"], function["Timeout"])
        for function in aws.client("lambda").list_functions()["Functions"]
    }
    assert found[stack["RelayFunction"]] == ("app.relay", 256, 30)
    assert found[stack["MailWorkerFunction"]] == ("app.mail_worker", 512, 30)
    assert found[stack["ExportWorkerFunction"]] == ("app.export_worker", 1769, 900)
    assert found[stack["NightlyFunction"]] == ("app.nightly", 512, 60)
    assert found[stack["ReconcileFunction"]] == ("app.reconcile", 512, 300)
    assert found[stack["APIHandlerName"]] == ("app.app", 1024, 10)


def test_stream_and_queues_start_their_functions(aws: Emulator, stack: dict[str, str]) -> None:
    client = aws.client("lambda")
    relay = client.get_event_source_mapping(UUID=stack["RelayMapping"])
    assert relay["FunctionArn"].endswith(stack["RelayFunction"])
    assert stack["SubmissionsTable"] in relay["EventSourceArn"]
    assert (relay["StartingPosition"], relay["FunctionResponseTypes"]) == ("TRIM_HORIZON", ["ReportBatchItemFailures"])
    for queue, function in (("MailQueueUrl", "MailWorkerFunction"), ("ExportQueueUrl", "ExportWorkerFunction")):
        [mapping] = client.list_event_source_mappings(FunctionName=stack[function])["EventSourceMappings"]
        assert mapping["EventSourceArn"].rsplit(":", 1)[1] == stack[queue].rsplit("/", 1)[1]
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_schedules_start_their_functions(aws: Emulator, stack: dict[str, str]) -> None:
    events = aws.client("events")
    schedules = {}
    for function in ("NightlyFunction", "DigestFunction", "ReconcileFunction"):
        [rule] = events.list_rule_names_by_target(
            TargetArn=f"arn:aws:lambda:{emulator.REGION}:{emulator.ACCOUNT}:function:{stack[function]}"
        )["RuleNames"]
        schedules[function] = events.describe_rule(Name=rule)["ScheduleExpression"]
    assert schedules == {
        "NightlyFunction": "cron(0 1 * * ? *)",
        "DigestFunction": "cron(0 5 * * ? *)",
        "ReconcileFunction": "rate(15 minutes)",
    }


def test_the_keys_are_made_once_and_survive_the_next_deployment(
    aws: Emulator, stack: dict[str, str], put: Deploy
) -> None:
    read = aws.client("secretsmanager").get_secret_value
    before = json.loads(read(SecretId=stack["KeysSecret"])["SecretString"])
    assert len(before["root"]) == 64
    put("aufruf-main", parameters={**PARAMETERS, "CallsCacheSeconds": "5"})
    assert json.loads(read(SecretId=stack["KeysSecret"])["SecretString"]) == before


def request(aws: Emulator, stack: dict[str, str], method: str, path: str) -> tuple[int, HTTPMessage, bytes]:
    address = urlsplit(aws.endpoint)
    with closing(http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)) as connection:
        target = f"/_aws/execute-api/{stack['RestAPIId']}/api{path}"
        connection.request(method, target, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize("path", ["/nothing", "/nothing/at/all", "/organiser/calls", "/calls/x/y/z"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_answered_by_the_app(aws: Emulator, stack: dict[str, str], method: str, path: str) -> None:
    code, headers, body = request(aws, stack, method, path)
    assert (code, headers["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(body)["status"] == 404


def test_an_unknown_method_is_answered_by_the_app(aws: Emulator, stack: dict[str, str]) -> None:
    code, headers, _ = request(aws, stack, "DELETE", "/health")
    assert code == 405
    assert "GET" in headers["Allow"]


def test_health_reads_the_calls_with_the_rights_it_has(aws: Emulator, stack: dict[str, str]) -> None:
    assert request(aws, stack, "GET", "/health")[0] == 200


def test_the_change_is_shown_before_it_is_made_and_progress_after(aws: Emulator, put: Deploy, merged: Json) -> None:
    heard = Heard()
    left_out = [one for one in merged["Resources"].values() if "Condition" in one]
    seen: list[Change] = []

    def confirm(changes: Sequence[Change]) -> bool:
        seen.extend(changes)
        assert heard.shown == seen
        assert not heard.finished
        return True

    put("aufruf-told", report=heard, confirm=confirm)
    assert {change.action for change in seen} == {"Add"}
    assert ("SubmissionsTable", "AWS::DynamoDB::Table") in [(change.name, change.type) for change in seen]
    done, total = heard.finished[-1]
    # The emulator announces what this stage's conditions leave out, too.
    assert total - len(left_out) <= done <= total == len(seen)
    assert status(aws, "aufruf-told") == "CREATE_COMPLETE"


def test_deploying_again_changes_nothing_and_gives_the_same_outputs(aws: Emulator, put: Deploy) -> None:
    before = put("aufruf-main")
    heard = Heard()
    again = put("aufruf-main", report=heard)
    assert again == before
    assert heard.steps[-1] == "aufruf-main is up to date"
    assert left_over(aws, "aufruf-main") == []


def test_a_parameter_that_is_not_given_is_kept_and_said(put: Deploy, stack: dict[str, str]) -> None:
    put("aufruf-main", parameters={"CallsCacheSeconds": "9"})
    heard = Heard()
    again = put("aufruf-main", parameters={"PublicUrl": "https://example.org/aufruf"}, report=heard)
    assert (again["PublicUrl"], again["MailSender"]) == ("https://example.org/aufruf", stack["MailSender"])
    assert again["CallsCacheSeconds"] == "9"
    assert "Kept: CallsCacheSeconds = 9 (the default is 60)" in heard.steps
    assert "Kept: Firewall = false (the default is true)" in heard.steps


def test_without_keeping_what_is_not_given_has_its_default_again(put: Deploy, stack: dict[str, str]) -> None:
    again = put("aufruf-main", parameters={"Firewall": "false"}, keep=False)
    assert (again["CallsCacheSeconds"], again["MailSender"]) == ("60", stack["MailSender"])


def test_what_was_deployed_answers_as_people_ask(aws: Emulator, stack: dict[str, str]) -> None:
    smoke.prove(f"{aws.endpoint}/_aws/execute-api/{stack['RestAPIId']}/api")


def test_an_update_that_does_not_work_is_taken_back(
    aws: Emulator, put: Deploy, changed: Callable[[Callable[[Json], object]], Package], stack: dict[str, str]
) -> None:
    put("aufruf-main", parameters={"CallsCacheSeconds": "6"})
    heard = Heard()

    def broken(resources: Json) -> None:
        resources["APIHandler"]["Properties"]["Handler"] = "app.nothing"

    def prove(outputs: Mapping[str, str]) -> None:
        function = aws.client("lambda").get_function_configuration(FunctionName=outputs["APIHandlerName"])
        assert (function["Handler"], outputs["CallsCacheSeconds"]) == ("app.nothing", "5")
        raise DeploymentFailed("it does not answer")

    with pytest.raises(DeploymentFailed, match="it does not answer\nWhat stood before has been deployed again"):
        put("aufruf-main", changed(broken), parameters={"CallsCacheSeconds": "5"}, prove=prove, report=heard)
    function = aws.client("lambda").get_function_configuration(FunctionName=stack["APIHandlerName"])
    assert (function["Handler"], outputs_of(aws, "aufruf-main")["CallsCacheSeconds"]) == ("app.app", "6")
    assert request(aws, stack, "GET", "/health")[0] == 200


def test_a_parameter_the_template_does_not_have_is_refused_by_name(put: Deploy) -> None:
    with pytest.raises(DeploymentFailed, match="PublicURL"):
        put("aufruf-main", parameters={**PARAMETERS, "PublicURL": "x"})


def test_a_parameter_that_is_missing_is_reported(put: Deploy, session: boto3.Session, aws: Emulator) -> None:
    with pytest.raises(DeploymentFailed, match="MailSender"):
        put("aufruf-missing", parameters={"PublicUrl": "http://127.0.0.1:8000"})
    with pytest.raises(StackMissing):
        outputs("aufruf-missing", session=session, endpoint=aws.endpoint)


def test_declining_changes_nothing(aws: Emulator, stack: dict[str, str], put: Deploy) -> None:
    parameters = {**PARAMETERS, "CallsCacheSeconds": "7"}
    with pytest.raises(DeploymentDeclined):
        put("aufruf-main", parameters=parameters, confirm=lambda changes: False)
    assert outputs_of(aws, "aufruf-main")["CallsCacheSeconds"] != "7"
    assert left_over(aws, "aufruf-main") == []


def outputs_of(aws: Emulator, name: str) -> dict[str, str]:
    found = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def test_replacing_a_table_is_refused_unless_it_is_wanted(
    aws: Emulator, put: Deploy, changed: Callable[[Callable[[Json], object]], Package]
) -> None:
    def other_key(resources: Json) -> None:
        table = resources["AuditTable"]["Properties"]
        table["KeySchema"][1]["AttributeName"] = "moment"
        table["AttributeDefinitions"][1]["AttributeName"] = "moment"

    before = put("aufruf-precious")
    package = changed(other_key)
    with pytest.raises(DataLossRefused, match=r"AuditTable .*would be replaced"):
        put("aufruf-precious", package)
    assert outputs_of(aws, "aufruf-precious") == before
    assert left_over(aws, "aufruf-precious") == []
    put("aufruf-precious", package, allow_data_loss=True)
    assert status(aws, "aufruf-precious") == "UPDATE_COMPLETE"


@pytest.mark.parametrize("name", ["KeysSecret", "ExportsBucket"])
def test_removing_the_keys_or_the_bucket_is_refused(
    put: Deploy, changed: Callable[[Callable[[Json], object]], Package], name: str, stack: dict[str, str]
) -> None:
    def rename(resources: Json) -> None:
        resources["Other"] = resources.pop(name)
        text = json.dumps(resources).replace(f'"{name}"', '"Other"').replace(f"${{{name}", "${Other")
        resources.clear()
        resources.update(json.loads(text))

    package = changed(rename)
    template = json.loads(package.template.read_text())
    for section in ("Outputs", "Globals"):
        template[section] = json.loads(json.dumps(template[section]).replace(f'"{name}"', '"Other"'))
    package.template.write_text(json.dumps(template))
    with pytest.raises(DataLossRefused, match=f"{name} .*would be removed"):
        put("aufruf-main", package)


def test_an_interrupted_first_deployment_is_taken_up(aws: Emulator, session: boto3.Session, put: Deploy) -> None:
    class Interrupted(BaseException):
        pass

    def die(_: Sequence[Change]) -> bool:
        raise Interrupted

    with pytest.raises(Interrupted):
        put("aufruf-torn", confirm=die)
    assert status(aws, "aufruf-torn") == "REVIEW_IN_PROGRESS"
    put("aufruf-torn")
    assert status(aws, "aufruf-torn") == "CREATE_COMPLETE"


def test_a_failed_creation_says_why_and_is_cleared_away_by_the_next(
    aws: Emulator, put: Deploy, changed: Callable[[Callable[[Json], object]], Package]
) -> None:
    def impossible(resources: Json) -> None:
        resources["MailDeadLettersAlarm"]["Properties"]["AlarmDescription"] = {"Fn::GetAtt": ["MailQueue", "Nothing"]}

    with pytest.raises(DeploymentFailed, match=r"ROLLBACK_COMPLETE\n(.*\n)*MailDeadLettersAlarm: .*Nothing"):
        put("aufruf-failed", changed(impossible))
    assert status(aws, "aufruf-failed") == "ROLLBACK_COMPLETE"
    tables = [name for name in aws.client("dynamodb").list_tables()["TableNames"] if "aufruf-failed" in name]
    assert tables == [], "what never held anything is not kept"
    put("aufruf-failed")
    assert status(aws, "aufruf-failed") == "CREATE_COMPLETE"


def test_an_update_that_fails_is_undone_and_said(
    aws: Emulator, put: Deploy, changed: Callable[[Callable[[Json], object]], Package]
) -> None:
    def impossible(resources: Json) -> None:
        resources["MailDeadLettersAlarm"]["Properties"]["AlarmDescription"] = {"Fn::GetAtt": ["MailQueue", "Nothing"]}

    put("aufruf-undone")
    with pytest.raises(DeploymentFailed, match="UPDATE_ROLLBACK_COMPLETE"):
        put("aufruf-undone", changed(impossible))
    put("aufruf-undone")
    assert status(aws, "aufruf-undone") in {"UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}


@pytest.mark.parametrize("release", releases.versions())
def test_an_update_from_a_release_keeps_its_data_and_shows_it(
    aws: Emulator, put: Deploy, made: Package, merged: Json, tmp_path: Path, release: str
) -> None:
    left = releases.read(release)
    # Its tables, and code that is another.
    older = Package(template=tmp_path / "template.json", archive=tmp_path / "deployment.zip")
    resources = {**merged["Resources"], **left["tables"]}
    older.template.write_text(json.dumps({**merged, "Resources": resources}))
    shutil.copy(made.archive, older.archive)
    with ZipFile(older.archive, "a") as archive:
        archive.writestr("release.txt", release)
    before = put(f"aufruf-{release.replace('.', '-')}", older)
    tables, written = aws.client("dynamodb"), {}
    for name, items in left["items"].items():
        table = before[f"{name.title().replace('_', '')}Table"]
        written[table] = items
        for item in items:
            tables.put_item(TableName=table, Item=item)
    heard = Heard()
    after = put(f"aufruf-{release.replace('.', '-')}", report=heard)
    assert ("Modify", "APIHandler") in {(one.action, one.name) for one in heard.shown}
    assert {name: after[name] for name in before} == before
    for table, items in written.items():
        assert tables.scan(TableName=table)["Count"] >= len(items), table
    assert request(aws, after, "GET", "/calls/small-call")[0] == 200
    # The night reads what it needs of all of them.
    [night] = LocalStack(endpoint=aws.endpoint, url="", outputs=after).run_schedule("NightlyFunction")["exports"]
    assert night["call"] == "small-call"


@pytest.fixture
def typed(aws: Emulator, made: Package, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`make deploy STAGE=typed NAME=VALUE …`, on the emulator as on AWS."""
    known = {"AWS_ENDPOINT_URL": aws.endpoint, "AWS_ACCESS_KEY_ID": emulator.ACCOUNT, "AWS_SECRET_ACCESS_KEY": "local"}
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    for name in ("PUBLIC_URL", "MAIL_SENDER"):  # the functions' own, of other tests
        monkeypatch.delenv(name)
    monkeypatch.setattr(command, "package", lambda *_, **__: made)

    def run(*more: str, **variables: str) -> Result:
        return CliRunner().invoke(app, ["deploy", "--stage", "typed", "--yes", *more], env=variables)

    return run


def test_the_command_deploys_keeps_and_can_be_interrupted(
    aws: Emulator, typed: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    without = typed(PARAMETERS="Firewall=false")
    assert (without.exit_code, "PublicUrl" in without.stderr) == (1, True)
    first = typed(
        PUBLIC_URL="https://aufruf.example.org",
        MAIL_SENDER="aufruf@example.org",
        PARAMETERS="Firewall=false ApiLogRole=false CallsCacheSeconds=3",
    )
    assert first.exit_code == 0, first.output
    assert f"The app answers at {aws.endpoint}" in first.stdout

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(StackChanger, "execute", interrupt)
        stopped = typed(PARAMETERS="CallsCacheSeconds=4")
    assert (stopped.exit_code, "To go on from there: make deploy STAGE=typed" in stopped.stderr) == (1, True)
    wrong = typed("--parameter", "CallsCacheSeconds")
    assert (wrong.exit_code, "NAME=VALUE" in wrong.stderr) == (1, True)
    second = typed(DEFAULTS="CallsCacheSeconds")
    assert second.exit_code == 0, second.output
    assert "Kept: Firewall = false" in second.stdout
    found = outputs_of(aws, "aufruf-typed")
    assert (found["CallsCacheSeconds"], found["PublicUrl"]) == ("60", "https://aufruf.example.org")


def test_what_is_uploaded_stays_private_and_is_uploaded_once(
    aws: Emulator, session: boto3.Session, made: Package, stack: dict[str, str]
) -> None:
    artefacts = Artefacts(session, aws.endpoint)
    s3 = aws.client("s3")
    assert all(s3.get_public_access_block(Bucket=artefacts.bucket)["PublicAccessBlockConfiguration"].values())
    key = artefacts.put_archive(made.archive)
    before = s3.head_object(Bucket=artefacts.bucket, Key=key)["LastModified"]
    assert artefacts.put_archive(made.archive) == key
    assert s3.head_object(Bucket=artefacts.bucket, Key=key)["LastModified"] == before
