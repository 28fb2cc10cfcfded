"""Classic mistakes, planted to see that the suite would notice: each is one patch, and each must be caught by name.

A path says where to look, an operation which of its calls go wrong; that keeps it short. The suite looks everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest import mock

from msgspec.structs import replace

import app
from chalicelib.access.table import AuditRecord
from chalicelib.exports import builder, storage
from chalicelib.intake import accept
from chalicelib.jobs import batches, relay
from chalicelib.ledger import table as ledger
from chalicelib.mail import delivery
from chalicelib.mail.answers import Unknown
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.settings import settings
from chalicelib.submissions.reference import from_chance
from chalicelib.submissions.submission import Erased, Submission
from chalicelib.submissions.table import _record
from tests.faults.harness import Case, in_a_copy, run, sites_of

Patch = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Mistake:
    """A mistake by name; how it is made; where it shows: a path, and what has to go wrong there, if anything."""

    name: str
    made: Patch = field(compare=False)
    path: str
    operation: str = ""
    mode: str = ""


def caught_by(mistake: Mistake) -> str:
    """The first case that breaks a promise once the mistake is made, with what it broke; empty when none does."""
    caught: str = in_a_copy(lambda: _caught_by(mistake))
    return caught


def _caught_by(mistake: Mistake) -> str:
    with mistake.made():
        try:
            sites = sites_of(mistake.path)
        except AssertionError as error:
            return str(error)[:160]
        cases = [Case(mistake.path, site, mistake.mode) for site in sites if site.operation == mistake.operation]
        found = (f"{case}: {'; '.join(outcome.broken)}" for case, outcome in run(mistake.path, cases) if outcome.broken)
        return next(found, "")[:160]


def _nothing(*_args: object, **_more: object) -> dict[str, Any]:
    return {}


def no_reconcile() -> AbstractContextManager[Any]:
    return mock.patch.object(app, "reconcile", _nothing)


@contextmanager
def relay_swallows_failures() -> Iterator[None]:
    real = relay.relay_records

    def relay_records(records: Any) -> dict[str, Any]:
        real(records)
        return {"batchItemFailures": []}

    with mock.patch.object(relay, "relay_records", relay_records), no_reconcile():
        yield


@contextmanager
def batch_failure_swallowed() -> Iterator[None]:
    real = batches.work_through

    def work_through(*args: Any, **more: Any) -> dict[str, Any]:
        real(*args, **more)
        return {"batchItemFailures": []}

    with mock.patch("chalicelib.mail.feedback.work_through", work_through):
        yield


@contextmanager
def no_claim() -> Iterator[None]:
    """Whoever comes sends."""
    real, update = ledger.claim, ledger.MailRecord.update

    def anyhow(self: Any, actions: Any = None, condition: Any = None, **more: Any) -> Any:
        return update(self, actions=actions, **more)

    def claim(*args: Any, **more: Any) -> Any:
        with mock.patch.object(ledger.MailRecord, "update", anyhow):
            return real(*args, **more)

    with mock.patch.object(ledger, "claim", claim):
        yield


@contextmanager
def mark_before_send() -> Iterator[None]:
    real = delivery.send

    def send(mail: Any, entry: Any, **more: Any) -> str:
        ledger.mark_sent(entry, message_id="not yet", at=stamp(now()))
        return real(mail, entry, **more)

    with mock.patch.object(delivery, "send", send):
        yield


@contextmanager
def sdk_retries_on() -> Iterator[None]:
    real = delivery.send

    def send(mail: Any, entry: Any, **more: Any) -> str:
        try:
            return real(mail, entry, **more)
        except Unknown:
            return real(mail, entry, **more)

    with mock.patch.object(delivery, "send", send):
        yield


def lease_shorter_than_time_out() -> AbstractContextManager[Any]:
    short = replace(settings(), mail_lease_seconds=5)
    return mock.patch.object(delivery, "settings", return_value=short)


@contextmanager
def refusal_is_the_end() -> Iterator[None]:
    real = ledger.release

    def release(entry: Any, **more: Any) -> Any:
        return real(replace(entry, attempts=99), **(more | {"count_attempt": True}))

    with mock.patch.object(ledger, "release", release):
        yield


@contextmanager
def pointer_first() -> Iterator[None]:
    """The export is visible before it is whole."""
    real = builder.build

    def build(export: Any, published: Any, **more: Any) -> Any:
        storage.point_to(export)
        return real(export, published, **more)

    with mock.patch("chalicelib.exports.worker.build", build):
        yield


def retried_write_read_as_conflict() -> AbstractContextManager[Any]:
    return mock.patch.object(accept, "_replay", side_effect=accept.IdempotencyMismatch)


def key_ignored() -> AbstractContextManager[Any]:
    return mock.patch.object(accept, "_identity", side_effect=lambda *_args: from_chance())


def ttl_trusted() -> AbstractContextManager[Any]:
    """What is over its time is taken for gone because DynamoDB deletes it, which it does days later."""
    return mock.patch.object(Submission, "expired", return_value=False)


@contextmanager
def tombstones_ignored() -> Iterator[None]:
    """What was erased is written anew by whoever posts it again."""
    real = accept._replay

    def replay(submission: Submission, *args: Any, **more: Any) -> Any:
        try:
            return real(submission, *args, **more)
        except Erased:
            _record(submission).save()
            return accept.Accepted(submission, replayed=False)

    with mock.patch.object(accept, "_replay", replay):
        yield


@contextmanager
def audit_beside_decision() -> Iterator[None]:
    """Two writes where one transaction belongs."""
    from chalicelib.organisers import deciding

    real = deciding.put_decision

    def put_decision(changes: Any, lines: Sequence[AuditRecord]) -> None:
        real(changes, [])
        for line in lines:
            line.save()

    with mock.patch.object(deciding, "put_decision", put_decision):
        yield


@contextmanager
def erasure_forgets_the_exports() -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(relay, "relay_erasures", return_value=set()))
        stack.enter_context(mock.patch("chalicelib.exports.reconcile.behind", return_value=False))
        yield


MISTAKES: Final = (
    Mistake("no reconcile", no_reconcile, "accept, the relay down"),
    Mistake("no claim", no_claim, "accept, two workers at once"),
    Mistake("lease shorter than the time-out", lease_shorter_than_time_out, "accept, two workers at once"),
    Mistake("mark before send", mark_before_send, "accept, every message twice", "SendEmail", "crash before"),
    Mistake("SDK retries on", sdk_retries_on, "accept, every message twice", "SendEmail", "timed out after"),
    Mistake("a refusal by SES is the end", refusal_is_the_end, "accept, every message twice", "SendEmail", "throttled"),
    Mistake("pointer first", pointer_first, "nightly export", "PutObject", "crash after"),
    Mistake("retried write read as conflict", retried_write_read_as_conflict, "accept", "PutItem", "crash after"),
    Mistake("Idempotency-Key ignored", key_ignored, "accept", "PutItem", "crash after"),
    Mistake("TTL trusted", ttl_trusted, "confirm too late"),
    Mistake("tombstones ignored", tombstones_ignored, "erase"),
    Mistake("batch failure swallowed", batch_failure_swallowed, "accept", "UpdateItem", "throttled"),
    Mistake("the relay swallows failures", relay_swallows_failures, "accept", "SendMessageBatch", "throttled"),
    Mistake("audit beside the decision", audit_beside_decision, "accept a report", "TransactWriteItems", "crash after"),
    Mistake("erasure forgets the exports", erasure_forgets_the_exports, "erase"),
)
