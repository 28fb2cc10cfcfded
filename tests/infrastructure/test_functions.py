"""Every function has what it needs. Read off the template, so that a new function is held to the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib.ledger.entry import LONGEST_WAIT
from chalicelib.runtime.settings import Settings
from chalicelib.submissions.decisions import UNDO_FOR
from infra.stack import environment
from infra.template import functions

Json = Any

MINUTE = 60


def name_in_config(function: Json) -> str:
    """The key of a function in `.chalice/config.json`."""
    name: str = function["Properties"]["Handler"].removeprefix("app.")
    return "api_handler" if name == "app" else name


def events(function: Json) -> list[Json]:
    return list(function["Properties"].get("Events", {}).values())


def event_functions(merged: Json) -> Iterator[tuple[str, Json, Json]]:
    """Logical id, function, and its one event."""
    for name, function in functions(merged).items():
        for event in events(function):
            yield name, function, event


def dead_letter(merged: Json, function: Json, event: Json) -> Json:
    """Where an event goes that the function cannot handle, as the template refers to it."""
    if event["Type"] == "SQS":
        queue = merged["Resources"][event["Properties"]["Queue"]["Fn::GetAtt"][0]]
        return queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]
    if event["Type"] == "DynamoDB":
        return event["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
    return function["Properties"]["DeadLetterQueue"]["TargetArn"]


def policy(merged: Json, function: Json) -> list[Json]:
    role = merged["Resources"][function["Properties"]["Role"]["Fn::GetAtt"][0]]
    [attached] = role["Properties"]["Policies"]
    statements: list[Json] = attached["PolicyDocument"]["Statement"]
    return statements


def may(merged: Json, function: Json, action: str, resource: Json) -> bool:
    return any(
        action in statement["Action"] and resource in statement["Resource"] for statement in policy(merged, function)
    )


def references(value: Json) -> Iterator[str]:
    """The names that Ref and GetAtt mention anywhere in a value."""
    if isinstance(value, dict):
        for key, content in value.items():
            if key == "Ref":
                yield content
            elif key == "Fn::GetAtt":
                yield content[0]
            else:
                yield from references(content)
    elif isinstance(value, list):
        for content in value:
            yield from references(content)


def alarmed(merged: Json) -> set[str]:
    """What an alarm watches, by logical id."""
    return {
        name
        for resource in merged["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
        for name in references(resource["Properties"].get("Dimensions", []))
    }


def test_the_functions_are_those_of_the_app(merged: Json) -> None:
    assert {name_in_config(function) for function in functions(merged).values()} == {
        "api_handler",
        "relay",
        "mail_worker",
        "feedback_worker",
        "export_worker",
        "nightly",
        "digest",
        "reconcile",
    }


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_stage_configures_exactly_the_functions_of_the_app(merged: Json, project: Path, stage: str) -> None:
    config = json.loads((project / ".chalice" / "config.json").read_text())["stages"][stage]
    names = {name_in_config(function) for function in functions(merged).values()}
    assert set(config["lambda_functions"]) == names
    assert config["autogen_policy"] is False
    for name in names:
        assert config["lambda_functions"][name]["iam_policy_file"] == f"policy-{name}.json"
    assert {path.name for path in (project / ".chalice").glob("policy*")} == {f"policy-{name}.json" for name in names}


def test_every_function_has_a_role_of_its_own_with_its_own_policy(merged: Json, project: Path) -> None:
    roles = [function["Properties"]["Role"]["Fn::GetAtt"][0] for function in functions(merged).values()]
    assert len(roles) == len(set(roles))
    for function in functions(merged).values():
        written = json.loads((project / ".chalice" / f"policy-{name_in_config(function)}.json").read_text())
        assert policy(merged, function) == written["Statement"]


def test_every_event_function_has_a_dead_letter_it_may_write_to_and_an_alarm_on_it(merged: Json) -> None:
    found = list(event_functions(merged))
    assert len(found) == len(functions(merged)) - 1, "all but the API's have one event"
    for name, function, event in found:
        target = dead_letter(merged, function, event)
        queue, attribute = target["Fn::GetAtt"]
        assert (merged["Resources"][queue]["Type"], attribute) == ("AWS::SQS::Queue", "Arn"), name
        assert merged["Resources"][queue]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 60 * MINUTE, name
        assert queue in alarmed(merged), name
        # SQS moves its own dead letters; for streams and schedules the function's role does it.
        if event["Type"] != "SQS":
            assert may(merged, function, "sqs:SendMessage", target), name


def test_schedules_have_an_alarm_on_their_errors(merged: Json) -> None:
    for name, _, event in event_functions(merged):
        if event["Type"] == "Schedule":
            assert name in alarmed(merged)


def test_every_mapping_reports_the_messages_that_failed(merged: Json) -> None:
    mappings = [event for _, _, event in event_functions(merged) if event["Type"] in {"SQS", "DynamoDB"}]
    assert len(mappings) == 4
    for event in mappings:
        # Without it a returned batchItemFailures deletes the failed messages.
        assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_relay_misses_nothing_of_a_new_stack_and_sleeps_through_deletions(merged: Json) -> None:
    [event] = [event["Properties"] for _, _, event in event_functions(merged) if event["Type"] == "DynamoDB"]
    assert event["StartingPosition"] == "TRIM_HORIZON"
    [pattern] = event["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {"eventName": ["INSERT", "MODIFY"]}
    assert event["BisectBatchOnFunctionError"] is True
    assert event["Stream"] == {"Fn::GetAtt": ["SubmissionsTable", "StreamArn"]}


def test_every_function_may_write_to_its_own_log_which_ends_after_30_days(merged: Json) -> None:
    for function in functions(merged).values():
        group = function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        assert merged["Resources"][group]["Properties"]["RetentionInDays"] == 30
        arn = {"Fn::GetAtt": [group, "Arn"]}
        assert may(merged, function, "logs:PutLogEvents", arn)
        assert may(merged, function, "logs:CreateLogStream", arn)


def test_no_policy_has_a_wildcard_action_or_a_resource_that_is_not_ours(merged: Json) -> None:
    for function in functions(merged).values():
        for statement in policy(merged, function):
            assert statement["Effect"] == "Allow"
            for action in statement["Action"]:
                assert "*" not in action, (name_in_config(function), action)
            for resource in statement["Resource"]:
                assert isinstance(resource, dict), (name_in_config(function), resource)


def seconds(merged: Json, value: Json) -> int:
    """A number of the template, by the parameter's default where it is one."""
    return int(merged["Parameters"][value["Ref"]]["Default"] if isinstance(value, dict) else value)


