"""What every table has in common: time-outs that fit inside a request, and our own errors instead of PynamoDB's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.connection import Connection, TableConnection
from pynamodb.exceptions import PynamoDBException
from pynamodb.indexes import GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.errors import Unavailable
from chalicelib.runtime.aws import dynamodb
from chalicelib.runtime.settings import settings

T = TypeVar("T")
_BATCH = 100  # the most that BatchGetItem takes
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
    """What all tables have in common. Time-outs and retries are those of our own client: see `runtime/aws.py`."""

    region = settings().region


class Record(Model):
    """Base of all records. A subclass has `class Meta(TableMeta)` with its `table_name`."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        # PynamoDB takes no client from outside, and would build another one, with its own session, for each model.
        connection = super()._get_connection()
        return _with_our_client(connection, connection.connection)


class LeanIndex(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call] # PynamoDB's subclass hook
    """An index that holds keys and little else, and gives whole records all the same."""

    def query(self, hash_key: str, *conditions: Any, **options: Any) -> Any:
        """Whole records, in the order of the index; one request more for each hundred.

        What is elsewhere by now is left out, though the index may still have it here.
        """
        model: Any = self._model
        key_names = (model._hash_keyname, model._range_keyname)  # noqa: SLF001
        place = self._hash_key_attribute().attr_name  # type: ignore[no-untyped-call]
        found = iter(self.keys(hash_key, *conditions, **options))
        while batch := [tuple(getattr(one, name) for name in key_names) for one in islice(found, _BATCH)]:
            read = model.batch_get(batch, consistent_read=True)
            records = {tuple(getattr(one, name) for name in key_names): one for one in read}
            yield from (records[key] for key in batch if key in records and getattr(records[key], place) == hash_key)

    def keys(self, hash_key: str, *conditions: Any, **options: Any) -> Any:
        """What stands in the index itself: records with their keys and what it projects."""
        return super().query(hash_key, *conditions, **options)


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
    connection = Connection(region=TableMeta.region)
    return _with_our_client(connection, connection)


def _with_our_client(given: T, connection: Connection) -> T:
    if connection._client is None:  # noqa: SLF001 - see `_get_connection`
        connection._client = dynamodb()  # type: ignore[assignment] # noqa: SLF001
    return given


def put_new(table_name: str, item: Mapping[str, Mapping[str, object]], *, key: str) -> None:
    """Write an item in DynamoDB's own form where its key, of which `key` is an attribute, is not taken yet.

    Raises `ConditionFailed` when it is, `Unavailable`.
    """
    with table_errors():
        dynamodb().put_item(
            TableName=table_name,
            Item=item,
            ConditionExpression="attribute_not_exists(#key)",
            ExpressionAttributeNames={"#key": key},
        )


@contextmanager
def table_errors() -> Iterator[None]:
    """Turn PynamoDB's and botocore's errors into `ConditionFailed` and `Unavailable`; anything else is a fault of ours
    and passes.
    """
    try:
        yield
    except PynamoDBException as error:
        _raise_ours(error, error.cause)
        raise
    except (ClientError, BotoCoreError) as error:
        _raise_ours(error, error)
        raise


def _raise_ours(error: Exception, cause: Exception | None) -> None:
    """Raise what `error`, whose cause is one of botocore's, means; nothing if that is a fault of ours."""
    # PynamoDB's own `cause_response_code` breaks on a time-out: connection errors have a `response` of None.
    answer = getattr(cause, "response", None) or {}
    code = answer.get("Error", {}).get("Code")
    if code == CONDITION_FAILED:
        raise ConditionFailed from error
    reasons = {reason.code for reason in getattr(cause, "cancellation_reasons", ()) if reason is not None}
    if reasons & _OVERTAKEN:
        raise ConditionFailed from error
    if reasons & _OVERLOADED:
        raise Unavailable from error
    if cause is not None and code in _PASSING:
        raise Unavailable from error
