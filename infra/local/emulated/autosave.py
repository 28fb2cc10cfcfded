"""Saves the emulator's state soon after it changed.

MiniStack writes its state only at a clean stop; what came in since the start would be gone after `kill -9`, a
crash or an empty battery. Saving happens on the emulator's own event loop, where no request is half done.
What may be missing after a kill is the last moment (`QUIET_SECONDS` and the save itself), and the stream records
that no function had read yet; the reconcile function finds what follows from those.
"""

# ruff: noqa: SLF001 - MiniStack has no public way to do this

import asyncio
import contextlib
import json
import logging
import re
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

QUIET_SECONDS = 0.4
"""How long after the first unsaved write a save starts; more writes in that time join it."""

SAVING_SHARE = 0.2
"""The part of its time the emulator may spend saving: with much data, saves get rarer, not requests slow."""

EVERYTHING = "*"
DATA_SERVICES = frozenset({"dynamodb", "s3", "sqs"})

_SCOPE = re.compile(r"/\d{8}/[^/]+/([^/]+)/aws4_request")
_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet")

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


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
    service = match[1]
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
        log = logging.getLogger("persistence")
        log.setLevel(logging.WARNING)  # else a line for each service and save
        log.addHandler(self._refusals)

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
            if EVERYTHING in wanted or name in wanted
        }
        self._refusals.seen.clear()
        self._persistence.save_all(states)
        for why in self._refusals.seen:
            # A state that a function thread changed during the copy is simply copied again.
            if "changed size during iteration" not in why and "mutated during iteration" not in why:
                say("not-saved", why=why)
        return bool(self._refusals.seen)


def remembering(application: Application, autosave: Autosave) -> Application:
    """`application`, telling `autosave` of every request that may have changed something."""

    async def remembered(scope: Scope, receive: Receive, send: Send) -> None:
        service = touched(scope) if scope["type"] == "http" else None
        try:
            await application(scope, receive, send)
        finally:
            if service is not None:
                autosave.note(service)

    return remembered
