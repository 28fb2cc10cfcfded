"""How many submissions came in: counted by the index, which knows nothing of how the table is read for the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct, field

from chalicelib.runtime.aws import RAW, aws_errors, raw_dynamodb
from chalicelib.runtime.settings import settings
from chalicelib.submissions.submission import STATES
from chalicelib.submissions.table import ByState

if TYPE_CHECKING:
    from types_boto3_dynamodb.type_defs import QueryInputTypeDef


class _Count(Struct):
    count: int = field(name="Count")
    last: Raw | None = field(name="LastEvaluatedKey", default=None)


_decode = msgspec.json.Decoder(_Count).decode


def count_received(call: str, shards: int, *, until: str, now: int) -> int:
    """How many came in up to the stamp `until` and neither were erased nor have expired `now` (epoch seconds).

    Eventually consistent. Raises `Unavailable`.
    """
    return sum(_count(f"{call}#{state}#{shard:02d}", until, now) for state in STATES for shard in range(shards))


def _count(call_state: str, until: str, now: int) -> int:
    asked: QueryInputTypeDef = {
        "TableName": settings().submissions_table,
        "IndexName": ByState.Meta.index_name,
        "Select": "COUNT",
        "KeyConditionExpression": "call_state = :place",
        "FilterExpression": "submitted_at <= :until AND (attribute_not_exists(expires_at) OR expires_at > :now)",
        "ExpressionAttributeValues": {":place": {"S": call_state}, ":until": {"S": until}, ":now": {"N": str(now)}},
    }
    found = 0
    while True:
        with aws_errors():
            answer: Any = raw_dynamodb().query(**asked)
        page = _decode(answer[RAW])
        found += page.count
        if page.last is None:
            return found
        asked["ExclusiveStartKey"] = msgspec.json.decode(page.last)
