"""The queues as an operator sees them: how much waits, what failed, and sending the failed ones again.

Looking changes nothing: what was looked at is visible again at once, or after `_HELD` seconds where the look was
interrupted. A message is deleted only after what it asks for has been asked for again, so an interruption doubles a
message at worst, and every worker takes a doubled message as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

QueueName = Literal["mail", "feedback", "export", "relay", "schedules"]
"""The three queues, and what Lambda puts aside of the stream and of the schedules."""


class Queue(Struct, frozen=True):
    """Which outputs of the stack belong to it. What the stream and the schedules bring does not wait on a queue."""

    failed: str
    waits: str | None = None
    logs: tuple[str, ...] = ()


QUEUES: Final[Mapping[QueueName, Queue]] = {
    "mail": Queue("MailDeadLettersUrl", "MailQueueUrl", ("MailWorkerLogGroup",)),
    "feedback": Queue("FeedbackDeadLettersUrl", "FeedbackQueueUrl", ("FeedbackWorkerLogGroup",)),
    "export": Queue("ExportDeadLettersUrl", "ExportQueueUrl", ("ExportWorkerLogGroup",)),
    "relay": Queue("RelayFailuresUrl", logs=("RelayLogGroup",)),
    "schedules": Queue("ScheduleFailuresUrl", logs=("NightlyLogGroup", "DigestLogGroup", "ReconcileLogGroup")),
}
_BATCH = 10  # SQS gives no more at once
_HELD = 120  # seconds
MOST = 1_000
"""Failed messages that one look takes in."""


class Letter(Struct, frozen=True):
    """A message that failed. `sent_at` is when it was first put on its queue."""

    message_id: str
    body: str
    sent_at: datetime
    handle: str
    attributes: Mapping[str, str] = {}


class Counts(Struct, frozen=True):
    """How many messages wait, are at work, and wait for their time."""

    waiting: int
    working: int
    delayed: int

    @property
    def all(self) -> int:
        """However they are."""
        return self.waiting + self.working + self.delayed


def counts(sqs: SQSClient, url: str) -> Counts:
    """What SQS says of a queue; it counts a little behind."""
    asked: Final = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    )
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(asked))["Attributes"]
    return Counts(*(int(answer[name]) for name in asked))


@contextmanager
def held(sqs: SQSClient, url: str) -> Iterator[list[Letter]]:
    """The failed messages, those that wait longest first, hidden from others while the block runs."""
    letters: dict[str, Letter] = {}
    try:
        while len(letters) < MOST and (letters or counts(sqs, url).all):
            found = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=_BATCH,
                VisibilityTimeout=_HELD,
                WaitTimeSeconds=0 if letters else 1,  # a short look may miss what is there
                AttributeNames=["SentTimestamp"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not found:
                break
            letters |= {one["MessageId"]: _letter(one) for one in found}
        yield sorted(letters.values(), key=lambda one: one.sent_at)
    finally:
        _let_go(sqs, url, [one.handle for one in letters.values()])


def look(sqs: SQSClient, url: str) -> list[Letter]:
    """The failed messages, those that wait longest first."""
    with held(sqs, url) as letters:
        return letters


def send_again(
    sqs: SQSClient, url: str, letters: list[Letter], again: Callable[[Letter], None]
) -> Iterator[tuple[Letter, bool]]:
    """Do `again` for each of the letters that are `held`, and delete it; yields each, and whether it is gone.

    `again` raises `NotAgain` for what it cannot do: such a letter stays.
    """
    for letter in letters:
        try:
            again(letter)
        except NotAgain:
            yield letter, False
            continue
        sqs.delete_message(QueueUrl=url, ReceiptHandle=letter.handle)
        yield letter, True


class NotAgain(Exception):
    """Nobody can tell what this message asked for."""


def _letter(message: MessageTypeDef) -> Letter:
    sent = int(message["Attributes"]["SentTimestamp"]) / 1000
    given = message.get("MessageAttributes", {})
    return Letter(
        message_id=message["MessageId"],
        body=message["Body"],
        sent_at=datetime.fromtimestamp(sent, UTC),
        handle=message["ReceiptHandle"],
        attributes={name: str(value.get("StringValue", "")) for name, value in given.items()},
    )


def _let_go(sqs: SQSClient, url: str, handles: list[str]) -> None:
    for start in range(0, len(handles), _BATCH):
        # What has been deleted meanwhile is named among the failed ones of the answer.
        sqs.change_message_visibility_batch(
            QueueUrl=url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(handles[start : start + _BATCH])
            ],
        )
