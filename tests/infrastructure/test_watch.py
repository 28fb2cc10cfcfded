"""Whoever is woken by an alarm finds what to do, and every alarm can ring."""

import json
import re
from typing import Any

from infra.package import PROJECT

Json = Any


def of_type(merged: Json, kind: str) -> Json:
    return {name: one["Properties"] for name, one in merged["Resources"].items() if one["Type"] == kind}


def test_every_alarm_has_its_line_in_the_handbook_and_none_is_made_up(merged: Json) -> None:
    handbook = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+Alarm)` \|", handbook, re.MULTILINE)) == set(
        of_type(merged, "AWS::CloudWatch::Alarm")
    )


def test_every_alarm_reaches_a_person(merged: Json) -> None:
    for name, alarm in of_type(merged, "AWS::CloudWatch::Alarm").items():
        [action] = alarm["AlarmActions"]
        assert action["Fn::If"][:2] == ["HasAlarmAddress", {"Ref": "AlarmsTopic"}], name


def test_what_a_filter_looks_for_is_what_the_code_logs(merged: Json) -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "chalicelib").rglob("*.py"))
    for name, found in of_type(merged, "AWS::Logs::MetricFilter").items():
        for event in re.findall(r'\$\.event = "([\w-]+)"', found["FilterPattern"]):
            assert f'log("{event}"' in code or f'"{event}"' in code, (name, event)


def test_every_metric_of_ours_that_an_alarm_watches_is_made(merged: Json) -> None:
    made = {
        transformation["MetricName"]
        for found in of_type(merged, "AWS::Logs::MetricFilter").values()
        for transformation in found["MetricTransformations"]
    }
    for name, alarm in of_type(merged, "AWS::CloudWatch::Alarm").items():
        if not str(alarm["Namespace"]).startswith("AWS/"):
            assert alarm["MetricName"] in made, name


def test_the_access_log_holds_no_path_and_no_address(merged: Json) -> None:
    line = merged["Resources"]["RestAPI"]["Properties"]["AccessLogSetting"]["Format"]
    assert set(json.loads(line).values()) & {"$context.path", "$context.identity.sourceIp"} == set()
    assert json.loads(line)["route"] == "$context.resourcePath"


def test_the_dashboard_can_be_read(merged: Json) -> None:
    [dashboard] = of_type(merged, "AWS::CloudWatch::Dashboard").values()
    assert len(json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]) == 6


def test_what_outlives_its_stack_cannot_be_deleted_by_mistake(merged: Json) -> None:
    for name, resource in merged["Resources"].items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            kept = resource["DeletionPolicy"] == "Retain"
            assert resource["Properties"].get("DeletionProtectionEnabled", False) is kept, name
