"""The program that *is* AWS on a laptop: MiniStack, saving its state after every change.

Runs in the emulator's own environment (`.venv-emulator`), started by `infra.local.emulator`, and imports
nothing of this project. MiniStack writes its state only at a clean stop; what came in since the start
would be gone after `kill -9`, a crash or an empty battery. So this program saves after writes, on the
emulator's own event loop, where no request is half done. It builds on MiniStack's internals: the version
is pinned, and `tests/local/test_emulator.py` notices when they change.

What may be missing after a kill is the last moment (`QUIET_SECONDS` and the save itself), and the stream
records that no function had read yet; the reconcile function finds what follows from those.

Says on standard output, one JSON object a line: `{"event": "ready"}`, `{"event": "not-saved", "why": …}`.
Its log goes to standard error. Settings are MiniStack's environment variables. SIGTERM, SIGINT, or the
end of its standard input (its starter died) stop it: no new work, running functions finish, save, exit.
"""

import asyncio
import contextlib
import fcntl
import importlib
import json
import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

QUIET_SECONDS = 0.4
"""How long after the first unsaved write a save starts; more writes in that time join it."""

SAVING_SHARE = 0.2
"""The part of its time the emulator may spend saving: with much data, saves get rarer, not requests slow."""

DRAIN_SECONDS = 8.0
"""How long a stop waits for functions that are running."""

LOCK_FAILED = 75
"""Exit status: another emulator uses the same folder."""

EVERYTHING = "*"
DATA_SERVICES = frozenset({"dynamodb", "s3", "sqs"})
NOT_KEPT = frozenset({"logs", "cloudwatch"})
"""Function logs and metrics: they grow with every request and are in the emulator's log file anyway."""

API_PREFIX = "/_aws/execute-api/"

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request|/\d{8}/[^/]+/([^/]+)/aws4_request")
_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def internals(name: str) -> Any:
    """A module of MiniStack's, which this project's type checker does not see."""
    return importlib.import_module(f"ministack.{name}")


def say(event: str, **details: object) -> None:
    """One line for the starter; silent when nobody listens any more."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(json.dumps({"event": event, **details}) + "\n")
        sys.stdout.flush()


def touched(scope: Scope) -> str | None:
    """Which service's state a request may have changed: a name, `EVERYTHING`, or None for a read."""
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return None
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    action = headers.get(b"x-amz-target", "").rpartition(".")[2]
    if action.startswith(_READS) or scope["path"].endswith("/invocations"):
        return None
    signed = headers.get(b"authorization", "") or scope["query_string"].decode("latin-1").replace("%2F", "/")
    match = _SCOPE.search(signed)
    if match is None:
        return None  # a visitor's request to the API: what its function writes arrives as requests of its own
    service = match[1] or match[2]
    return service if service in DATA_SERVICES else EVERYTHING


class Refusals(logging.Handler):
    """Collects what MiniStack's persistence only logs: a state that could not be written."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.seen.append(record.getMessage())


class Autosave:
    """Saves what has changed, soon after it changed, never two saves at a time."""

    def __init__(self, emulator: Any, persistence: Any) -> None:
        self._emulator = emulator
        self._persistence = persistence
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._services: set[str] = set()
        self._refusals = Refusals()
        logging.getLogger("persistence").addHandler(self._refusals)

    def note(self, service: str) -> None:
        """A change was made; from any thread."""
        self._services.add(service)
        self._loop.call_soon_threadsafe(self._changed.set)

    async def run(self) -> None:
        """Save for ever."""
        cost = 0.0
        while True:
            await self._changed.wait()
            await asyncio.sleep(max(QUIET_SECONDS, cost * (1 / SAVING_SHARE - 1)))
            self._changed.clear()
            services, self._services = self._services, set()
            started = time.perf_counter()
            failed = self.save(services)
            cost = time.perf_counter() - started
            if failed:
                await asyncio.sleep(1)
                for service in services:
                    self.note(service)

    def save(self, services: Iterable[str]) -> bool:
        """Write the state of `services` (each file whole or not at all). True when something failed."""
        wanted = set(services)
        states = {
            name: get_state
            for name, get_state in self._emulator._build_persistence_save_dict().items()
            if name not in NOT_KEPT and (EVERYTHING in wanted or name in wanted)
        }
        self._refusals.seen.clear()
        self._persistence.save_all(states)
        for why in self._refusals.seen:
            # A state that a function thread changed during the copy is simply copied again.
            if "changed size during iteration" not in why and "mutated during iteration" not in why:
                say("not-saved", why=why)
        return bool(self._refusals.seen)


def remembering(emulator: Any, autosave: Autosave) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """MiniStack's ASGI application, telling `autosave` of every request that may have changed something."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await emulator.app(scope, receive, send)
            return
        if scope["path"].startswith(API_PREFIX):
            # As API Gateway does, hand the path over as it was sent: `%2F` in a segment is no separator.
            scope = {**scope, "path": scope["raw_path"].decode("ascii")}
        service = touched(scope)
        try:
            await emulator.app(scope, receive, send)
        finally:
            if service is not None:
                autosave.note(service)

    return application


