"""What a failed message is about, and why it failed, for an operator: ids and codes, never what a person wrote.

The body of a message may hold an address (what SES tells about mails does), and a broken one may hold anything. So
only what is on the list below leaves it, and only if it looks like an id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from chalicelib.jobs import messages
from chalicelib.mail.events import Unreadable, read_event
from infra.dead_letters import Letter, NotAgain, QueueName

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

_JOBS: Final[tuple[type[Struct], ...]] = tuple(
    kind
    for kind in vars(messages).values()
    if isinstance(kind, type) and issubclass(kind, Struct) and kind.__module__ == messages.__name__
)
# Not `address`, `login`, `nonce`, `next`: digests say nothing to a reader, and a nonce makes a link.
_SHOWN: Final = (
    "call", "submission", "kind", "export_id", "pushed", "import_id", "announcement", "release", "cause",
    "asked_at", "figures_at", "erased_at", "hour", "day",
)  # fmt: skip
_ID: Final = re.compile(r"[\w.:#~-]{1,120}", re.ASCII)
_MOST_LINES: Final = 200
SCHEDULES: Final = ("Nightly", "Digest", "Reconcile")
_RULE: Final = re.compile(rf"(?:^|[/:-])({'|'.join(SCHEDULES)})")


class Failure(Struct, frozen=True):
    """One try that went wrong, as the log has it: when (a stamp), which error, at which lines of the code."""

    at: str
    cause: str
    where: str = ""


def about(queue: QueueName, letter: Letter) -> str:
    """What a message asks for, with the ids in it."""
    try:
        body = msgspec.json.decode(letter.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError):
        return _strange(letter)
    if queue == "feedback":
        return _about_event(body) or _strange(letter)
    if queue == "relay":
        batch = body.get("DDBStreamBatchInfo", {})
        told = {"condition": body.get("requestContext", {}).get("condition"), "records": batch.get("batchSize")}
        return _told("changes", told | {"since": batch.get("approximateArrivalOfFirstRecord")})
    if queue == "schedules":
        try:
            name, at = schedule_of(letter)
        except NotAgain:
            return _strange(letter)
        return _told(name.lower(), {"for": at})
    job = job_of(body)
    return _told(type(job).__name__, {name: getattr(job, name, None) for name in _SHOWN}) if job else _strange(letter)


def job_of(body: dict[str, Any]) -> Struct | None:
    """The job in a message; `None` for what no worker understands."""
    for kind in _JOBS:
        if set(kind.__struct_fields__) >= body.keys():
            try:
                job: Struct = msgspec.convert(body, kind)
            except msgspec.ValidationError:
                continue
            return job
    return None


def job_of_letter(letter: Letter) -> Struct | None:
    """The job in a failed message; `None` for what no worker understands."""
    try:
        return job_of(msgspec.json.decode(letter.body, type=dict[str, Any]))
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def recorded(job: Struct | None) -> str:
    """What the tables know of a job: the cause of a failure stands there, too, and longer than in the log."""
    if isinstance(job, messages.MailJob):
        from chalicelib.ledger.table import find as find_mail

        entry = find_mail(job.submission, job.kind)
        return _told(f"the mail is {entry.state}", {"attempts": entry.attempts, "cause": entry.cause}) if entry else ""
    if isinstance(job, messages.ExportJob | messages.PushJob):
        from chalicelib.exports.table import find as find_export

        pushed = isinstance(job, messages.PushJob)
        export = find_export(job.call, job.pushed if isinstance(job, messages.PushJob) else job.export_id)
        if export is None:
            return "the export is gone"
        cause = export.push_cause if pushed else export.cause
        return _told(f"the export is {export.state}", {"attempts": export.attempts, "cause": cause})
    return ""


def schedule_of(letter: Letter) -> tuple[str, str]:
    """Which schedule a message is about, and its time. Raises `NotAgain`.

    A dead letter of Lambda is the event itself; a destination's has it in an envelope that names the function.
    """
    try:
        body = msgspec.json.decode(letter.body, type=dict[str, Any])
        event = body.get("requestPayload", body)
        arns = [body.get("requestContext", {}).get("functionArn", ""), *event["resources"]]
        [name, *_] = [found[1] for found in map(_RULE.search, arns) if found]
        return name, _id(event["time"])
    except (msgspec.DecodeError, UnicodeEncodeError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise NotAgain from error


def failures(logs: CloudWatchLogsClient, groups: Sequence[str], letter: Letter) -> list[Failure]:
    """The tries that went wrong, oldest first, from the functions' logs (which are kept for 30 days)."""
    names = [letter.message_id, letter.attributes.get("RequestID", "")]
    found = []
    for group in groups:
        for name in filter(_ID.fullmatch, names):
            start = int(letter.sent_at.timestamp() * 1000) - 1
            # CloudWatch looks through a part at a time, and a page may be empty before the one that is not.
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group,
                filterPattern=f'"{name}"',
                startTime=start,
                PaginationConfig={"MaxItems": _MOST_LINES},
            )
            events = [event for page in pages for event in page["events"]]
            found += [line for event in events if (line := _failure(event["message"], name))]
    return sorted(found, key=lambda one: one.at)


def _failure(text: str, name: str) -> Failure | None:
    """A line of ours (`log_fault`), or of Lambda about an invocation that broke."""
    try:
        line = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return None
    if line.get("message_id") == name and "cause" in line:
        return Failure(str(line["at"]), str(line["cause"]), str(line.get("detail", "")))
    record = line.get("record", {})
    if isinstance(record, dict) and record.get("requestId") == name and record.get("status") in {"error", "timeout"}:
        return Failure(str(line.get("time", "")), _id(record.get("errorType") or record["status"]))
    return None


def _about_event(body: dict[str, Any]) -> str:
    try:
        told = read_event(body)
    except Unreadable:
        return ""
    if told is None:
        return "news about no mail of ours"
    return _told(told.event.kind, {"submission": told.submission_id, "kind": told.kind, "at": told.event.at})


def _told(what: str, values: dict[str, Any]) -> str:
    return " ".join([what, *(f"{name}={_id(value)}" for name, value in values.items() if value not in {None, ""})])


def _id(value: object) -> str:
    return text if _ID.fullmatch(text := str(value)) else "?"


def _strange(letter: Letter) -> str:
    return f"not a message of ours ({len(letter.body.encode(errors='replace'))} bytes)"


def tries(found: Iterable[Failure]) -> str:
    """The tries in one line each: how often which error, when first and last."""
    seen: dict[tuple[str, str], list[str]] = {}
    for one in found:
        seen.setdefault((one.cause, one.where), []).append(one.at)
    lines = []
    for (cause, where), at in seen.items():
        when = at[0] if len(at) == 1 else f"first {at[0]}, last {at[-1]}"
        lines.append(f"{len(at)} time{'s' if len(at) > 1 else ''} {cause}{f' at {where}' if where else ''} ({when})")
    return "\n".join(lines)
