"""Working through a batch of SQS records so that one bad message fails alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from chalicelib.errors import Unavailable
from chalicelib.runtime.logs import log_fault

Job = TypeVar("Job")


class TryLater(Exception):
    """This job cannot be done now: its message stays on the queue, or goes round for `seconds`."""

    def __init__(self, seconds: int | None = None) -> None:
        super().__init__()
        self.seconds = seconds


def work_through(
    records: Sequence[dict[str, Any]],
    kind: type[Job],
    work: Callable[[Job], None],
    *,
    again: Callable[[str, int], None] | None = None,
) -> dict[str, Any]:
    """Do `work` for the job in each record; the answer names the messages to keep (`ReportBatchItemFailures`).

    `kind` is what the messages hold; `dict[str, str]` where a queue carries several kinds of job. `again` puts a body
    back on the queue for so many seconds: waiting is no failure, and a fresh message is no step nearer to the dead
    letters.
    """
    kept = []
    for record in records:
        try:
            work(msgspec.json.decode(record["body"], type=kind))
        except TryLater as later:
            if again is None or later.seconds is None or not _put_back(record, later.seconds, again):
                kept.append(record["messageId"])
        except Exception as error:  # noqa: BLE001 - a worker's loop: that one message fails, the others go on
            log_fault("job-failed", error, kind=kind.__name__, message_id=record["messageId"])
            kept.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in kept]}


def _put_back(record: dict[str, Any], seconds: int, again: Callable[[str, int], None]) -> bool:
    try:
        again(record["body"], seconds)
    except Unavailable as error:
        log_fault("job-not-put-back", error.__cause__ or error, message_id=record["messageId"])
        return False
    return True
