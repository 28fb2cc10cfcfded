"""`aufruf queues`: what waits, what failed and why, and sending the failed ones again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import boto3
import typer
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from infra.commands.target import DATA, LOCAL, Data, Stage, console, fail, use_stage
from infra.dead_letters import MOST, QUEUES, Letter, Queue, QueueName, counts, held, look, send_again

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

app = typer.Typer(help="Look at the queues, send failed messages again.", no_args_is_help=True)
Name = Annotated[QueueName, typer.Argument(help="What “aufruf queues status” lists.")]
_NONE = "-"
_EARLIER = timedelta(days=1)  # so long a change is in the stream: the relay gave up on it later than it was made


@app.command()
def status(stage: Stage = LOCAL, data: Data = DATA) -> None:
    """How many messages wait, are at work, and failed, and how old the oldest of them is."""
    outputs = use_stage(stage, data)
    from chalicelib.runtime.aws import sqs

    table = Table("Queue", "waiting", "at work", "delayed", "failed", "oldest", "oldest failed", box=None)
    troubled = []
    for name, queue in QUEUES.items():
        failed = look(sqs(), outputs[queue.failed])
        if failed:
            troubled.append(name)
        shown = f"[red]{len(failed)}{'+' if len(failed) >= MOST else ''}[/]" if failed else "0"
        age = _age(failed[0].sent_at) if failed else _NONE
        table.add_row(name, *_waiting(sqs(), outputs, queue), shown, _oldest(outputs, queue), age)
    console.print(table)
    for name in troubled:
        console.print(f"What failed, and why: aufruf queues show {name}{_on(stage)}", highlight=False)


@app.command()
def show(name: Name, stage: Stage = LOCAL, data: Data = DATA) -> None:
    """Each failed message: what it asks for, since when, how often it failed, when, and of what. Changes nothing."""
    outputs = use_stage(stage, data)
    from chalicelib.runtime.aws import sqs

    queue = QUEUES[name]
    failed = look(sqs(), outputs[queue.failed])
    if not failed:
        console.print(f"Nothing failed on {name}.")
        return
    for letter in failed:
        _print(name, letter, [outputs[one] for one in queue.logs])
    console.print(f"Is the cause gone? aufruf queues redrive {name}{_on(stage)}", highlight=False)


@app.command()
def redrive(
    name: Name,
    only: Annotated[str, typer.Option(help="The id of the one message that is meant.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without this it is only said what would be done.")] = False,
    stage: Stage = LOCAL,
    data: Data = DATA,
) -> None:
    """Ask again for what the failed messages ask for. Safe to repeat and to interrupt: a message is deleted afterwards.

    What failed on a queue goes back on it; a schedule is run again; for what the relay failed on, reconcile looks what
    is missing.
    """
    outputs = use_stage(stage, data)
    from chalicelib.errors import Unavailable
    from chalicelib.runtime.aws import sqs

    queue = QUEUES[name]
    with held(sqs(), outputs[queue.failed]) as letters:
        meant = [one for one in letters if only in {"", one.message_id}]
        if not meant:
            console.print(f"{f'{escape(only)} is not among what' if only else 'Nothing'} failed on {name}.")
            return
        if not yes:
            _plan(name, meant)
            console.print(f"Do it: aufruf queues redrive {name}{f' --only {only}' if only else ''}{_on(stage)} --yes")
            return
        try:
            done = send_again(sqs(), outputs[queue.failed], meant, _again(name, outputs, meant))
            progress = track(done, description="Sending again", total=len(meant), console=console)
            gone = sum(is_gone for _, is_gone in progress)
        except Unavailable as error:
            raise fail("AWS does not answer. What was not done is still there; repeat it.") from error
    left = f" {len(meant) - gone} stay: nobody can tell what they ask for." if gone < len(meant) else ""
    console.print(f"{gone} of {len(meant)} failed messages of {name} are asked for again.{left}", highlight=False)


def _again(name: QueueName, outputs: dict[str, str], letters: list[Letter]) -> Callable[[Letter], None]:
    """What asks again for what a letter of this queue asks for."""
    from chalicelib.runtime.aws import aws_errors, sqs

    if name == "relay":
        _reconcile(since=letters[0].sent_at - _EARLIER)
        return lambda _letter: None
    if name == "schedules":
        return _run
    url = outputs[str(QUEUES[name].waits)]

    def put_back(letter: Letter) -> None:
        with aws_errors():
            sqs().send_message(QueueUrl=url, MessageBody=letter.body)

    return put_back


def _run(letter: Letter) -> None:
    """Run a schedule as its function does: none of them does anything twice. Raises `NotAgain`."""
    from chalicelib.exports.nightly import request_exports
    from chalicelib.mail.digest import request_digests
    from infra.poison import schedule_of

    name, at = schedule_of(letter)
    if name == "Nightly":
        request_exports(at)
    elif name == "Digest":
        request_digests(at)
    else:
        _reconcile()


def _reconcile(since: datetime | None = None) -> None:
    """What the function `reconcile` does; `since` when to look, if that is longer ago than it looks by itself."""
    from chalicelib.exports.reconcile import reconcile_exports
    from chalicelib.intake.limit import close_full_calls
    from chalicelib.mail.reconcile import WINDOW, reconcile_announcements, reconcile_mails
    from chalicelib.runtime.clock import now

    longest = now() - WINDOW
    if reconcile_mails(since=min(since or longest, longest)).get("stopped"):
        raise fail("Mails are stopped, so nothing can be put back. See: aufruf mails status")
    reconcile_announcements()
    reconcile_exports()
    close_full_calls()


def _plan(name: QueueName, letters: list[Letter]) -> None:
    from infra.poison import about

    what = {"relay": "would be reconciled", "schedules": "would be run again"}.get(name, "would go back on the queue")
    console.print(f"{len(letters)} failed messages of {name} {what}:", highlight=False)
    for letter in letters:
        console.print(f"  {letter.message_id}  {escape(about(name, letter))}", highlight=False, soft_wrap=True)


def _print(name: QueueName, letter: Letter, groups: list[str]) -> None:
    from chalicelib.runtime.settings import settings
    from infra.poison import about, failures, job_of_letter, recorded, tries

    console.print(f"[bold]{letter.message_id}[/]  {escape(about(name, letter))}", highlight=False, soft_wrap=True)
    console.print(f"  asked for {letter.sent_at:%Y-%m-%d %H:%M:%S} UTC, {_age(letter.sent_at)} ago", highlight=False)
    found = failures(boto3.client("logs", settings().region), groups, letter)
    known = recorded(job_of_letter(letter)) if name in {"mail", "export"} else ""
    if found:
        for line in tries(found).splitlines():
            console.print(f"  failed {escape(line)}", highlight=False, soft_wrap=True)
    else:
        console.print("  no error in the log names it: it had to wait each time, or was ended", soft_wrap=True)
    if known:
        console.print(f"  on record: {escape(known)}", highlight=False, soft_wrap=True)


def _waiting(sqs: SQSClient, outputs: dict[str, str], queue: Queue) -> tuple[str, str, str]:
    if queue.waits is None:
        return "", "", ""
    found = counts(sqs, outputs[queue.waits])
    return str(found.waiting), str(found.working), str(found.delayed)


def _oldest(outputs: dict[str, str], queue: Queue) -> str:
    """How long the oldest message waits, says CloudWatch: to receive it would bring it nearer to the dead letters."""
    if queue.waits is None:
        return ""
    from chalicelib.runtime.settings import settings

    now = datetime.now(UTC)
    cloudwatch: Any = boto3.client("cloudwatch", settings().region)
    found = cloudwatch.get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": outputs[queue.waits].rpartition("/")[2]}],
        StartTime=now - timedelta(minutes=15),
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    if not found:
        return _NONE
    return _words(timedelta(seconds=max(found, key=lambda one: one["Timestamp"])["Maximum"]))


def _age(since: datetime) -> str:
    return _words(datetime.now(UTC) - since)


def _words(age: timedelta) -> str:
    minutes, seconds = divmod(max(0, int(age.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _on(stage: str) -> str:
    return "" if stage == LOCAL else f" --stage {stage}"
