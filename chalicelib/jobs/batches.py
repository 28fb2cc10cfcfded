"""Working through a batch of SQS records so that one bad message fails alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from chalicelib.runtime.logs import log_fault

Job = TypeVar("Job")


class TryLater(Exception):
    """This job cannot be done now: its message stays on the queue."""


def work_through(records: Sequence[dict[str, Any]], kind: type[Job], work: Callable[[Job], None]) -> dict[str, Any]:
    """Do `work` for the job in each record; the answer names the messages to keep (`ReportBatchItemFailures`).

    `kind` is what the messages hold; `dict[str, str]` where a queue carries several kinds of job.
    """
    kept = []
    for record in records:
        try:
            work(msgspec.json.decode(record["body"], type=kind))
        except TryLater:
            kept.append(record["messageId"])
        except Exception as error:  # noqa: BLE001 - a worker's loop: that one message fails, the others go on
            log_fault("job-failed", error, kind=kind.__name__, message_id=record["messageId"])
            kept.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in kept]}
