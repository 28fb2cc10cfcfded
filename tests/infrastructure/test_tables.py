"""The template's tables are those of the PynamoDB models: keys, indexes, expiry."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

Json = Any

# In a process of its own: the models take their names from the environment when they are imported.
PROGRAM = """
import importlib, json, pathlib
from pynamodb.attributes import Attribute
from pynamodb.indexes import GlobalSecondaryIndex
from chalicelib.runtime.table import Record

for path in sorted(pathlib.Path("chalicelib").glob("*/table.py")):
    importlib.import_module(".".join(path.with_suffix("").parts))

def keys(attributes):
    return {
        kind: attribute.attr_name
        for kind, mark in (("HASH", "is_hash_key"), ("RANGE", "is_range_key"))
        for attribute in attributes.values() if getattr(attribute, mark)
    }

def table(record):
    indexes = [value for value in vars(record).values() if isinstance(value, GlobalSecondaryIndex)]
    return {
        "keys": keys(record.get_attributes()),
        "types": {a.attr_name: a.attr_type for a in record.get_attributes().values()},
        "indexes": {
            index.Meta.index_name: {
                "keys": keys({a.attr_name: a for a in vars(type(index)).values() if isinstance(a, Attribute)}),
                "projection": index.Meta.projection.projection_type,
                "more": sorted(index.Meta.projection.non_key_attributes or ()),
            }
            for index in indexes
        },
    }

print(json.dumps({record.Meta.table_name: table(record) for record in Record.__subclasses__()}))
"""


@pytest.fixture(scope="module")
def models(merged: Json, project: Path) -> Json:
    """What the models say, by the logical id of their table."""
    variables = merged["Globals"]["Function"]["Environment"]["Variables"]
    names = {name: value["Ref"] for name, value in variables.items() if name.endswith("_TABLE")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=project,
        env={**names, "AWS_REGION": "eu-central-1", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def tables(merged: Json) -> Json:
    return {
        name: resource["Properties"]
        for name, resource in merged["Resources"].items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }


def key_names(schema: Json) -> dict[str, str]:
    return {key["KeyType"]: key["AttributeName"] for key in schema}


def test_there_is_a_model_for_every_table_and_a_table_for_every_model(models: Json, tables: Json) -> None:
    assert set(models) == set(tables)


def test_keys_and_their_types_agree(models: Json, tables: Json) -> None:
    for name, model in models.items():
        assert model["keys"] == key_names(tables[name]["KeySchema"]), name
        for attribute in tables[name]["AttributeDefinitions"]:
            assert model["types"][attribute["AttributeName"]] == attribute["AttributeType"], name


def test_indexes_agree(models: Json, tables: Json) -> None:
    for name, model in models.items():
        built = {
            index["IndexName"]: {
                "keys": key_names(index["KeySchema"]),
                "projection": index["Projection"]["ProjectionType"],
                "more": sorted(index["Projection"].get("NonKeyAttributes", [])),
            }
            for index in tables[name].get("GlobalSecondaryIndexes", [])
        }
        assert model["indexes"] == built, name


def test_a_table_expires_by_an_attribute_of_its_model_and_every_expiring_model_has_such_a_table(
    models: Json, tables: Json
) -> None:
    for name, model in models.items():
        expiry = tables[name].get("TimeToLiveSpecification", {"AttributeName": None})
        assert ("expires_at" in model["types"]) == (expiry["AttributeName"] == "expires_at"), name
        if expiry["AttributeName"]:
            assert (model["types"]["expires_at"], expiry["Enabled"]) == ("N", True), name


def test_only_submissions_have_a_stream_with_both_images(tables: Json) -> None:
    streams = {name: table["StreamSpecification"] for name, table in tables.items() if "StreamSpecification" in table}
    assert streams == {"SubmissionsTable": {"StreamViewType": "NEW_AND_OLD_IMAGES"}}


def test_every_table_can_be_restored_and_costs_by_use(tables: Json) -> None:
    for name, table in tables.items():
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        assert table["SSESpecification"]["SSEEnabled"] is True, name
        if name not in {"DraftsTable", "FiguresTable"}:
            assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name


def test_what_a_person_has_not_sent_is_kept_in_no_backup(tables: Json) -> None:
    assert "PointInTimeRecoverySpecification" not in tables["DraftsTable"]
