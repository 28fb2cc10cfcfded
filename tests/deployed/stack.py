"""The local stack as a person starts it, `aufruf run` in a process of its own, and what a visitor and AWS's API see."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from infra.local import emulator
from tests.deployed.processes import Process, alive, descendants
from tests.local.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
AUFRUF = Path(sys.executable).with_name("aufruf")
CALL = "kosi-lab-dortmund"

START_SECONDS = 120.0
STOP_SECONDS = 45.0
ANSWER_SECONDS = 35.0  # API Gateway gives up after 29


def surroundings(**settings: str) -> dict[str, str]:
    """A user's environment: nothing of the tests' own."""
    kept = ("PATH", "HOME", "TMPDIR", "LANG", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"COLUMNS": "160"} | settings


class Stack:
    """One local stack with its data in `data`. Start it, stop it, start it again."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.output_file = data.parent / f"output-{port}.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self._said_before = 0

    # From start to stop

    def start(self) -> None:
        """Start, and wait until it says where it is."""
        self.spawn()
        self.wait_until_up()

    def spawn(self) -> None:
        self._said_before = len(self.output)
        with self.output_file.open("a") as output:
            self._process = subprocess.Popen(
                [AUFRUF, "run"],
                cwd=ROOT,
                env=surroundings(PORT=str(self.port), DATA=str(self.data)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_up(self) -> None:
        def up() -> bool:
            assert self.process.poll() is None, f"`aufruf run` ended:\n{self.output}"
            return f"Aufruf runs at {self.url}" in self.output[self._said_before :]

        wait_for(up, seconds=START_SECONDS, what="the start of the local stack")

    def stop(self) -> None:
        """Ctrl-C: a clean end with nothing left behind."""
        started = [one.pid for one in self.processes()]
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(STOP_SECONDS)
        assert status == 0, f"`aufruf run` ended with status {status}:\n{self.output}"
        assert not alive(started), f"left behind: {alive(started)} of {started}"
        assert not (self.data / "stack.json").exists()

    def end(self) -> None:
        """Make sure that nothing runs any more, whatever happened."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            left = self.processes()
            self._process.kill()
            self._process.wait()
            for one in left:
                _kill(one.pid)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was never started"
        return self._process

    @property
    def output(self) -> str:
        return self.output_file.read_text(errors="replace") if self.output_file.exists() else ""

    @property
    def log(self) -> str:
        """What the functions and the emulator wrote."""
        file = self.data / "emulator" / "log.txt"
        return file.read_text(errors="replace") if file.exists() else ""

    def processes(self) -> list[Process]:
        return descendants(self.process.pid)

    def emulator_pid(self) -> int:
        return next(one.pid for one in self.processes() if "emulated" in one.command)

    def function_pids(self, function: str) -> list[int]:
        """The processes of the function of the output `function`."""
        return [one.pid for one in self.processes() if self.outputs[function] in one.command]

    # As a visitor

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request; `path` may be a whole address. Redirects are not followed, proxies not asked."""
        more.setdefault("timeout", ANSWER_SECONDS)
        with requests.Session() as session:
            session.trust_env = False
            address = path if path.startswith("http") else self.url + path
            return session.request(method, address, allow_redirects=False, **more)

    def post_report(
        self, answers: Mapping[str, Any], *, key: str | None = None, ticket: str | None = None, language: str = "de"
    ) -> requests.Response:
        headers = {"Accept": "application/json", "Accept-Language": language}
        if key is not None:
            headers["Idempotency-Key"] = key
        body = {"answers": answers} | ({"ticket": ticket} if ticket else {})
        return self.ask("POST", f"/calls/{CALL}/submissions", json=body, headers=headers)

    def accepted(self, answers: Mapping[str, Any], **more: Any) -> str:
        """Post a report that must be new; gives its reference."""
        answer = self.post_report(answers, **more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["reference"])

    def receipt(self, link: str) -> dict[str, Any]:
        answer = self.ask("GET", link, headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    # As only the local server lets one

    def mails(self, to: str) -> list[dict[str, Any]]:
        return list(self.ask("GET", "/_local/mails", params={"to": to}).json())

    def mail(self, to: str, *, seconds: float = 20.0) -> dict[str, Any]:
        """The one mail to an address, once it is there."""
        return wait_for(lambda: self.mails(to), seconds=seconds, what=f"the mail to {to}")[0]

    def local(self, name: str, body: object = None) -> Any:
        """POST /_local/<name>."""
        answer = self.ask("POST", f"/_local/{name}", json=body, timeout=120)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @contextmanager
    def mail_service(self, **behaviour: float):
        """SES as it is on a bad day, while the block runs."""
        self.local("ses", behaviour)
        try:
            yield
        finally:
            self.local("ses", {})

    def drain(self, *, seconds: float = 60.0) -> None:
        """Wait until no mail is owed and no job waits or is at work."""

        def drained() -> bool:
            busy = self.jobs("MailQueueUrl") + self.jobs("FeedbackQueueUrl")
            return self.local("reconcile")["mails"]["put_back"] == 0 and busy == 0

        # Twice: between two looks a job may move from one place to the other.
        wait_for(lambda: drained() and drained(), seconds=seconds, what="the draining of the mail queue")

    # As AWS's API

    @property
    def outputs(self) -> dict[str, str]:
        return dict(json.loads((self.data / "stack.json").read_text())["outputs"])

    def aws(self, service: str, use: Callable[[Any], Any]) -> Any:
        """What `use` gets from a client of `service`."""
        endpoint = json.loads((self.data / "stack.json").read_text())["endpoint"]
        client = emulator.client(service, endpoint)
        try:
            return use(client)
        finally:
            client.close()

    def jobs(self, queue: str) -> int:
        """Messages on the queue of the output `queue`: waiting, at work and delayed."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        url = self.outputs[queue]
        found = self.aws("sqs", lambda sqs: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names))
        return sum(int(found["Attributes"][name]) for name in names)

    def ledger(self, reference: str) -> dict[str, Any]:
        """The ledger's entry of the confirmation mail, plain; empty when there is none."""
        key = {"submission_id": {"S": reference.replace("-", "")}, "kind": {"S": "confirm"}}
        table = self.outputs["MailsTable"]
        found = self.aws("dynamodb", lambda tables: tables.get_item(TableName=table, Key=key, ConsistentRead=True))
        return {name: next(iter(value.values())) for name, value in found.get("Item", {}).items()}

    # As an operator

    def command(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """`aufruf …` on this stack."""
        return subprocess.run(
            [AUFRUF, *arguments],
            cwd=ROOT,
            env=surroundings(DATA=str(self.data)),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
