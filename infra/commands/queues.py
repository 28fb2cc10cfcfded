"""`aufruf queues`: what waits, what failed and why, and sending the failed ones again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import track
from rich.table import Table

from infra.commands.target import DATA, LOCAL, Data, Stage, console, use_stage

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

app = typer.Typer(help="Look at the queues, send failed messages again.", no_args_is_help=True)
_QUEUES = {
    "mail": ("MailQueueUrl", "MailDeadLettersUrl"),
    "feedback": ("FeedbackQueueUrl", "FeedbackDeadLettersUrl"),
    "export": ("ExportQueueUrl", "ExportDeadLettersUrl"),
}


@app.command()
def status(stage: Stage = LOCAL, data: Data = DATA) -> None:
    """How many messages wait, are at work, and failed."""
    outputs = use_stage(stage, data)
    from chalicelib.runtime.aws import sqs

    table = Table("Queue", "waiting", "at work", "delayed", "failed", box=None)
    for name, (queue, dead) in _QUEUES.items():
        waiting, working, delayed = _counts(sqs(), outputs[queue])
        failed = sum(_counts(sqs(), outputs[dead]))
        table.add_row(name, str(waiting), str(working), str(delayed), f"[red]{failed}[/]" if failed else "0")
    table.add_row("relay", "", "", "", str(sum(_counts(sqs(), outputs["RelayFailuresUrl"]))))
    console.print(table)


@app.command()
def redrive(
    name: Annotated[Literal["mail", "feedback", "export"], typer.Argument()], stage: Stage = LOCAL, data: Data = DATA
) -> None:
    """Put every failed message back on its queue. Safe to repeat: a message is deleted only after it was sent."""
    outputs = use_stage(stage, data)
    from chalicelib.runtime.aws import sqs

    queue, dead = (outputs[key] for key in _QUEUES[name])
    failed = sum(_counts(sqs(), dead))
    moved = 0
    for _ in track(range(failed), description="Sending again", console=console, disable=not failed):
        answer = sqs().receive_message(QueueUrl=dead, MaxNumberOfMessages=1, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            sqs().send_message(QueueUrl=queue, MessageBody=message["Body"])
            sqs().delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    console.print(f"{moved} of {failed} failed messages are back on the {name} queue.", highlight=False)


def _counts(client: SQSClient, queue: str) -> tuple[int, int, int]:
    names = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    )
    answer = client.get_queue_attributes(QueueUrl=queue, AttributeNames=list(names))["Attributes"]  # type: ignore[arg-type]
    waiting, working, delayed = (int(answer[name]) for name in names)  # type: ignore[index]
    return waiting, working, delayed
