"""cfn-lint has nothing to say, neither about the template we write nor about what SAM makes of it."""

from typing import Any

from infra.check_template import findings, translate


def test_the_merged_template_has_no_findings(merged: dict[str, Any]) -> None:
    assert findings(merged) == []


def test_the_translated_template_has_no_findings(merged: dict[str, Any]) -> None:
    assert findings(translate(merged)) == []


def test_a_mistake_is_a_finding(merged: dict[str, Any]) -> None:
    broken = merged | {
        "Resources": merged["Resources"] | {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"Nam": "q"}}}
    }
    assert "'Nam' was unexpected" in findings(broken)[0]


def test_sam_adds_no_stage_of_its_own(merged: dict[str, Any]) -> None:
    resources = [one.get("Properties", {}) for one in translate(merged)["Resources"].values()]
    stages = [properties["StageName"] for properties in resources if "StageName" in properties]
    assert stages == ["api"]
