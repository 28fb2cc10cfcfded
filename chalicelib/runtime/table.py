"""What every table has in common: time-outs that fit inside a request, and our own errors instead of PynamoDB's."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.errors import Unavailable
from chalicelib.runtime.settings import settings

CONDITION_FAILED = "ConditionalCheckFailedException"
# Answers that repeating may mend (DynamoDB developer guide, "Error handling"); no code at all is a broken connection.
_PASSING = {
    None,
    "InternalServerError",
    "ItemCollectionSizeLimitExceededException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
# Why a transaction was cancelled (DynamoDB API reference, "TransactWriteItems"): somebody else was first, or is at it.
_OVERTAKEN = {"ConditionalCheckFailed", "TransactionConflict"}
_OVERLOADED = {"ProvisionedThroughputExceeded", "ThrottlingError"}


class TableMeta:
    """PynamoDB's defaults (15 s, 30 s, 3 retries) outlast a request; these do not. Seconds; further attempts."""

    region = settings().region
    connect_timeout_seconds = 1
    read_timeout_seconds = 3
    max_retry_attempts = 2


class Record(Model):
    """Base of all records. A subclass has `class Meta(TableMeta)` with its `table_name`."""


class ConditionFailed(Exception):
    """The condition of a write did not hold: the item is not (or no longer) as the caller believed."""


@contextmanager
def transaction() -> Iterator[TransactWrite]:
    """Writes to several tables that all happen or none of them, when the block ends.

    Raises `ConditionFailed` when one of their conditions does not hold, `Unavailable`.
    """
    with table_errors(), TransactWrite(connection=_connection()) as writes:
        yield writes


@cache
def _connection() -> Connection:
    return Connection(
        region=TableMeta.region,
        connect_timeout_seconds=TableMeta.connect_timeout_seconds,
        read_timeout_seconds=TableMeta.read_timeout_seconds,
        max_retry_attempts=TableMeta.max_retry_attempts,
    )


@contextmanager
def table_errors() -> Iterator[None]:
    """Turn PynamoDB's errors into `ConditionFailed` and `Unavailable`; anything else is a fault of ours and passes."""
    try:
        yield
    except PynamoDBException as error:
        # PynamoDB's own `cause_response_code` breaks on a time-out: connection errors have a `response` of None.
        answer = getattr(error.cause, "response", None) or {}
        code = answer.get("Error", {}).get("Code")
        if code == CONDITION_FAILED:
            raise ConditionFailed from error
        reasons = {reason.code for reason in getattr(error.cause, "cancellation_reasons", ()) if reason is not None}
        if reasons & _OVERTAKEN:
            raise ConditionFailed from error
        if reasons & _OVERLOADED:
            raise Unavailable from error
        if error.cause is not None and code in _PASSING:
            raise Unavailable from error
        raise
