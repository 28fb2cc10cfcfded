"""Putting jobs on their queues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from chalicelib.jobs.messages import (
    AnnouncementJob,
    DigestJob,
    EraseJob,
    ExportJob,
    FiguresJob,
    ImportJob,
    LandscapeJob,
    LinksJob,
    LoginJob,
    MailJob,
    PushJob,
)
from chalicelib.ledger.entry import LONGEST_WAIT
from chalicelib.runtime.aws import aws_errors, sqs
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_BATCH = 10  # SendMessageBatch takes no more


def send_mail_jobs(jobs: Sequence[MailJob | LinksJob]) -> list[int]:
    """Queue the jobs, ten a call; gives the positions of those that SQS did not take. Raises `Unavailable`."""
    failed: list[int] = []
    for start in range(0, len(jobs), _BATCH):
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(start + number), "MessageBody": msgspec.json.encode(job).decode()}
            for number, job in enumerate(jobs[start : start + _BATCH])
        ]
        with aws_errors():
            answer = sqs().send_message_batch(QueueUrl=settings().mail_queue_url, Entries=entries)
        failed += [int(one["Id"]) for one in answer.get("Failed", [])]
    return failed


def send_links_job(job: LinksJob) -> None:
    """Queue the job. Raises `Unavailable`."""
    with aws_errors():
        sqs().send_message(QueueUrl=settings().mail_queue_url, MessageBody=msgspec.json.encode(job).decode())


def send_announcement_job(job: AnnouncementJob, *, delay: int = 0) -> None:
    """Queue the job, to be received after `delay` seconds (900 at most). Raises `Unavailable`."""
    send_mail_message(msgspec.json.encode(job).decode(), delay)


def send_digest_job(job: DigestJob) -> None:
    """Queue the job. Raises `Unavailable`."""
    send_mail_message(msgspec.json.encode(job).decode(), 0)


def send_login_job(job: LoginJob) -> None:
    """Queue the job. Raises `Unavailable`."""
    send_mail_message(msgspec.json.encode(job).decode(), 0)


def send_mail_message(body: str, delay: int) -> None:
    """Put a message on the mail queue, to be received after `delay` seconds (900 at most). Raises `Unavailable`."""
    with aws_errors():
        sqs().send_message(
            QueueUrl=settings().mail_queue_url, MessageBody=body, DelaySeconds=max(0, min(delay, LONGEST_WAIT))
        )


def send_export_job(job: ExportJob, *, delay: int = 0) -> None:
    """Queue the job, to be received after `delay` seconds (SQS: 900 at most). Raises `Unavailable`."""
    _send_to_exports(job, delay)


def send_erase_job(job: EraseJob) -> None:
    """Queue the job, to be received a little later: erasures that follow each other quickly make one export.

    Raises `Unavailable`.
    """
    _send_to_exports(job, settings().landscape_delay_seconds)


def send_push_job(job: PushJob) -> None:
    """Queue the job. Raises `Unavailable`."""
    _send_to_exports(job, 0)


def send_figures_job(job: FiguresJob) -> None:
    """Queue the job. Raises `Unavailable`."""
    _send_to_exports(job, 0)


def send_import_job(job: ImportJob) -> None:
    """Queue the job. Raises `Unavailable`."""
    _send_to_exports(job, 0)


def send_landscape_job(job: LandscapeJob) -> None:
    """Queue the job, to be received a little later: decisions that follow each other quickly make one landscape.

    Raises `Unavailable`.
    """
    _send_to_exports(job, settings().landscape_delay_seconds)


def _send_to_exports(job: ExportJob | EraseJob | PushJob | FiguresJob | ImportJob | LandscapeJob, delay: int) -> None:
    with aws_errors():
        sqs().send_message(
            QueueUrl=settings().export_queue_url, MessageBody=msgspec.json.encode(job).decode(), DelaySeconds=delay
        )
