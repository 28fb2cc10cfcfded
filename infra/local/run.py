"""`aufruf run`: everything up, at one address; everything down again at Ctrl-C, with the data in `data`."""

import asyncio
import contextlib
import fcntl
import os
import signal
import time
import urllib.request
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web
from rich.console import Console
from rich.text import Text

from infra.archive import PackagingFailed
from infra.call_files import CallFileInvalid
from infra.local import emulator, ports
from infra.local.build import SENDER, Build, parameters
from infra.local.emulator import Emulator, EmulatorFailed
from infra.local.feedback import Feedback
from infra.local.front import Front, TokenIssuer
from infra.local.mailbox import Mailbox
from infra.local.ses import LocalSes
from infra.local.stack import LocalStack
from infra.stack import environment
from infra.stage import DeploymentFailed

if TYPE_CHECKING:
    from io import TextIOWrapper

PublishCalls = Callable[[LocalStack], Sequence[str]]
"""Publishes every call of the project to the stack; gives their names. Called in a thread."""

LoginLinks = Callable[[str], tuple[str, str] | None]
"""Makes a login link below the address given: whose it is, and the link. Called in a thread."""

_WATCH_SECONDS = 0.5
_RESTARTS = 5
_RESTARTS_WITHIN_SECONDS = 600.0
_GOODBYE_SECONDS = 3.0

Result = TypeVar("Result")


class CannotStart(Exception):
    """Something outside stands in the way; the message says what, and the way out."""


class _Stopped(Exception):
    """Somebody pressed Ctrl-C while things were starting."""


def run(
    *,
    port: int,
    data: Path,
    publish_calls: PublishCalls,
    issue_token: TokenIssuer,
    login_link: LoginLinks = lambda _url: None,
    enforce_permissions: bool = True,
    emulator_python: Path = emulator.PYTHON,
    console: Console | None = None,
) -> int:
    """Serve at `http://127.0.0.1:<port>` until SIGINT or SIGTERM, keeping everything in the folder `data`.

    0 after a clean stop, 1 when it could not start or the emulator keeps dying (said on the console).
    `publish_calls` and `issue_token` are called in threads, and this process sees what the stack's functions see by
    then. Unless `enforce_permissions` is off, the functions may do only what their policies allow, as on AWS.
    """
    console = console or Console(highlight=False, soft_wrap=True)
    data = data.absolute()
    try:
        with _only_one(data):
            server = LocalServer(
                port=port,
                data=data,
                publish_calls=publish_calls,
                issue_token=issue_token,
                login_link=login_link,
                emulator=Emulator(
                    data,
                    python=emulator_python,
                    enforce_permissions=enforce_permissions,
                    report=lambda text: console.print(f"[yellow]{text}[/]"),
                ),
                console=console,
            )
            return asyncio.run(server.serve())
    except (CannotStart, ports.PortTaken, EmulatorFailed, PackagingFailed, DeploymentFailed, CallFileInvalid) as error:
        console.print(Text(str(error), "red"))
        return 1


