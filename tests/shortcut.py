"""A shorter way to moto, for tests that make a hundred thousand calls: no HTTP in between, where most of the time goes.

It is moto's own code on the same tables, queues and objects. What moto refuses is asked again on the long way, so that
errors are botocore's. That both ways answer alike is a test of its own (`tests/tables/test_shortcut.py`).
"""

from __future__ import annotations

import json
import pickle
from functools import cache
from typing import Any, Final

from botocore import xform_name
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import ServiceException
from moto.core.responses import BaseResponse
from werkzeug.exceptions import HTTPException

from chalicelib.runtime.aws import RAW, raw_dynamodb
from chalicelib.runtime.settings import settings
from tests.aws import call_aws, one_at_a_time

_SHORT: Final = {
    "dynamodb": {
        "BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactWriteItems",
        "UpdateItem",
    },
    "sqs": {
        "ChangeMessageVisibility", "DeleteMessage", "GetQueueUrl", "ReceiveMessage", "SendMessage", "SendMessageBatch",
    },
}  # fmt: skip


def call_moto(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    """As `BaseClient._make_api_call`, with moto switched on."""
    service = client.meta.service_model.service_name
    if operation not in _SHORT.get(service, ()):
        return call_aws(client, operation, parameters)
    handler: Any = _handlers()[service]()
    handler.current_account, handler.region, handler.uri_match = DEFAULT_ACCOUNT_ID, client.meta.region_name, {}
    handler.uri = client.meta.endpoint_url
    with one_at_a_time:
        handler.params = handler.body = _copied(parameters)
        try:
            found = getattr(handler, xform_name(operation))().result or {}
        except (ServiceException, HTTPException):
            return call_aws(client, operation, parameters)
        known = client.meta.service_model.operation_model(operation).output_shape.members if found else ()
        answer = _copied({name: one for name, one in found.items() if name in known})
    return {RAW: json.dumps(answer).encode()} if client is raw_dynamodb() else answer


@cache
def _handlers() -> dict[str, type[BaseResponse]]:
    # Each takes long to read in, and is needed where moto is switched on.
    from moto.dynamodb.responses import DynamoHandler
    from moto.sqs.responses import SQSResponse

    return {"dynamodb": DynamoHandler, "sqs": SQSResponse}


def _copied(document: Any) -> Any:
    """As if it had gone over a wire."""
    return pickle.loads(pickle.dumps(document))


# What there is, without a call


def versions_of(bucket: str) -> dict[str, list[tuple[str, bytes | None]]] | None:
    """Every version of every object by key, the newest last: its name, and what it holds, `None` where it deletes.

    `None` when there is no such bucket.
    """
    from moto.s3.models import s3_backends

    found = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets.get(bucket)
    if found is None:
        return None
    kept = found.keys
    return {key: [(one.version_id, getattr(one, "value", None)) for one in kept.getlist(key)] for key in list(kept)}


def stream_of(table: str, start: int) -> list[dict[str, Any]]:
    """The records of a table's stream from a place (from 0), as Lambda gets them."""
    from moto.dynamodb.models import dynamodb_backends

    found: Any = dynamodb_backends[DEFAULT_ACCOUNT_ID][settings().region].get_table(table)
    arn = f"{found.table_arn}/stream/{found.latest_stream_label}"
    return [{**_copied(one.to_json()), "eventSourceARN": arn} for one in found.stream_shard.items[start:]]


def waiting_on(queue: str) -> int:
    """How many messages there are on a queue: to be had, in flight, or to come later."""
    from moto.sqs.models import sqs_backends

    found: Any = sqs_backends[DEFAULT_ACCOUNT_ID][settings().region].get_queue(queue)
    counts = ("", "_not_visible", "_delayed")
    return sum(int(getattr(found, f"approximate_number_of_messages{one}")) for one in counts)
