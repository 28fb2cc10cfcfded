"""A call with many submissions, put into the table the short way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from msgspec.structs import replace

from chalicelib.calls.call import PublishedCall
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.settings import settings
from chalicelib.submissions.reference import from_bits
from chalicelib.submissions.submission import Submission, shard_of
from chalicelib.submissions.table import SubmissionRecord, _record
from tests import aws
from tests.aws import _call_aws, refused
from tests.builders import later, submission_of


def confirmed(call: PublishedCall, number: int, **more: Any) -> Submission:
    """The submission with this number, confirmed so many seconds after noon."""
    given = more.pop("answers", None)
    at = stamp(later(seconds=number))
    facts = {"state": "confirmed", "expires_at": None, "changed_at": at, "confirmed_at": at, "submitted_at": at}
    return replace(submission_of(call, number, given), **(facts | more))


def put_many(submissions: Iterator[Submission]) -> None:
    """Store them, 25 a request."""
    with SubmissionRecord.batch_write() as batch:
        for one in submissions:
            batch.save(_record(one))


def in_memory(table: str) -> int:
    """How many items a table has: read through moto's API, thousands take seconds."""
    found = dynamodb_backends[DEFAULT_ACCOUNT_ID][settings().region].tables[table].items
    return sum(len(items) for items in found.values())


@contextmanager
def quick() -> Iterator[None]:
    """New submissions, and looking up what stands in a place, straight in moto's memory: the same answers as through
    its API, which takes three milliseconds for each item.
    """
    name = settings().submissions_table
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID][settings().region].tables[name]

    def call_aws(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "PutItem" and parameters["TableName"] == name:
            assert parameters["ConditionExpression"] == "attribute_not_exists(#key)"
            item = parameters["Item"]
            place, known = DynamoType(item["call_shard"]), DynamoType(item["id"])
            if known in table.items[place]:
                raise refused("ConditionalCheckFailedException")
            table.items[place][known] = Item(place, known, item)
            return {}
        if operation == "BatchGetItem" and name in parameters["RequestItems"]:
            keys = parameters["RequestItems"][name]["Keys"]
            places = [(DynamoType(one["call_shard"]), DynamoType(one["id"])) for one in keys]
            found = [table.items[place][known] for place, known in places if known in table.items[place]]
            return {"Responses": {name: [one.to_json()["Attributes"] for one in found]}, "UnprocessedKeys": {}}
        return _call_aws(client, operation, parameters)

    with mock.patch.object(aws, "_call_aws", call_aws):
        yield


@contextmanager
def a_hundred_thousand(call: PublishedCall, *, first: int, last: int) -> Iterator[None]:
    """The submissions with these numbers, straight in moto's memory: through its API they would take minutes.

    Meanwhile moto does not sort the whole table before it sorts what a query asks for.
    """
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID][settings().region].tables[settings().submissions_table]
    name, shards = call.call.call, call.call.policy.shards
    like = _record(confirmed(call, first)).serialize()
    keys = [
        {"hash": DynamoType({"S": f"{name}#{shard:02d}"}), "state": DynamoType({"S": f"{name}#confirmed#{shard:02d}"})}
        for shard in range(shards)
    ]
    model = Item(keys[0]["hash"], DynamoType({"S": ""}), like)
    for number in range(first, last + 1):
        submission_id = from_bits(number)
        shard = shard_of(submission_id, shards)
        known = DynamoType({"S": submission_id})
        item = Item(keys[shard]["hash"], known, {})
        at = DynamoType({"S": stamp(later(seconds=number))})
        own = {"call_shard": keys[shard]["hash"], "call_state": keys[shard]["state"], "id": known, "changed_at": at}
        item.attrs.update(model.attrs | own)
        table.items[keys[shard]["hash"]][known] = item

    def all_items(self: Table) -> list[Item]:
        return [item for found in self.items.values() for item in found.values()]

    with mock.patch.object(Table, "all_items", all_items):
        yield
