"""The comparison of what is granted with what is needed sees both mistakes."""

import copy
from typing import Any

import pytest

from infra.permissions import compare, granted, lambda_needs, read_policies, read_record, resource_name
from infra.template import functions, read_resources
from tests.permissions import different, needs

Json = Any


@pytest.fixture
def policies() -> Json:
    return copy.deepcopy(read_policies())


def findings(policies: Json) -> list[str]:
    return compare(policies, read_record(), lambda_needs(read_resources()))


def test_every_policy_is_exactly_what_its_function_needs(policies: Json) -> None:
    assert findings(policies) == []


def test_a_missing_permission_is_a_finding(policies: Json) -> None:
    [mails] = [one for one in policies["mail_worker"]["Statement"] if one["Action"] == ["ses:SendEmail"]]
    policies["mail_worker"]["Statement"].remove(mails)
    assert "mail_worker: needs ses:SendEmail identity/MailDomain, and its policy lacks it" in findings(policies)
    assert len(findings(policies)) == 2, "the identity and the configuration set"


def test_what_lambda_needs_is_missed_as_well(policies: Json) -> None:
    policies["relay"]["Statement"] = [one for one in policies["relay"]["Statement"] if one["Sid"] != "ReadStream"]
    assert "relay: needs dynamodb:GetRecords SubmissionsTable.StreamArn, and its policy lacks it" in findings(policies)


def test_an_unused_permission_is_a_finding(policies: Json) -> None:
    policies["nightly"]["Statement"].append(
        {
            "Effect": "Allow",
            "Action": ["dynamodb:DeleteItem"],
            "Resource": [{"Fn::GetAtt": ["SubmissionsTable", "Arn"]}],
        }
    )
    assert "nightly: may dynamodb:DeleteItem SubmissionsTable.Arn, and nothing it does needs it" in findings(policies)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:*", {"Fn::GetAtt": ["CallsTable", "Arn"]}),
        ("dynamodb:GetItem", "*"),
        ("s3:GetObject", {"Fn::Sub": "${ExportsBucket.Arn}/*"}),
    ],
)
def test_a_wildcard_is_a_finding_even_when_it_is_used(policies: Json, action: str, resource: Json) -> None:
    policies["nightly"]["Statement"].append({"Effect": "Allow", "Action": [action], "Resource": [resource]})
    wide = f"{action} {resource_name(resource)}"
    used = {**read_record(), "nightly": read_record()["nightly"] | {wide}}
    found = compare(policies, used, lambda_needs(read_resources()))
    assert f"nightly: {wide} is wider than one thing" in found


def test_a_function_without_a_policy_is_a_finding(policies: Json) -> None:
    del policies["relay"]
    assert "relay: has no policy" in findings(policies)


def test_the_record_knows_every_function_of_the_template(merged: Json) -> None:
    found = {one["Properties"]["Handler"].removeprefix("app.") for one in functions(merged).values()}
    assert set(lambda_needs(read_resources())) == (found - {"app"}) | {"api_handler"} == set(read_policies())
    assert set(read_record()) <= set(read_policies())


def test_a_record_that_is_not_what_ran_is_told_line_by_line() -> None:
    seen = {"relay": {"sqs:SendMessage MailQueue.Arn"}, "nightly": {"dynamodb:Scan CallsTable.Arn"}}
    record = {"relay": {"sqs:SendMessage MailQueue.Arn", "sqs:SendMessage ExportQueue.Arn"}}
    assert different(record, seen) == [
        "nightly: dynamodb:Scan CallsTable.Arn is new",
        "relay: sqs:SendMessage ExportQueue.Arn was not needed",
    ]


def test_what_a_call_needs_is_named_as_policies_name_it() -> None:
    assert needs("s3", "DeleteObjects", {
        "Bucket": "exports", "Delete": {"Objects": [{"Key": "landscape/a/b", "VersionId": "1"}, {"Key": "exports/c"}]},
    }) == {
        "s3:DeleteObject ExportsBucket.Arn/landscape/*", "s3:DeleteObjectVersion ExportsBucket.Arn/landscape/*",
        "s3:DeleteObject ExportsBucket.Arn/exports/*",
    }  # fmt: skip


def test_every_grant_is_written_in_a_form_that_is_understood(policies: Json) -> None:
    for function, policy in policies.items():
        for permission in granted(policy):
            assert "Fn::" not in permission, (function, permission)
            assert "$" not in permission, (function, permission)