def forget_stream_positions() -> None:
    """Start every stream reader at the horizon.

    Positions are kept over a restart, stream records are not: a reader would wait at, say, position 500
    for a stream that begins again at 0, and the first 500 changes would never be relayed.
    """
    functions = internals("services.lambda_svc")
    functions._dynamodb_stream_positions._data.clear()


def forget_logs() -> None:
    """Empty log groups and metrics before the last save, keeping the groups and alarms themselves."""
    logs = sys.modules.get("ministack.services.cloudwatch_logs")
    if logs is not None:
        for group in logs._log_groups._data.values():
            group["streams"].clear()
        logs._log_records._data.clear()
    metrics = sys.modules.get("ministack.services.cloudwatch")
    if metrics is not None:
        metrics._metrics._data.clear()


async def drain() -> None:
    """Take no more messages, and wait for the functions that are running to end."""
    functions = internals("services.lambda_svc")
    functions._poll_sqs = functions._poll_dynamodb_streams = lambda: False
    deadline = time.monotonic() + DRAIN_SECONDS
    while functions.executions_in_flight()[0] and time.monotonic() < deadline:
        await asyncio.sleep(0.05)


def stop_at_end_of_input(stop: Callable[[], None]) -> None:
    """Call `stop` when standard input ends: the starter is gone, however it went."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        stop()

    threading.Thread(target=watch, daemon=True, name="starter").start()


def take_every_type_as_binary() -> None:
    """Make the API's binary type `*/*` mean every body, also one whose request names no type, as on AWS."""
    api = internals("services.apigateway_v1")
    matches = api._media_type_matches

    def matches_or_any(media_type: Any, binary_types: Any) -> bool:
        return "*/*" in (binary_types or ()) or bool(matches(media_type, binary_types))

    api._media_type_matches = matches_or_any


def note_deleted_messages(autosave: Autosave) -> None:
    """Save after the one write that is no request: the poller deletes the messages a function has handled."""
    queues = internals("services.sqs")
    delete_messages = queues._delete_messages_for_esm

    def delete_and_note(*arguments: Any) -> None:
        delete_messages(*arguments)
        autosave.note("sqs")

    queues._delete_messages_for_esm = delete_and_note


async def serve() -> None:
    """Serve until told to stop, then stop cleanly."""
    emulator = internals("app")
    persistence = internals("core.persistence")
    hypercorn = importlib.import_module("hypercorn.asyncio")

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def stop_from_thread() -> None:
        loop.call_soon_threadsafe(stop.set)

    stop_at_end_of_input(stop_from_thread)

    autosave = Autosave(emulator, persistence)
    note_deleted_messages(autosave)
    take_every_type_as_binary()

    config = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.loglevel = "WARNING"

    closing = asyncio.Event()
    application = remembering(emulator, autosave)

    async def announced(scope: Scope, receive: Receive, send: Send) -> None:
        async def ready(message: dict[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                forget_stream_positions()
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                say("ready")

        await application(scope, receive, ready if scope["type"] == "lifespan" else send)

    server = asyncio.create_task(hypercorn.serve(announced, config, shutdown_trigger=closing.wait))
    saving = asyncio.create_task(autosave.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({server, saving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not server.done():
        await drain()
    saving.cancel()
    forget_logs()
    closing.set()
    await server  # saves everything at its end
    internals("core.lambda_runtime").reset()  # ends the function processes


def main() -> int:
    """Run; 0 after a clean stop."""
    os.umask(0o077)
    with Path(os.environ["STATE_DIR"], ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return LOCK_FAILED
        asyncio.run(serve())
    return 0


if __name__ == "__main__":
    try:
        status = main()
    except Exception:
        logging.getLogger("aufruf").exception("the emulator failed")
        status = 1
    logging.shutdown()
    os._exit(status)  # MiniStack's daemon threads and pools would keep the process alive
