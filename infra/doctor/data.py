"""Where data is: tables, the bucket, the keys."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.doctor.place import Finding, NotHere, Place

_SECRET_LENGTH = 32


def tables(place: Place) -> Iterator[Finding]:
    """Every table is there, can be restored, lets expire what shall expire, and feeds the relay."""
    client = place.client("dynamodb")
    for name, physical, properties in place.of_type("AWS::DynamoDB::Table"):
        try:
            table = client.describe_table(TableName=physical)["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            mend = "restore it from a point in time: docs/operations.md, “Restoring”"
            yield Finding(name, f"the table {physical} is gone", mend)
            continue
        yield from _table(client, name, physical, properties, table)


def _table(
    client: Any, name: str, physical: str, properties: Mapping[str, Any], table: Mapping[str, Any]
) -> Iterator[Finding]:
    if properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
        backups = client.describe_continuous_backups(TableName=physical)["ContinuousBackupsDescription"]
        recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        if recovery != "ENABLED":
            mend = (
                f"aws dynamodb update-continuous-backups --table-name {physical} "
                "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
            )
            yield Finding(name, "cannot be restored to a point in time", mend)
    wanted = properties.get("TimeToLiveSpecification")
    if wanted:
        found = client.describe_time_to_live(TableName=physical)["TimeToLiveDescription"]
        if found.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            attribute = wanted["AttributeName"]
            mend = (
                f"aws dynamodb update-time-to-live --table-name {physical} "
                f"--time-to-live-specification Enabled=true,AttributeName={attribute}"
            )
            yield Finding(name, "keeps what should expire", mend)
    if "StreamSpecification" in properties and not table.get("StreamSpecification", {}).get("StreamEnabled"):
        mend = (
            f"aws dynamodb update-table --table-name {physical} --stream-specification "
            "StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES, then deploy again, so that the relay hears of it"
        )
        yield Finding(name, "has no stream: mails go out by reconcile only, late", mend)
    if properties.get("DeletionProtectionEnabled") and not table.get("DeletionProtectionEnabled"):
        mend = f"aws dynamodb update-table --table-name {physical} --deletion-protection-enabled"
        yield Finding(name, "may be deleted by mistake", mend)


def bucket(place: Place) -> Iterator[Finding]:
    """The bucket is nobody's but ours, keeps what it should, and deletes what it should."""
    client = place.client("s3")
    for name, physical, properties in place.of_type("AWS::S3::Bucket"):
        block = _or_none(client.get_public_access_block, "NoSuchPublicAccessBlockConfiguration", Bucket=physical)
        if not block or not all(block["PublicAccessBlockConfiguration"].values()):
            wanted = ",".join(f"{key}=true" for key in properties["PublicAccessBlockConfiguration"])
            mend = f"aws s3api put-public-access-block --bucket {physical} --public-access-block-configuration {wanted}"
            yield Finding(name, "could be made public", mend)
        if client.get_bucket_versioning(Bucket=physical).get("Status") != "Enabled":
            mend = f"aws s3api put-bucket-versioning --bucket {physical} --versioning-configuration Status=Enabled"
            yield Finding(name, "keeps no versions: what is overwritten by mistake is gone at once", mend)
        rules = _or_none(client.get_bucket_lifecycle_configuration, "NoSuchLifecycleConfiguration", Bucket=physical)
        found = {one.get("ID") for one in (rules or {}).get("Rules", []) if one["Status"] == "Enabled"}
        missing = sorted({one["Id"] for one in properties["LifecycleConfiguration"]["Rules"]} - found)
        if missing:
            mend = f"{_drifted(place)} It is the rule {', '.join(missing)} of infra/resources/storage.yaml"
            yield Finding(name, f"does not delete what it should: {', '.join(missing)}", mend)
        if place.parameters.get("RequireTls") == "true" and not _refuses_plain(client, physical):
            mend = f"{_drifted(place)} It is ExportsBucketPolicy of infra/resources/storage.yaml"
            yield Finding(name, "lets itself be read without TLS", mend)


def keys(place: Place) -> Iterator[Finding]:
    """The root of all keys is there and long enough: every link in every mail hangs on it."""
    physical = place.physical("KeysSecret")
    mend = (
        f"if it was deleted: aws secretsmanager restore-secret --secret-id {physical} (within 30 days). "
        "Never make a new one: links in mails would stop working"
    )
    try:
        text = place.client("secretsmanager").get_secret_value(SecretId=physical)["SecretString"]
        root = json.loads(text).get("root", "")
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"ResourceNotFoundException", "InvalidRequestException"}:
            raise
        yield Finding("KeysSecret", "is gone, or waits to be deleted", mend)
        return
    except ValueError:
        root = ""
    if len(root) < _SECRET_LENGTH:
        yield Finding("KeysSecret", "holds no key that links could be signed with", mend)


def calls(place: Place) -> Iterator[Finding]:
    """Somebody has published a call."""
    table = place.physical("CallsTable")
    if table is None:
        raise NotHere("there is no table of calls")
    if not place.client("dynamodb").scan(TableName=table, Limit=1)["Items"]:
        stage = "" if place.local else f" --stage {place.stage}"
        yield Finding("calls", "none is published", f"aufruf calls publish calls/NAME.yaml{stage}")


def _drifted(place: Place) -> str:
    """What mends a thing that somebody changed by hand, and CloudFormation believes to be as it was."""
    return f"CloudFormation → {place.stack} → “Detect drift” shows the difference; set it again by hand."


def _or_none(ask: Any, absent: str, **given: str) -> Any:
    try:
        return ask(**given)
    except ClientError as error:
        if error.response["Error"]["Code"] == absent:
            return None
        raise


def _refuses_plain(client: Any, name: str) -> bool:
    found = _or_none(client.get_bucket_policy, "NoSuchBucketPolicy", Bucket=name)
    statements = json.loads(found["Policy"])["Statement"] if found else []
    return any(
        one["Effect"] == "Deny" and one.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for one in statements
    )
