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
