"""Least privilege, compared: what each function's policy grants, and what it needs. Pure but for `read_*`.

    python -m infra.permissions

A function needs what its handlers were seen to do while the tests ran (`tests/permissions.json`, kept true by every
whole run of the tests: see `tests/permissions.py`), and what Lambda does in its name (`lambda_needs`, read off the
template). A policy that grants less or more is a finding.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.hardening import harden
from infra.template import Template, read_resources

PROJECT = Path(__file__).parent.parent
RECORD = PROJECT / "tests" / "permissions.json"

Permission = str
"""An action and what it is done to, `dynamodb:Query SubmissionsTable.Arn/index/by_state`: resources by their logical
names, so that it means the same in every account."""

# Actions that take no resource (AWS Service Authorization Reference, "Amazon SES v2").
_ACTIONS_WITHOUT_RESOURCE = frozenset({
    "ses:GetAccount", "ses:GetSuppressedDestination", "ses:PutSuppressedDestination", "ses:DeleteSuppressedDestination",
})  # fmt: skip

# What Lambda itself does with a function's role (Lambda developer guide: "Execution role permissions" of the SQS and
# DynamoDB event source mappings, "Dead-letter queues", "Sending Lambda function logs to CloudWatch Logs").
_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
_LOG_GROUP = ("logs:CreateLogStream", "logs:PutLogEvents")


def read_policies(folder: Path = PROJECT / ".chalice") -> dict[str, Any]:
    """Every function's policy document, by the function's name."""
    return {
        path.stem.removeprefix("policy-"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("policy-*.json"))
    }


def read_record(path: Path = RECORD) -> dict[str, set[Permission]]:
    """What the handlers of each function were seen to need."""
    found: dict[str, list[Permission]] = json.loads(path.read_text(encoding="utf-8"))
    return {function: set(permissions) for function, permissions in found.items()}


def write_record(used: Mapping[str, Iterable[Permission]], path: Path = RECORD) -> None:
    """Keep what was seen, in a fixed order."""
    ordered = {function: sorted(used[function]) for function in sorted(used)}
    path.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")


def granted(policy: Mapping[str, Any]) -> set[Permission]:
    """What a policy document allows."""
    return {
        f"{action} {resource_name(resource)}"
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def resource_name(resource: Any) -> str:
    """The ARN of a template as text: `CallsTable.Arn`, `ExportsBucket.Arn/exports/*`, `identity/MailSender`.

    Of an `Fn::If`, the first branch: all name the same thing, and which exists is the stage's decision.
    """
    if isinstance(resource, str):
        return resource
    [(function, value)] = resource.items()
    if function == "Fn::If":
        return resource_name(value[1])
    if function == "Ref":
        return str(value)
    if function == "Fn::GetAtt":
        return ".".join(value)
    if function == "Fn::Sub":
        here = re.sub(r"^arn:\$\{AWS::Partition\}:\w+:\$\{AWS::Region\}:\$\{AWS::AccountId\}:", "", value)
        return re.sub(r"\$\{([\w.]+)\}", r"\1", here)
    return f"{function} {value}"


def lambda_needs(resources: Template) -> dict[str, set[Permission]]:
    """What Lambda does in the name of each function, by the function's name; `resources` as in `infra/resources/`."""
    functions = {
        name: {"Type": "AWS::Serverless::Function", **resource}
        for name, resource in resources["Resources"].items()
        if "LoggingConfig" in resource.get("Properties", {})
    }
    hardened = harden({"Resources": functions})["Resources"]
    return {function_name(name): set(_lambda_needs(one["Properties"])) for name, one in hardened.items()}


def function_name(logical_id: str) -> str:
    """`MailWorker` is `mail_worker`, as chalice names them both."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=API)(?=[A-Z])", "_", logical_id).lower()


def _lambda_needs(function: Mapping[str, Any]) -> Iterator[Permission]:
    group = function["LoggingConfig"]["LogGroup"]["Ref"]
    yield from (f"{action} {group}.Arn" for action in _LOG_GROUP)
    yield f"sqs:SendMessage {resource_name(function['DeadLetterQueue']['TargetArn'])}"
    for event in function.get("Events", {}).values():
        properties = event["Properties"]
        if "Queue" in properties:
            yield from (f"{action} {resource_name(properties['Queue'])}" for action in _QUEUE)
        if "Stream" in properties:
            yield from (f"{action} {resource_name(properties['Stream'])}" for action in _STREAM)
        if "DestinationConfig" in properties:
            yield f"sqs:SendMessage {resource_name(properties['DestinationConfig']['OnFailure']['Destination'])}"


def compare(
    policies: Mapping[str, Any], used: Mapping[str, set[Permission]], by_lambda: Mapping[str, set[Permission]]
) -> list[str]:
    """What is wrong with the policies, one line each: missing, unused, or wider than one thing."""
    found = []
    for function in sorted({*policies, *used, *by_lambda}):
        if function not in policies:
            found.append(f"{function}: has no policy")
            continue
        needs = used.get(function, set()) | by_lambda.get(function, set())
        grants = granted(policies[function])
        found += [f"{function}: needs {one}, and its policy lacks it" for one in sorted(needs - grants)]
        found += [f"{function}: may {one}, and nothing it does needs it" for one in sorted(grants - needs)]
        found += [f"{function}: {one} is wider than one thing" for one in sorted(grants) if _is_wide(one)]
    return found


def _is_wide(permission: Permission) -> bool:
    action, _, resource = permission.partition(" ")
    if "*" in action:
        return True
    if action in _ACTIONS_WITHOUT_RESOURCE:
        return False
    # What our bucket holds is named by its folder; what a city lets us write to its own, the city says.
    return "*" in re.sub(r"^(\w+Bucket\.Arn/\w+|PushBucketArn)/\*$", "", resource)


def main() -> int:
    """Check from the command line; 0 when every policy is exactly what its function needs."""
    policies = read_policies()
    findings = compare(policies, read_record(), lambda_needs(read_resources()))
    count = sum(len(granted(policy)) for policy in policies.values())
    verdict = [f"{len(policies)} functions, {count} permissions, each granted and each used"]
    if findings:
        verdict = [*findings, "If the code is right and the record old: make permissions"]
    print("permissions:", *verdict, sep="\n  " if findings else " ")  # noqa: T201 - a command speaks
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
