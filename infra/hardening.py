"""What holds for every resource of a kind, whoever adds it. Pure: a template in, a template out.

A file of `infra/resources/` says what a resource is; here stands what nobody should have to remember: protection from
deletion, keys of the operator's own, logs that a machine can read, and an alarm that reaches a person.
"""

import copy
from typing import Any

Template = dict[str, Any]

_NOTHING = {"Ref": "AWS::NoValue"}
_KEY = {"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, _NOTHING]}
_ALARM_ACTIONS = [{"Fn::If": ["HasAlarmAddress", {"Ref": "AlarmsTopic"}, _NOTHING]}]

# checkov's checks that do not fit, and why; in every template as the tool wants it, so that a reader finds the reason
# where the finding would be.
SKIPS = {
    "CKV_AWS_28": "Kept for hours or days on purpose, and not a day longer in backups: what a person has not sent "
    "(decision 8), what can be counted again.",
    "CKV_AWS_73": "X-Ray keeps the paths of requests, and a receipt's path is its key: only where an operator asks.",
    "CKV_AWS_117": "The functions speak to AWS only, over TLS and with a role each. A VPC adds endpoints to pay and "
    "keep, and no border that the roles do not draw.",
    "CKV_AWS_120": "Nearly every page is one person's or changes with every call: a shared cache would show it to "
    "another. What may be kept says so in Cache-Control.",
}
_SKIPPED_BY = {
    "CKV_AWS_28": {"DraftsTable", "FiguresTable"},
    "CKV_AWS_73": {"AWS::Serverless::Api", "AWS::ApiGateway::Stage"},
    "CKV_AWS_117": {"AWS::Serverless::Function", "AWS::Lambda::Function"},
    "CKV_AWS_120": {"AWS::Serverless::Api", "AWS::ApiGateway::Stage"},
}


def harden(template: Template) -> Template:
    """The template with what holds for every table, queue, secret, log group, function and alarm in it."""
    result = copy.deepcopy(template)
    for resource in result["Resources"].values():
        by_kind = _HARDENING.get(resource["Type"])
        if by_kind:
            by_kind(resource, resource.setdefault("Properties", {}))
    return argued(result)


def argued(template: Template) -> Template:
    """The template, merged or translated, with the argued exceptions where checkov looks for them.

    Said again for what SAM makes, which does not hand on the metadata of an API to its stage.
    """
    result = copy.deepcopy(template)
    for name, resource in result["Resources"].items():
        skips = [check for check, which in _SKIPPED_BY.items() if which & {name, resource["Type"]}]
        if skips:
            listed = [{"id": check, "comment": SKIPS[check]} for check in skips]
            resource.setdefault("Metadata", {})["checkov"] = {"skip": listed}
    return result


def _table(resource: dict[str, Any], properties: dict[str, Any]) -> None:
    properties["SSESpecification"] = {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": _KEY,
    }
    if resource.get("DeletionPolicy") == "Retain":
        properties["DeletionProtectionEnabled"] = True


def _queue(_resource: dict[str, Any], properties: dict[str, Any]) -> None:
    properties["KmsMasterKeyId"] = _KEY
    # SQS takes its own keys or one of ours, not both.
    properties["SqsManagedSseEnabled"] = {"Fn::If": ["HasKmsKey", _NOTHING, True]}


def _topic(_resource: dict[str, Any], properties: dict[str, Any]) -> None:
    properties["KmsMasterKeyId"] = _KEY


def _secret(_resource: dict[str, Any], properties: dict[str, Any]) -> None:
    properties["KmsKeyId"] = _KEY


def _log_group(_resource: dict[str, Any], properties: dict[str, Any]) -> None:
    properties["KmsKeyId"] = _KEY


def _function(_resource: dict[str, Any], properties: dict[str, Any]) -> None:
    properties["KmsKeyArn"] = _KEY
    # Where an event goes that somebody hands over by hand, and whose function fails.
    properties.setdefault("DeadLetterQueue", {"Type": "SQS", "TargetArn": {"Fn::GetAtt": ["ScheduleFailures", "Arn"]}})
    # Lambda's own lines (START, REPORT, time-outs) as JSON too; ours are already.
    properties["LoggingConfig"] = {**properties.get("LoggingConfig", {}), "LogFormat": "JSON"}


def _alarm(_resource: dict[str, Any], properties: dict[str, Any]) -> None:
    properties["AlarmActions"] = _ALARM_ACTIONS
    properties["OKActions"] = _ALARM_ACTIONS


_HARDENING = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _topic,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Serverless::Function": _function,
    "AWS::CloudWatch::Alarm": _alarm,
}
