"""The pure part of packaging: reading resources, and completing what chalice made."""

from pathlib import Path
from typing import Any

import pytest

from infra.template import ResourcesInvalid, complete, functions, read_resources, with_code

INTEGRATION = {"type": "aws_proxy", "uri": {"Fn::Sub": "${APIHandler.Arn}"}}


def template(*routes: tuple[str, str]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for method, path in routes:
        paths.setdefault(path, {})[method] = {"x-amazon-apigateway-integration": INTEGRATION, "own": True}
    return {
        "Resources": {
            "RestAPI": {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionBody": {"paths": paths}}},
            "APIHandler": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip"}},
        }
    }


def paths(completed: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = completed["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    return found


def test_every_path_and_everything_above_it_leads_to_the_app_by_every_method() -> None:
    completed = paths(complete(template(("get", "/calls/{call}/form"), ("post", "/health"))))
    assert sorted(completed) == ["/", "/calls", "/calls/{call}", "/calls/{call}/form", "/health", "/{proxy+}"]
    for operations in completed.values():
        assert sorted(operations) == ["delete", "get", "head", "options", "patch", "post", "put"]
        assert all(operation["x-amazon-apigateway-integration"] == INTEGRATION for operation in operations.values())


def test_what_chalice_wrote_for_a_route_stays() -> None:
    completed = paths(complete(template(("get", "/health"))))
    assert completed["/health"]["get"]["own"]
    assert "own" not in completed["/health"]["post"]


def test_added_operations_name_their_path_parameters() -> None:
    completed = paths(complete(template(("get", "/calls/{call}/exports/{export_id}"))))
    named = {
        path: [parameter["name"] for parameter in operations["put"].get("parameters", [])]
        for path, operations in completed.items()
    }
    assert named["/calls/{call}/exports/{export_id}"] == ["call", "export_id"]
    assert named["/{proxy+}"] == ["proxy"]
    assert named["/calls"] == []


def test_completing_twice_is_completing_once_and_leaves_its_argument_alone() -> None:
    original = template(("get", "/health"))
    once = complete(original)
    assert complete(once) == once
    assert original == template(("get", "/health"))


def test_code_moves_to_the_bucket_for_every_function() -> None:
    moved = with_code(template(("get", "/health")), bucket="artefacts", key="code/1.zip")
    assert [function["Properties"]["CodeUri"] for function in functions(moved).values()] == [
        {"Bucket": "artefacts", "Key": "code/1.zip"}
    ]


def test_short_forms_are_read_as_what_they_stand_for(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "Conditions:\n  A: !Equals [!Ref P, '']\n"
        "Outputs:\n  X: {Value: !GetAtt Table.Stream.Arn}\n  Y: {Value: !If [A, !Sub '${P}/x', !Ref AWS::NoValue]}\n"
    )
    read = read_resources(tmp_path)
    assert read["Conditions"]["A"] == {"Fn::Equals": [{"Ref": "P"}, ""]}
    assert read["Outputs"]["X"]["Value"] == {"Fn::GetAtt": ["Table", "Stream.Arn"]}
    assert read["Outputs"]["Y"]["Value"] == {"Fn::If": ["A", {"Fn::Sub": "${P}/x"}, {"Ref": "AWS::NoValue"}]}


def test_two_files_cannot_say_the_same_thing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("Resources: {MailQueue: {Type: AWS::SQS::Queue}}\n")
    (tmp_path / "b.yaml").write_text("Resources: {MailQueue: {Type: AWS::SNS::Topic}}\n")
    with pytest.raises(ResourcesInvalid, match=r"b\.yaml .*MailQueue"):
        read_resources(tmp_path)


def test_resources_for_a_function_the_app_does_not_have_are_refused() -> None:
    merged = template(("get", "/health"))
    merged["Resources"]["Relay"] = {"Properties": {"Timeout": 30}}
    with pytest.raises(ResourcesInvalid, match="Relay"):
        complete(merged)
