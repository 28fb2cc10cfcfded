"""Starts and stops the emulator, and hands out clients that talk to it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from infra.local import ports

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-emulator" / "bin" / "python"
PROGRAM = Path(__file__).with_name("emulated") / "__main__.py"

ACCOUNT = "000000000000"
"""The emulator's account; as an access key it names the account's root user."""

SECRET = "local"  # noqa: S105 - the root user's, which the emulator checks in links only
REGION = "eu-central-1"

START_SECONDS = 60.0
STOP_SECONDS = 25.0
_LOCK_FAILED = 75
_LOG_BYTES = 5_000_000


class EmulatorFailed(Exception):
    """The emulator did not start; the message says why and where its log is."""


def session() -> boto3.Session:
    """The account's root user on any emulator."""
    return boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key=SECRET, region_name=REGION)


def client(service: str, endpoint: str, *, timeout: float = 60.0, attempts: int = 3) -> Any:
    """A boto3 client of `service` on the emulator at `endpoint`, as the account's root user."""
    return session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        config=Config(
            read_timeout=timeout,
            connect_timeout=5,
            retries={"total_max_attempts": attempts},
            s3={"addressing_style": "path"},
        ),
    )


class Emulator:
    """One MiniStack in a process of its own, keeping its state below `data`.

    `report` gets a sentence when the emulator cannot save its state. With `enforce_permissions` every call
    is checked against the policies of the function that makes it, as on AWS.
    """

    def __init__(
        self,
        data: Path,
        *,
        python: Path = PYTHON,
        enforce_permissions: bool = False,
        report: Callable[[str], None] = print,
    ) -> None:
        self._folder = data.absolute() / "emulator"
        self._python = python
        self._enforce_permissions = enforce_permissions
        self._report = report
        self._process: subprocess.Popen[str] | None = None
        self._ready = threading.Event()
        self._clients: dict[str, Any] = {}
        self._folder.mkdir(parents=True, exist_ok=True)
        self.port = ports.kept(self._folder / "port")
        self.endpoint = f"http://{ports.HOST}:{self.port}"
        self.log = self._folder / "log.txt"

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process is not None else None

    def client(self, service: str) -> Any:
        """A boto3 client that talks to this emulator, the same each time until `stop` closes it."""
        if service not in self._clients:
            self._clients[service] = client(service, self.endpoint)
        return self._clients[service]

    def start(self) -> None:
        """Start, and wait until it answers. Raises `PortTaken` or `EmulatorFailed`."""
        if not self._python.exists():
            message = f"The emulator's environment is missing ({self._python}). `make run` makes it."
            raise EmulatorFailed(message)
        deadline = time.monotonic() + START_SECONDS
        while True:
            status = self._start_once(deadline)
            if status is None:
                return
            # An emulator whose starter died is still saving: it holds the folder for a few seconds more.
            if status != _LOCK_FAILED or time.monotonic() > deadline:
                message = f"The emulator ended with status {status}. Its log: {self.log}\n{self._log_end()}"
                raise EmulatorFailed(message)
            time.sleep(0.3)

    def stop(self) -> None:
        """Let running functions finish, save, and end every process of the emulator."""
        for open_client in self._clients.values():
            open_client.close()
        self._clients.clear()
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._report("The emulator did not stop in time; it is ended. Its state is as of the last save.")
            process.kill()
            process.wait()
        _end_functions(process)

    def _start_once(self, deadline: float) -> int | None:
        """None when it is up, else its exit status."""
        if self._process is not None:
            _end_functions(self._process)  # it died, and left them behind
        self._wait_for_port(deadline)
        for name in ("state", "s3", "home"):
            (self._folder / name).mkdir(exist_ok=True)
        shutil.rmtree(self._folder / "tmp", ignore_errors=True)
        (self._folder / "tmp").mkdir(exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.txt"))
        self._ready.clear()
        with self.log.open("a") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [self._python, "-I", PROGRAM],
                env=self._environment(),
                cwd=self._folder,
                stdin=subprocess.PIPE,  # its end tells the emulator that we are gone
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C in the terminal is for us, not for the functions
            )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        while not (self._ready.is_set() and ports.answers(self.port)):
            if (status := self._process.poll()) is not None:
                return status
            if time.monotonic() > deadline:
                self._process.kill()
                return self._process.wait()
            self._ready.wait(0.05)
            time.sleep(0.01)
        return None

    def _wait_for_port(self, deadline: float) -> None:
        # Our own emulator, left by a start that was killed, gives the port back within seconds.
        patience = min(deadline, time.monotonic() + (STOP_SECONDS if self._left_over() else 2.0))
        while not ports.is_free(self.port):
            if time.monotonic() > patience:
                raise ports.PortTaken(
                    self.port,
                    "the emulator of this folder",
                    "The addresses of its queues carry that port, so it cannot move. Stop what listens there, or "
                    "start with another folder: `DATA=.local-2 make run` (it begins empty).",
                )
            time.sleep(0.2)

    def _left_over(self) -> bool:
        try:
            os.kill(int((self._folder / "pid").read_text()), 0)
        except (OSError, ValueError):
            return False
        return True

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        (self._folder / "pid").write_text(f"{process.pid}\n")
        for line in process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if message.get("event") == "ready":
                self._ready.set()
            elif message.get("event") == "not-saved":
                self._report(f"The emulator could not save its state: {message.get('why')}")
        process.stdout.close()

    def _environment(self) -> dict[str, str]:
        """Everything the emulator and the functions see of their surroundings: nothing of the user's."""
        environment = {
            "PATH": os.defpath,
            "HOME": str(self._folder / "home"),
            "TMPDIR": str(self._folder / "tmp"),
            "LANG": "C.UTF-8",
            "BIND_HOST": ports.HOST,
            "MINISTACK_HOST": ports.HOST,
            "MINISTACK_REGION": REGION,
            "GATEWAY_PORT": str(self.port),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._folder / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._folder / "s3"),
            "LAMBDA_EXECUTOR": "local",
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }
        if self._enforce_permissions:
            environment["AUTH"] = "true"
        return environment

    def _log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-15:])


def _end_functions(emulator: subprocess.Popen[str]) -> None:
    """End what a dead emulator leaves: the processes of its functions, which are in its process group."""
    if emulator.stdin is not None:
        emulator.stdin.close()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(emulator.pid, signal.SIGKILL)
