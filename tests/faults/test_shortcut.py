"""The short way to moto answers as the long one does, and what is looked at inside is what the calls show."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.runtime.settings import settings
from tests.aws import call_aws
from tests.builders import answers
from tests.faults.settling import RestlessWorld
from tests.integration.world import World, client
from tests.shortcut import call_moto, stream_of, versions_of, waiting_on
from tests.tables.test_fast import mails, reports, subscribers

_LEFT_OUT = {"ResponseMetadata", "MessageId", "ReceiptHandle", "ConsumedCapacity", "ItemCollectionMetrics"}
Way = Callable[[Any, str, dict[str, Any]], Any]


def told(way: Way) -> list[Any]:
    """What every call of some stories is answered."""
    answered = []

    def listen(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        try:
            answer = way(client, operation, parameters)
        except ClientError as error:
            answered.append((operation, error.response["Error"]))
            raise
        answered.append((operation, what_matters(answer)))
        return answer

    with World() as world:
        world.border.aws = listen
        for story in (mails, subscribers, reports):
            assert list(story(f"way-{story.__name__}"))
        several_at_once()
        messages()
    return answered


def what_matters(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: what_matters(one) for name, one in answer.items() if name not in _LEFT_OUT}
    return [what_matters(one) for one in answer] if isinstance(answer, list) else answer


def several_at_once() -> None:
    """Two items in one transaction, which a condition breaks the second time."""
    dynamodb, table = client("dynamodb"), settings().access_table
    new = {
        "TableName": table,
        "ConditionExpression": "attribute_not_exists(#key)",
        "ExpressionAttributeNames": {"#key": "key"},
    }
    items = [{"Put": {**new, "Item": {"key": {"S": name}, "raw": {"B": b"\x00\xff"}}}} for name in ("one", "two")]
    dynamodb.transact_write_items(TransactItems=items)
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        dynamodb.transact_write_items(TransactItems=items)
    dynamodb.scan(TableName=table, Limit=1)
    dynamodb.delete_item(TableName=table, Key={"key": {"S": "one"}}, ReturnValues="ALL_OLD")
    dynamodb.get_item(TableName=table, Key={"key": {"S": "one"}})


def messages() -> None:
    sqs, url = client("sqs"), settings().mail_queue_url
    assert sqs.get_queue_url(QueueName="mail")["QueueUrl"] == url
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(one), "MessageBody": f"Nr. {one}: ä"} for one in range(3)])
    sqs.send_message(QueueUrl=url, MessageBody="last", DelaySeconds=0)
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert len(found) == 4
    sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=found[1]["ReceiptHandle"], VisibilityTimeout=0)
    sqs.receive_message(QueueUrl=url)
    sqs.receive_message(QueueUrl=url)


def test_both_ways_answer_alike() -> None:
    long, short = told(call_aws), told(call_moto)
    assert len(long) > 40
    assert short == long


def test_what_lies_inside_is_what_calls_show() -> None:
    with RestlessWorld() as world:
        world.publish()
        world.submit(answers(), key="one")
        shown = World.stream(world)
        assert [one["dynamodb"]["NewImage"] for one in shown] == [
            one["dynamodb"]["NewImage"] for one in stream_of(settings().submissions_table, 0)
        ]
        assert [one["eventSourceARN"] for one in shown] == [one["eventSourceARN"] for one in world.stream()]
        assert world.stream()
        world.relay()
        assert (waiting_on("mail"), world.stream()) == (1, [])
        assert len(world.messages("mail")) == waiting_on("mail") == 1
        bucket = settings().exports_bucket
        with world.border.aside():
            for content in (b"old", b"new"):
                client("s3").put_object(Bucket=bucket, Key="a/file", Body=content)
            client("s3").put_object(Bucket=bucket, Key="gone", Body=b"")
            client("s3").delete_object(Bucket=bucket, Key="gone")
        assert World.files(world) == world.files() == {"a/file": b"new"}
        kept = versions_of(bucket) or {}
        assert [content for _, content in kept["a/file"]] == [b"old", b"new"]
        assert [content for _, content in kept["gone"]] == [b"", None]
        assert versions_of("no-bucket") is None
        assert sorted(world.objects().values()) == [b"", b"new", b"old"]