@contextlib.contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Hold the folder: two emulators on one state would overwrite each other."""
    data.mkdir(parents=True, exist_ok=True)
    lock: TextIOWrapper
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            message = (
                f"Another Aufruf runs with this folder ({data}, process {lock.read().strip() or 'unknown'}). "
                "Stop it, or take another folder and port: `DATA=.local-2 PORT=8001 make run`."
            )
            raise CannotStart(message) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


class LocalServer:
    """The front, the local SES and the emulator, from start to stop."""

    def __init__(
        self,
        *,
        port: int,
        data: Path,
        publish_calls: PublishCalls,
        issue_token: TokenIssuer,
        login_link: LoginLinks,
        emulator: Emulator,
        console: Console,
    ) -> None:
        self._port = port
        self._data = data
        self._publish_calls = publish_calls
        self._login_link = login_link
        self._emulator = emulator
        self._console = console
        self._stack: LocalStack | None = None
        self._stop = asyncio.Event()
        self._mailbox = Mailbox(data / "mailbox.sqlite3")
        self._feedback = Feedback(lambda: self._stack)
        self._ses = LocalSes(self._mailbox, [SENDER], accepted=self._feedback.accepted)
        self._ses_port = _ses_port(data / "ses-port")
        self._front = Front(
            port=port, stack=lambda: self._stack, mailbox=self._mailbox, ses=self._ses, issue_token=issue_token
        )
        self._url = f"http://{ports.HOST}:{port}"

    async def serve(self) -> int:
        """Start, serve until told to stop, stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # `nohup make run` outlives its terminal
            loop.add_signal_handler(number, self._told_to_stop)
        if not ports.is_free(self._port):
            raise ports.PortTaken(self._port, "the local server", f"Choose another: `PORT={self._port + 1} make run`.")
        async with contextlib.AsyncExitStack() as running:
            running.callback(self._mailbox.close)
            await running.enter_async_context(self._feedback.running())
            await running.enter_async_context(_site(self._ses.application(), self._ses_port))
            running.push_async_callback(asyncio.to_thread, self._emulator.stop)
            await running.enter_async_context(_site(self._front.application(), self._port))
            running.callback((self._data / "stack.json").unlink, missing_ok=True)
            try:
                calls = await self._start()
            except Exception:
                if self._stop.is_set():
                    return 0
                raise
            self._print_addresses(calls, await self._login())
            return await self._watch()

    async def _start(self) -> Sequence[str]:
        build = Build(self._data)
        package = await self._step("Package", lambda: build.package(self._say))
        await self._step("Emulator", self._emulator.start)
        wanted = parameters(public_url=self._url, ses_endpoint=f"http://{ports.HOST}:{self._ses_port}")
        outputs = await self._step("Stack", lambda: build.deploy(package, wanted, self._emulator.endpoint, self._say))
        stack = LocalStack(endpoint=self._emulator.endpoint, url=self._url, outputs=outputs)
        _act_on(stack)
        calls = await self._step("Calls", lambda: self._publish_calls(stack))
        await self._step("Application", lambda: _first_answer(stack))
        self._stack = stack
        stack.write(self._data / "stack.json", pid=os.getpid())
        await self._reconcile()
        return calls

    async def _login(self) -> tuple[str, str] | None:
        try:
            return await asyncio.to_thread(self._login_link, self._url)
        except Exception as error:  # noqa: BLE001 - everything else runs, and there is the login page
            self._console.print(f"[yellow]No login link could be made: {error}[/]")
            return None

    async def _watch(self) -> int:
        """Until told to stop: 0; 1 when the emulator cannot be kept alive."""
        restarts: deque[float] = deque()
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _WATCH_SECONDS)
            if self._stop.is_set() or self._emulator.pid is not None:
                continue
            now = time.monotonic()
            while restarts and restarts[0] < now - _RESTARTS_WITHIN_SECONDS:
                restarts.popleft()
            if len(restarts) == _RESTARTS:
                self._console.print(
                    f"[red]The emulator died {_RESTARTS + 1} times in a short while. Its log: {self._emulator.log}[/]"
                )
                return 1
            restarts.append(now)
            self._console.print("[yellow]The emulator died. Its state is saved; starting it again.[/]")
            await asyncio.to_thread(self._emulator.start)
            await self._reconcile()
        return 0

    async def _reconcile(self) -> None:
        """Mails that were owed when the emulator went down went with its stream records: find them."""
        if self._stack is None or self._stop.is_set():
            return
        try:
            await asyncio.to_thread(self._stack.reconcile)
        except Exception as error:  # noqa: BLE001 - the schedule tries again within a minute
            self._console.print(f"[yellow]Reconcile failed; its schedule will try again: {error}[/]")

    async def _step(self, name: str, work: Callable[[], Result]) -> Result:
        if self._stop.is_set():
            raise _Stopped
        started = time.monotonic()
        waiting = self._console.status(f"{name} …") if self._console.is_terminal else contextlib.nullcontext()
        with waiting:
            result = await asyncio.to_thread(work)
        self._console.print(f"[green]✓[/] {name} [dim]({time.monotonic() - started:.1f} s)[/]")
        return result

    def _say(self, text: str) -> None:
        self._console.print(f"  [dim]{text}[/]")

    def _told_to_stop(self) -> None:
        if self._stop.is_set():
            self._console.print("Already stopping; the data is being saved.")
            return
        self._stop.set()
        self._console.print("\nStopping …")

    def _print_addresses(self, calls: Sequence[str], login: tuple[str, str] | None) -> None:
        say = self._console.print
        say(f"\n[bold]Aufruf runs at {self._url}[/]  (Ctrl-C stops it; the data stays in {self._data})")
        for call in calls:
            say(f"  Form        {self._url}/calls/{call}/form")
            say(f"  Landscape   {self._url}/calls/{call}/landscape")
        say(f"  Mailbox     {self._url}/_local/mailbox")
        if login is not None:
            owner, link = login
            say(f"  Organisers  {link}")
            say(f"              logs in as {owner}: once, within 15 minutes. Later: {self._url}/organiser/login,")
            say("              with that address; the link then comes to the mailbox.")
        say(f"  API token   curl -X POST {self._url}/_local/token")


def _first_answer(stack: LocalStack) -> None:
    """Wait for the application's first answer, which starts its function; the visitor's first is quick then."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(f"{stack.api}/health", timeout=30).close()
    except OSError as error:
        message = f"The application does not answer: {error}. The emulator's log says more."
        raise CannotStart(message) from error


@contextlib.asynccontextmanager
async def _site(application: web.Application, port: int) -> AsyncIterator[None]:
    """Serve `application` on loopback while the block runs."""
    runner = web.AppRunner(
        application,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=_GOODBYE_SECONDS,
        auto_decompress=False,  # bodies go on as they came, as API Gateway hands them on
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, ports.HOST, port).start()
        yield
    finally:
        await runner.cleanup()


def _ses_port(file: Path) -> int:
    """The local SES's port: the one it had, so that nothing needs to be deployed again, or a new one."""
    port = ports.kept(file)
    if not ports.is_free(port):
        file.unlink()
        port = ports.kept(file)
    return port


def _act_on(stack: LocalStack) -> None:
    """Let this process see what the stack's functions see, for the parts of the application it calls itself."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    os.environ.update(
        environment(stack.outputs),
        AWS_ENDPOINT_URL=stack.endpoint,
        AWS_ACCESS_KEY_ID=emulator.ACCOUNT,
        AWS_SECRET_ACCESS_KEY=emulator.SECRET,
        AWS_DEFAULT_REGION=emulator.REGION,
        AWS_REGION=emulator.REGION,
    )
