"""The local stack's tests: servers in threads, so that real clients can talk to them, and one real emulator."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from infra.local import emulator, ports
from infra.local.emulator import Emulator

Serve = Callable[[web.Application], str]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "emulator: starts the real emulator")


class ServerThread:
    """Serves an application on a free port, in a loop of its own, until closed."""

    def __init__(self, application: web.Application, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._call(self._start(port))

    async def _start(self, port: int) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, ports.HOST, port).start()

    def _call(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)  # type: ignore[arg-type]

    def close(self) -> None:
        self._call(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve an application; gives its address. With `on=PORT` at that port."""
    servers: list[ServerThread] = []

    def start(application: web.Application, on: int | None = None) -> str:
        port = on or ports.choose()
        servers.append(ServerThread(application, port))
        return f"http://{ports.HOST}:{port}"

    yield start
    for server in reversed(servers):
        server.close()


@pytest.fixture(scope="session")
def emulator_python() -> Path:
    python = Path(os.environ.get("EMULATOR_PYTHON", emulator.PYTHON))
    assert python.exists(), f"{python} is missing; `make test` makes the environments"
    return python


@pytest.fixture(scope="session")
def aws(emulator_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator for tests that only use it. Those that kill it start their own."""
    running = Emulator(tmp_path_factory.mktemp("aws"), python=emulator_python)
    running.start()
    yield running
    running.stop()
