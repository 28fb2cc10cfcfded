"""What works: functions, what starts them, and the queues between them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.dead_letters import QUEUES
from infra.doctor.place import Finding, Place


def functions(place: Place) -> Iterator[Finding]:
    """Every function may run, and knows what the template tells it."""
    client = place.client("lambda")
    wanted = _variables(place)
    for name, physical, _ in place.of_type("AWS::Lambda::Function"):
        found = client.get_function(FunctionName=physical)
        configuration = found["Configuration"]
        if configuration.get("State", "Active") not in {"Active", "Inactive", "Pending"}:
            why = configuration.get("StateReason", "no reason given")
            yield Finding(name, f"cannot run: {configuration['State']}, {why}", place.again)
        if found.get("Concurrency", {}).get("ReservedConcurrentExecutions") == 0:
            mend = f"aws lambda delete-function-concurrency --function-name {physical}"
            yield Finding(name, "is switched off (a reserved concurrency of 0)", mend)
        has = configuration.get("Environment", {}).get("Variables", {})
        missing = sorted(wanted - set(has))
        if missing:
            mend = f"set them as another function of the stack has them, or deploy a change of code: {place.again}"
            yield Finding(name, f"does not know {', '.join(missing)}", mend)


def _variables(place: Place) -> set[str]:
    """The variables that every function has; those that only some stages have are left out."""
    body = place.client("cloudformation").get_template(StackName=place.stack, TemplateStage="Original")["TemplateBody"]
    template: Mapping[str, Any] = json.loads(body) if isinstance(body, str) else body
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    return {name for name, value in variables.items() if "Fn::If" not in value}


def triggers(place: Place) -> Iterator[Finding]:
    """What starts a function is switched on: stream, queues, schedules."""
    client = place.client("lambda")
    for name, physical, _ in place.of_type("AWS::Lambda::EventSourceMapping"):
        found = client.get_event_source_mapping(UUID=physical)
        if found["State"] not in {"Enabled", "Enabling", "Updating", "Creating"}:
            mend = f"aws lambda update-event-source-mapping --uuid {physical} --enabled"
            yield Finding(name, f"is {found['State'].lower()}: its function hears of nothing", mend)
    client = place.client("events")
    for name, physical, _ in place.of_type("AWS::Events::Rule"):
        if client.describe_rule(Name=physical.rpartition("|")[2]).get("State") != "ENABLED":
            mend = f"aws events enable-rule --name {physical}"
            yield Finding(name, "is switched off: its function does not run", mend)


def queues(place: Place) -> Iterator[Finding]:
    """What fails is put aside, and nothing lies there."""
    client = place.client("sqs")
    for name, physical, properties in place.of_type("AWS::SQS::Queue"):
        attributes = client.get_queue_attributes(QueueUrl=physical, AttributeNames=["All"])["Attributes"]
        if "RedrivePolicy" in properties and not attributes.get("RedrivePolicy"):
            dead = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
            mend = (
                f"aws sqs set-queue-attributes --queue-url {physical} --attributes with RedrivePolicy to {dead} "
                f"and maxReceiveCount {properties['RedrivePolicy']['maxReceiveCount']}"
            )
            yield Finding(name, "tries a broken message for ever, nothing is put aside", mend)
        failed = int(attributes.get("ApproximateNumberOfMessages", 0))
        if "RedrivePolicy" not in properties and failed:
            stage = "" if place.local else f" --stage {place.stage}"
            known = next((key for key, queue in QUEUES.items() if queue.failed == f"{name}Url"), name)
            mend = f"aufruf queues show {known}{stage} says why; mend that, then aufruf queues redrive {known}{stage}"
            yield Finding(name, f"{failed} messages lie there that could not be handled", mend)


def logs(place: Place) -> Iterator[Finding]:
    """Logs have an end: thirty days are what the privacy notice says."""
    client = place.client("logs")
    for name, physical, properties in place.of_type("AWS::Logs::LogGroup"):
        found = client.describe_log_groups(logGroupNamePrefix=physical)["logGroups"]
        exact = [one for one in found if one["logGroupName"] == physical]
        wanted = properties["RetentionInDays"]
        if not exact:
            yield Finding(name, "is gone: its function cannot write what it does", place.again)
        elif exact[0].get("retentionInDays") != wanted:
            mend = f"aws logs put-retention-policy --log-group-name {physical} --retention-in-days {wanted}"
            yield Finding(name, f"is not deleted after {wanted} days", mend)
