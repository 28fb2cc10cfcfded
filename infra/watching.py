"""The alarms that CloudFormation listens to while it updates a stack, and for a while after it."""

from typing import TYPE_CHECKING, Any

from infra.report import Report

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import RollbackConfigurationTypeDef

# What a bad release does within minutes; CloudFormation takes five at most.
ALARMS = (
    "AcceptFailuresAlarm",
    "ApiErrorsAlarm",
    "MailAgeAlarm",
    "MailDeadLettersAlarm",
    "RelayFailuresAlarm",
)


def watched(
    stacks: "CloudFormationClient", alarms: Any, stack: str, minutes: int, report: Report
) -> "RollbackConfigurationTypeDef":
    """Have an update undone when one of `ALARMS` rings before it has been finished for `minutes`.

    One that rings already is left out and named: CloudFormation would undo the update at once, also the one that mends
    what it rings for.
    """
    # By pages: asked for all at once, CloudFormation tells of a hundred.
    pages = stacks.get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [one for page in pages for one in page["StackResourceSummaries"]]
    names = [one["PhysicalResourceId"] for one in resources if one["LogicalResourceId"] in ALARMS]
    found = alarms.describe_alarms(AlarmNames=names)["MetricAlarms"] if names else []
    for one in found:
        if one["StateValue"] == "ALARM":
            report.step(f"{one['AlarmName']} rings already, so this deployment is not taken back because of it")
    quiet = [one["AlarmArn"] for one in found if one["StateValue"] != "ALARM"]
    if not quiet:
        return {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}
    report.step(f"Listening to {len(quiet)} alarms, until {minutes} minutes after it; one that rings takes it back")
    return {
        "RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"} for arn in sorted(quiet)],
        "MonitoringTimeInMinutes": minutes,
    }
