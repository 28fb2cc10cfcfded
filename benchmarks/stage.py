"""A wire, the builds, and functions started from them: what the measurements share."""

import itertools
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import builds, work
from benchmarks.builds import Build
from benchmarks.lambda_runtime import Cold, Function, FunctionFailed
from benchmarks.wire import SECRET, Wire

# Ours needs these; names as in the template, the others have theirs in their code.
SETTINGS = {
    "CALLS_TABLE": "calls", "SUBMISSIONS_TABLE": "submissions", "MAILS_TABLE": "mails", "EXPORTS_TABLE": "exports",
    "AUDIT_TABLE": "audit", "ACCESS_TABLE": "access", "DRAFTS_TABLE": "drafts", "REVISIONS_TABLE": "revisions",
    "ANNOUNCEMENTS_TABLE": "announcements", "SUBSCRIBERS_TABLE": "subscribers", "IMPORTS_TABLE": "imports",
    "FIGURES_TABLE": "figures", "MAIL_COUNTS_TABLE": "mail-counts", "SUPPRESSIONS_TABLE": "suppressions",
    "NOTES_TABLE": "notes", "FEEDBACK_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/000000000000/feedback",
    "KEYS_SECRET": "keys", "EXPORTS_BUCKET": "exports", "PUBLIC_URL": "https://aufruf.example.org",
    "MAIL_SENDER": "aufruf@example.org", "CONFIGURATION_SET": "mails",
    "MAIL_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/000000000000/mail",
    "EXPORT_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/000000000000/export",
}  # fmt: skip

_STUB = Path(__file__).with_name("stub_below_signing.py")


@dataclass
class Stage:
    """Where builds are started. `fresh` numbers make each submission a new one."""

    folder: Path
    wire: Wire
    client: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def function(self, build: Build, *, stubbed: bool = False) -> Function:
        """A new process of `build`; use it as a context manager. `stubbed`: no request leaves it."""
        bundle = self.folder / f"{build.name}.pem"
        if not bundle.exists():
            # Each build reads the certificates it ships, and the one of our wire.
            bundle.write_text(build.certificates.read_text() + self.wire.ca)
        environment = SETTINGS | {
            "AWS_ENDPOINT_URL": self.wire.url,
            "AWS_CA_BUNDLE": str(bundle),
            "QUEUE_URL": SETTINGS["MAIL_QUEUE_URL"],
        }
        stub = None
        if stubbed:
            stub = self.folder / "stub.json"
            given = {"stub": str(_STUB), "items": self.wire.items, "secret": SECRET}
            stub.write_text(json.dumps(given), encoding="utf-8")
        return Function(build.folder, self.client, build.handler, environment, stub=stub)

    def bare(self) -> Build:
        """A function that answers 201 and does nothing: what Lambda's client and Python cost by themselves."""
        folder = self.folder / "bare"
        if not folder.exists():
            (folder / "botocore").mkdir(parents=True)
            (folder / "botocore" / "cacert.pem").touch()
            (folder / "app.py").write_text("def app(event, context):\n    return {'statusCode': 201}\n")
        return Build("bare", folder, "app.app", 0)

    def cold(self, build: Build) -> Cold:
        """One cold start of `build` to its first 201. Raises FunctionFailed for any other answer."""
        with self.function(build) as function:
            found = function.first(self.event())
        _check(found.answer)
        return found

    def warm(self, function: Function, times: int) -> float:
        """CPU ms of one accept, by `times` of them in a row."""
        before = function.cpu()
        for _ in range(times):
            answer = function.ask(self.event())
        _check(answer)
        return (function.cpu() - before) / times

    def event(self) -> dict[str, object]:
        """One more submission."""
        return work.event(f"key-{next(self._numbers)}")


def _check(answer: dict[str, object]) -> None:
    if answer["statusCode"] != 201:
        raise FunctionFailed(str(answer))


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="aufruf-benchmarks-") as scratch:
        folder = Path(scratch)
        with Wire(folder, items={"calls": work.stored_call()}) as wire:
            yield Stage(folder, wire, builds.client())
