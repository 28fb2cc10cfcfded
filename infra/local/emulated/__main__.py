"""The program that *is* AWS on a laptop, started by `infra.local.emulator` in the emulator's own environment.

Says on standard output, one JSON object a line: `{"event": "ready"}`, `{"event": "not-saved", "why": …}`.
Its log goes to standard error. Settings are MiniStack's environment variables. SIGTERM, SIGINT, or the
end of its standard input (its starter died) stop it: no new work, running functions finish, save, exit.
"""

# ruff: noqa: SLF001 - MiniStack has no public way to do this

import asyncio
import fcntl
import importlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

# This environment does not hold the project; last, so that nothing of it hides a module of MiniStack's.
sys.path.append(str(Path(__file__).resolve().parents[3]))

from infra.local.emulated.autosave import Autosave, Message, Receive, Scope, Send, remembering, say
from infra.local.emulated.corrections import correct, forget_logs, forget_stream_positions, internals

DRAIN_SECONDS = 8.0
"""How long a stop waits for functions that are running."""

LOCK_FAILED = 75
"""Exit status: another emulator uses the same folder."""


async def drain() -> None:
    """Take no more messages, and wait for the functions that are running to end."""
    functions = internals("services.lambda_svc")
    functions._poll_sqs = functions._poll_dynamodb_streams = lambda: False
    deadline = time.monotonic() + DRAIN_SECONDS
    while functions.executions_in_flight()[0] and time.monotonic() < deadline:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.05)


def stop_at_end_of_input(stop: Callable[[], None]) -> None:
    """Call `stop` when standard input ends: the starter is gone, however it went."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        stop()

    threading.Thread(target=watch, daemon=True, name="starter").start()


async def serve() -> None:
    """Serve until told to stop, then stop cleanly."""
    hypercorn = importlib.import_module("hypercorn.asyncio")

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def stop_from_thread() -> None:
        loop.call_soon_threadsafe(stop.set)

    stop_at_end_of_input(stop_from_thread)

    autosave = Autosave(internals("app"), internals("core.persistence"))
    application = remembering(correct(autosave.note, Path(os.environ["STATE_DIR"]).parent / "code"), autosave)

    config = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.loglevel = "WARNING"

    closing = asyncio.Event()

    async def announced(scope: Scope, receive: Receive, send: Send) -> None:
        async def ready(message: Message) -> None:
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
