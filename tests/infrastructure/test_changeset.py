"""States of a stack that an emulator does not get into, played by a stub of CloudFormation's API."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import boto3
import pytest
from botocore.stub import ANY, Stubber

from infra.changeset import StackChanger
from infra.report import Change, SilentReport
from infra.stage import DeploymentFailed

STACK = "aufruf-prod"
NOW = datetime(2017, 6, 30, tzinfo=UTC)


class OnlyCloudFormation:
    """As much of a boto3 session as is used here."""

    def __init__(self) -> None:
        session = boto3.Session(aws_access_key_id="0", aws_secret_access_key="0", region_name="eu-central-1")
        self.cloudformation = session.client("cloudformation")

        self.cloudwatch = session.client("cloudwatch")

    def client(self, name: str, **_more: object) -> object:
        return getattr(self, name)


@pytest.fixture
def stub() -> Iterator[tuple[Stubber, StackChanger]]:
    session = OnlyCloudFormation()
    # An endpoint, so that it does not pause for seconds.
    changer = StackChanger(
        STACK, session=cast("boto3.Session", session), endpoint="http://127.0.0.1:1", report=SilentReport()
    )
    with Stubber(session.cloudformation) as stubber:
        yield stubber, changer
        stubber.assert_no_pending_responses()


def says(stubber: Stubber, status: str) -> None:
    """The next look at the stack finds this status; empty for no stack."""
    if status:
        stack = {"StackName": STACK, "StackStatus": status, "CreationTime": NOW}
        stubber.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": STACK})
    else:
        stubber.add_client_error("describe_stacks", "ValidationError", f"Stack with id {STACK} does not exist", 400)


@pytest.mark.parametrize("status", ["", "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_at_rest_can_be_changed_at_once(stub: tuple[Stubber, StackChanger], status: str) -> None:
    stubber, changer = stub
    says(stubber, status)
    changer.settle()


@pytest.mark.parametrize(
    ("status", "way_out"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("ROLLBACK_FAILED", "delete-stack"),
        ("CREATE_FAILED", "delete-stack"),
        ("DELETE_FAILED", "delete-stack"),
    ],
)
def test_where_only_a_person_can_go_on_the_way_out_is_said(
    stub: tuple[Stubber, StackChanger], status: str, way_out: str
) -> None:
    stubber, changer = stub
    says(stubber, status)
    with pytest.raises(DeploymentFailed, match=f"{status}.*{way_out}"):
        changer.settle()


def test_a_deployment_that_still_runs_is_waited_for(stub: tuple[Stubber, StackChanger]) -> None:
    stubber, changer = stub
    for status in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"):
        says(stubber, status)
    changer.settle()


def test_a_failed_rollback_after_waiting_is_said_as_well(stub: tuple[Stubber, StackChanger]) -> None:
    stubber, changer = stub
    says(stubber, "UPDATE_ROLLBACK_IN_PROGRESS")
    says(stubber, "UPDATE_ROLLBACK_FAILED")
    with pytest.raises(DeploymentFailed, match="continue-update-rollback"):
        changer.settle()


def test_what_a_failed_creation_left_is_deleted(stub: tuple[Stubber, StackChanger]) -> None:
    stubber, changer = stub
    says(stubber, "ROLLBACK_COMPLETE")
    stubber.add_response("delete_stack", {}, {"StackName": STACK})
    says(stubber, "DELETE_IN_PROGRESS")
    says(stubber, "")
    changer.settle()


def change(name: str) -> dict[str, Any]:
    resource = {
        "Action": "Modify",
        "LogicalResourceId": name,
        "ResourceType": "AWS::SQS::Queue",
        "Replacement": "False",
    }
    return {"Type": "Resource", "ResourceChange": resource}


def test_all_pages_of_a_change_set_are_read(stub: tuple[Stubber, StackChanger]) -> None:
    stubber, changer = stub
    says(stubber, "CREATE_COMPLETE")
    stubber.add_response("create_change_set", {"Id": "arn:set"}, None)
    described = {"ChangeSetId": "arn:set", "Status": "CREATE_COMPLETE"}
    stubber.add_response(
        "describe_change_set", {**described, "Status": "CREATE_IN_PROGRESS"}, {"ChangeSetName": "arn:set"}
    )
    first = {**described, "Changes": [change("MailQueue")], "NextToken": "2"}
    stubber.add_response("describe_change_set", first, {"ChangeSetName": "arn:set"})
    second = {**described, "Changes": [change("ExportQueue")]}
    stubber.add_response("describe_change_set", second, {"ChangeSetName": "arn:set", "NextToken": "2"})
    proposed = changer.propose("https://example.org/template.json", {}, {})
    assert proposed is not None
    assert proposed.changes == [
        Change("Modify", "MailQueue", "AWS::SQS::Queue", "False"),
        Change("Modify", "ExportQueue", "AWS::SQS::Queue", "False"),
    ]


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes. Submit …", "No updates are to be performed."]
)
def test_nothing_to_change_is_a_success_and_leaves_no_change_set(
    stub: tuple[Stubber, StackChanger], reason: str
) -> None:
    stubber, changer = stub
    says(stubber, "CREATE_COMPLETE")
    stubber.add_response("create_change_set", {"Id": "arn:set"}, None)
    failed = {"ChangeSetId": "arn:set", "Status": "FAILED", "StatusReason": reason, "Changes": []}
    stubber.add_response("describe_change_set", failed, {"ChangeSetName": "arn:set"})
    stubber.add_response("delete_change_set", {}, {"ChangeSetName": "arn:set"})
    assert changer.propose("https://example.org/template.json", {}, {}) is None


def test_a_template_that_is_refused_is_reported_with_the_reason(stub: tuple[Stubber, StackChanger]) -> None:
    stubber, changer = stub
    says(stubber, "")
    expected = {
        "StackName": STACK,
        "ChangeSetName": ANY,
        "ChangeSetType": "CREATE",
        "TemplateURL": "https://example.org/template.json",
        "Parameters": [],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        "RollbackConfiguration": {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0},
    }
    stubber.add_response("create_change_set", {"Id": "arn:set"}, expected)
    reason = "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document."
    failed = {"ChangeSetId": "arn:set", "Status": "FAILED", "StatusReason": reason}
    stubber.add_response("describe_change_set", failed, {"ChangeSetName": "arn:set"})
    stubber.add_response("delete_change_set", {}, {"ChangeSetName": "arn:set"})
    with pytest.raises(DeploymentFailed, match="Invalid Serverless"):
        changer.propose("https://example.org/template.json", {}, {})


def test_alarms_that_are_quiet_take_an_update_back_and_one_that_rings_is_named() -> None:
    session, heard = OnlyCloudFormation(), Steps()
    changer = StackChanger(STACK, session=cast("boto3.Session", session), endpoint="http://127.0.0.1:1", report=heard)
    arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:"
    with Stubber(session.cloudformation) as stacks, Stubber(session.cloudwatch) as alarms:
        says(stacks, "UPDATE_COMPLETE")
        of_alarm = {
            "LastUpdatedTimestamp": NOW,
            "ResourceStatus": "CREATE_COMPLETE",
            "ResourceType": "AWS::CloudWatch::Alarm",
        }
        resources = [
            {"LogicalResourceId": name, "PhysicalResourceId": f"physical-{name}", **of_alarm}
            for name in ("ApiErrorsAlarm", "MailDeadLettersAlarm", "BounceRateAlarm")
        ]
        first, rest = (
            {"StackResourceSummaries": resources[:1], "NextToken": "2"},
            {"StackResourceSummaries": resources[1:]},
        )
        stacks.add_response("list_stack_resources", first, {"StackName": STACK})
        stacks.add_response("list_stack_resources", rest, {"StackName": STACK, "NextToken": "2"})
        names = ["physical-ApiErrorsAlarm", "physical-MailDeadLettersAlarm"]
        states = zip(names, ("OK", "ALARM"), strict=True)
        found = [{"AlarmName": name, "AlarmArn": arn + name, "StateValue": state} for name, state in states]
        alarms.add_response("describe_alarms", {"MetricAlarms": found}, {"AlarmNames": names})
        expected = {
            "StackName": STACK,
            "ChangeSetName": ANY,
            "ChangeSetType": "UPDATE",
            "TemplateURL": "https://example.org/template.json",
            "Parameters": [],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            "RollbackConfiguration": {
                "RollbackTriggers": [{"Arn": arn + names[0], "Type": "AWS::CloudWatch::Alarm"}],
                "MonitoringTimeInMinutes": 10,
            },
        }
        stacks.add_response("create_change_set", {"Id": "arn:set"}, expected)
        described = {"ChangeSetId": "arn:set", "Status": "CREATE_COMPLETE", "Changes": []}
        stacks.add_response("describe_change_set", described, {"ChangeSetName": "arn:set"})
        assert changer.propose("https://example.org/template.json", {}, {}, watch_minutes=10)
    assert heard.steps == [
        "physical-MailDeadLettersAlarm rings already, so this deployment is not taken back because of it",
        "Listening to 1 alarms, until 10 minutes after it; one that rings takes it back",
    ]


class Steps(SilentReport):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)
