"""A world that comes to rest by itself: whoever died is called again, what waits gets its turn, and time goes by."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self
from urllib.parse import urlsplit

import time_machine

import app
from chalicelib.calls.table import forget_calls
from chalicelib.intake.landscape_link import forget_landscapes
from chalicelib.runtime.keys import keys
from chalicelib.runtime.settings import settings
from infra.local.fates import envelope, fate
from infra.local.mailbox import Mail as Sent
from tests.aws import Call, Crash
from tests.integration.world import CONTEXT, Answer, World, client, route_of, schedule_event
from tests.permissions import working
from tests.shortcut import call_moto, stream_of, versions_of, waiting_on

BEGIN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
STEP = timedelta(minutes=5)
QUIET_STEP = timedelta(minutes=25)  # longer than anybody is patient (`PATIENCE`) before they put something back
MOST_STEPS = 200  # nearly 17 hours: longer than any pause or lease
MOST_REPEATS = 30  # of somebody whose request was not answered
QUEUES: Final = ("mail", "feedback", "export")
IN_FLIGHT: Final = {"mail": 240, "feedback": 240, "export": 960}  # seconds; longer than the leases, as deployed
_WRITES: Final = {"CompleteMultipartUpload", "CopyObject", "DeleteObject", "DeleteObjects", "PutObject"}  # of S3
_INVOCATIONS = 3  # of a schedule's function that fails: Lambda tries twice more


class Stuck(AssertionError):
    """The world did not come to rest."""


class RestlessWorld(World):
    """A world in which processes die. Its clock stands still but for `pass_time`."""

    ses_events = True  # SES tells what became of mails
    relay_down = False
    doubled = False  # every message and every event comes twice, as it may
    watch: Callable[[], list[str]] | None = None  # what must hold at every moment

    def __enter__(self) -> Self:
        self._traveller = time_machine.travel(BEGIN, tick=False)
        self._clock = self._traveller.start()
        self.seen: list[str] = []
        self.said = io.StringIO()
        self._listening = redirect_stdout(self.said)
        self._listening.__enter__()
        self._told = 0
        self._behind = False
        self.twice: list[str] = []
        self.looks = 0
        self.walked: set[str] = set()  # the app's functions that made calls, and its routes
        return super().__enter__()

    def _build(self) -> None:
        self.border.aws = self._call
        super()._build()

    def _call(self, client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if function := working():
            self.walked.add(function)
        answer = call_moto(client, operation, parameters)
        if operation in _WRITES:
            self.look()
        return answer

    def request(self, method: str, address: str, *, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        self.walked.add(f"{method} {route_of(urlsplit(address).path)[0]}")
        return super().request(method, address, body=body, headers=headers)

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._listening.__exit__(None, None, None)
        self._traveller.stop()

    def look(self) -> None:
        """Note what does not hold at this moment: after each write to S3, and after each step."""
        if self.watch is not None:
            self.looks += 1
            self.seen.extend(self.watch())

    def forget_process(self) -> None:
        """As in a fresh process: what is read once for each is read again."""
        keys.cache_clear()
        forget_calls()
        forget_landscapes()

    def pass_time(self, step: timedelta = STEP) -> None:
        self._clock.shift(step)

    def insist(self, ask: Callable[[], Answer]) -> Answer:
        """What a client does: repeat the very same request as long as there is no answer, or a 5xx."""
        for _ in range(MOST_REPEATS):
            self.pass_time(timedelta(seconds=1))
            with suppress(Crash):
                answer = ask()
                if answer.status < 500:
                    return answer
        raise Stuck("a client gave up")

    def settle(self) -> None:
        """Let everything happen that would happen in time: relay, workers, schedules; each may die and comes again."""
        quiet = 0
        for _ in range(MOST_STEPS):
            self.one_round()
            self.schedule(lambda: app.reconcile(schedule_event("2026-05-05T01:15:00Z"), CONTEXT))
            quiet = quiet + 1 if self._at_rest() else 0
            if quiet == 2:
                return
            self.pass_time(QUIET_STEP if quiet else STEP)
        raise Stuck(f"still busy after {MOST_STEPS * STEP}")

    def one_round(self) -> None:
        """Everything that waits is tried once."""
        self._behind = not self.relay_down
        with suppress(Crash):
            if not self.relay_down:
                self._behind = bool(self.relay()["batchItemFailures"])
        for queue in QUEUES:
            with suppress(Crash):
                self.work(queue)
            self.tell()
        self.look()

    def schedule(self, invoke: Callable[[], Any]) -> Any:
        """A schedule's function, invoked again when it fails; `None` when it failed to the end."""
        for _ in range(_INVOCATIONS):
            with suppress(Crash, Exception):
                return invoke()
        return None

    def tell(self) -> None:
        """SES tells what it has done since it last told; what it was asked and did not take, it does not know of."""
        if not self.ses_events:
            return
        for number, call in enumerate(self.border.calls[self._told :], self._told):
            if call.operation == "SendEmail" and call.done:
                for event in fate(_sent(call, number)):
                    for _ in range(1 + self.doubled):
                        self.put("feedback", envelope(event))
        self._told = len(self.border.calls)

    def lose(self, queue: str) -> None:
        """What waits on a queue is gone."""
        waiting = super().messages(queue)
        with self._gives_back(queue, waiting) as done:
            done.extend(waiting)

    @contextmanager
    def _gives_back(self, queue: str, batch: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
        """As Lambda: what is not done stays in flight until its time is over, and then comes back."""
        done: list[dict[str, Any]] = []
        try:
            yield done
        finally:
            with self.border.aside():
                sqs = client("sqs")
                url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
                for one in batch:
                    handle = one["receiptHandle"]
                    if one in done:
                        sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
                    else:
                        sqs.change_message_visibility(
                            QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=IN_FLIGHT[queue]
                        )

    def messages(self, queue: str) -> list[dict[str, Any]]:
        found = super().messages(queue)
        return [one for one in found for _ in range(2)] if self.doubled else found

    def _at_rest(self) -> bool:
        return not self._behind and not any(self.waiting(queue) for queue in QUEUES)

    # What there is to see: looked at where moto keeps it, since it is looked at after every step

    def stream(self) -> list[dict[str, Any]]:
        return stream_of(settings().submissions_table, self._relayed)

    def waiting(self, queue: str) -> int:
        """How many messages there are on a queue, in flight or not."""
        return waiting_on(queue)

    def objects(self) -> dict[str, bytes]:
        """Every version of every object in the bucket, by key and version."""
        kept = versions_of(settings().exports_bucket) or {}
        return {f"{key}?{name}": content for key, all_ in kept.items() for name, content in all_ if content is not None}

    def files(self) -> dict[str, bytes]:
        return self.files_of(settings().exports_bucket) or {}

    def files_of(self, bucket: str) -> dict[str, bytes] | None:
        """Everything in a bucket, by key; `None` when there is no such bucket."""
        kept = versions_of(bucket)
        if kept is None:
            return None
        newest = {key: all_[-1][1] for key, all_ in kept.items()}
        return {key: content for key, content in newest.items() if content is not None}


def _sent(call: Call, number: int) -> Sent:
    """A mail as SES's events name it."""
    tags = {one["Name"]: one["Value"] for one in call.parameters["EmailTags"]}
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    [to] = call.parameters["Destination"]["ToAddresses"]
    return Sent(id=f"ses-{number}", to=to, sender="", subject="", text="", html="", sent_at=at, tags=tags)
