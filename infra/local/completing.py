"""Sets what the emulator's CloudFormation leaves out: backups and expiry of tables, the bucket's lifecycle.

Read off the template that was deployed, so that the local stack is what the template says. Safe to repeat.
"""

from collections.abc import Mapping
from typing import Any

from infra.doctor.place import Place


def complete(place: Place) -> None:
    """Set it, wherever it is not."""
    tables = place.client("dynamodb")
    for _, physical, properties in place.of_type("AWS::DynamoDB::Table"):
        if "PointInTimeRecoverySpecification" in properties:
            tables.update_continuous_backups(
                TableName=physical, PointInTimeRecoverySpecification=properties["PointInTimeRecoverySpecification"]
            )
        wanted = properties.get("TimeToLiveSpecification")
        if wanted and tables.describe_time_to_live(TableName=physical)["TimeToLiveDescription"] != wanted:
            tables.update_time_to_live(TableName=physical, TimeToLiveSpecification=wanted)
    for _, physical, properties in place.of_type("AWS::S3::Bucket"):
        rules = [_rule(one) for one in properties["LifecycleConfiguration"]["Rules"]]
        place.client("s3").put_bucket_lifecycle_configuration(Bucket=physical, LifecycleConfiguration={"Rules": rules})


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as S3 takes it, from one as CloudFormation does."""
    result: dict[str, Any] = {
        "ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}
    }  # fmt: skip
    if "ExpirationInDays" in rule:
        result["Expiration"] = {"Days": rule["ExpirationInDays"]}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in rule:
            result[name] = rule[name]
    return result