def test_a_message_comes_back_no_sooner_than_six_time_outs_after_it_was_taken(merged: Json) -> None:
    for name, function, event in event_functions(merged):
        if event["Type"] == "SQS":
            queue = merged["Resources"][event["Properties"]["Queue"]["Fn::GetAtt"][0]]
            visibility = seconds(merged, queue["Properties"]["VisibilityTimeout"])
            assert visibility >= 6 * seconds(merged, function["Properties"]["Timeout"]), name
            assert queue["Properties"]["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_a_claim_outlasts_the_worker_that_made_it(merged: Json) -> None:
    timeout = seconds(merged, functions(merged)["MailWorker"]["Properties"]["Timeout"])
    assert seconds(merged, {"Ref": "MailLeaseSeconds"}) > timeout + 5


def test_nobody_hears_of_a_decision_that_may_still_be_undone(merged: Json) -> None:
    waits = merged["Parameters"]["DecisionMailSeconds"]["Default"]
    assert UNDO_FOR.total_seconds() + 30 <= waits <= LONGEST_WAIT, "and no message goes round for it"


def test_the_api_answers_before_api_gateway_gives_up(merged: Json) -> None:
    assert functions(merged)["APIHandler"]["Properties"]["Timeout"] < 29


def test_the_environment_is_what_settings_reads_both_ways(merged: Json) -> None:
    given = set(merged["Globals"]["Function"]["Environment"]["Variables"])
    read = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    # Lambda sets the region; botocore itself reads the endpoint.
    assert given - {"AWS_ENDPOINT_URL_SESV2"} == read - {"REGION"}


def test_the_outputs_tell_a_command_line_the_functions_environment(merged: Json) -> None:
    outputs = {name: f"value of {name}" for name in merged["Outputs"]}
    variables = environment(outputs)
    given = set(merged["Globals"]["Function"]["Environment"]["Variables"])
    # What only some stages have, and only the mail worker needs.
    assert given - set(variables) == {"AWS_ENDPOINT_URL_SESV2", "SMTP_RELAY", "SMTP_SECRET"}
    assert variables["CALLS_TABLE"] == "value of CallsTable"
    assert variables["MAIL_QUEUE_URL"] == "value of MailQueueUrl"
    assert variables["KEYS_SECRET"] == "value of KeysSecret"


def test_every_table_queue_and_bucket_is_an_output(merged: Json) -> None:
    kinds = {"AWS::DynamoDB::Table": "", "AWS::SQS::Queue": "Url", "AWS::S3::Bucket": ""}
    expected = {
        name + kinds[resource["Type"]] for name, resource in merged["Resources"].items() if resource["Type"] in kinds
    }
    assert expected <= set(merged["Outputs"])


def test_the_tables_and_queues_of_the_template_are_those_of_the_settings(merged: Json) -> None:
    variables = merged["Globals"]["Function"]["Environment"]["Variables"]
    handed_out = set(references(variables))
    for name, resource in merged["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            assert name in handed_out, name
        if resource["Type"] == "AWS::SQS::Queue" and "RedrivePolicy" in resource["Properties"]:
            assert name in handed_out, name


def test_what_holds_data_outlives_its_stack_and_nothing_has_a_fixed_name(merged: Json) -> None:
    precious = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"}
    fixed = {"TableName", "QueueName", "BucketName", "FunctionName", "RoleName", "LogGroupName", "Name"}
    for name, resource in merged["Resources"].items():
        if resource["Type"] in precious:
            # What a person has not sent, and what can be counted again, goes with the stack.
            policy = "Delete" if name in {"DraftsTable", "FiguresTable"} else "Retain"
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == policy, name
        # These two say whose they are, and give nothing a name.
        if resource["Type"] not in {"AWS::Lambda::Permission", "AWS::Logs::MetricFilter"}:
            assert not fixed & set(resource.get("Properties", {})), name


def test_every_body_reaches_the_app_as_it_was_sent(merged: Json) -> None:
    api = merged["Resources"]["RestAPI"]["Properties"]
    assert api["BinaryMediaTypes"] == ["*/*"]
    assert api["DefinitionBody"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]


def test_every_route_of_the_app_and_every_other_path_lead_to_the_app(merged: Json) -> None:
    paths = merged["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert {"/", "/{proxy+}", "/health", "/calls/{call}/submissions"} <= set(paths)
    assert all(len(operations) == 7 for operations in paths.values())
    # API Gateway's quota, "Resources per API".
    assert len(paths) < 300


def test_the_bucket_is_private_and_refuses_what_is_not_encrypted_on_the_way(merged: Json) -> None:
    bucket = merged["Resources"]["ExportsBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    refusal = merged["Resources"]["ExportsBucketPolicy"]
    [statement] = refusal["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert merged["Conditions"][refusal["Condition"]] == {"Fn::Equals": [{"Ref": "RequireTls"}, "true"]}
    assert merged["Parameters"]["RequireTls"]["Default"] == "true"
