"""`run` as a person meets it: a process in a terminal, with the real application."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from infra.local import ports
from infra.local.emulator import ROOT
from tests.local.waiting import wait_for

pytestmark = pytest.mark.emulator

PROGRAM = """
import sys
from pathlib import Path
from infra.local.run import run
sys.exit(run(
    port=int(sys.argv[1]), data=Path(sys.argv[2]), emulator_python=Path(sys.argv[3]),
    publish_calls=lambda stack: ["a-call"], issue_token=lambda: "a-token",
))
"""


class Terminal:
    """One `run` in a process of its own; what it prints goes to a file."""

    def __init__(self, data: Path, port: int, python: Path) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        self._output = data.parent / f"output-{port}-{len(list(data.parent.iterdir()))}.txt"
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(port), str(data), str(python)],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_until_up(self) -> None:
        def up() -> bool:
            assert self.process.poll() is None, self.output
            return "Aufruf runs at" in self.output

        wait_for(up, seconds=120, what="the start")

    def healthy(self) -> bool:
        return requests.get(f"{self.url}/health", timeout=10).status_code == 200

    def emulator_pid(self) -> int:
        return int((self.data / "emulator" / "pid").read_text())

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(40)


@contextmanager
def started(data: Path, python: Path, port: int | None = None) -> Iterator[Terminal]:
    terminal = Terminal(data, port or ports.choose(), python)
    try:
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.process.terminate()
            terminal.process.wait(40)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, emulator_python: Path) -> Iterator[Terminal]:
    with started(tmp_path_factory.mktemp("run") / "data", emulator_python) as terminal:
        terminal.wait_until_up()
        yield terminal


def test_it_says_where_everything_is(running: Terminal) -> None:
    assert running.healthy()
    assert f"{running.url}/_local/mailbox" in running.output
    stack = json.loads((running.data / "stack.json").read_text())
    assert (stack["url"], stack["stack"], stack["pid"]) == (running.url, "aufruf-local", running.process.pid)
    assert stack["outputs"]["MailQueueUrl"].startswith(stack["endpoint"])


def test_a_second_one_on_the_same_folder_says_who_has_it(running: Terminal, emulator_python: Path) -> None:
    with started(running.data, emulator_python) as second:
        assert second.process.wait(30) == 1
        assert str(running.process.pid) in second.output
        assert "DATA=" in second.output


def test_a_taken_port_is_said_with_the_way_out(tmp_path: Path, emulator_python: Path, running: Terminal) -> None:
    port = int(running.url.rpartition(":")[2])
    with started(tmp_path / "data", emulator_python, port) as second:
        assert second.process.wait(30) == 1
        assert f"Port {port}" in second.output
        assert f"PORT={port + 1} make run" in second.output


def test_an_emulator_that_dies_is_started_again(running: Terminal) -> None:
    pid = running.emulator_pid()
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: running.emulator_pid() != pid and running.healthy(), seconds=60, what="the restart")
    assert "The emulator died" in running.output


def test_a_stop_leaves_nothing_running_and_the_next_start_builds_nothing(tmp_path: Path, emulator_python: Path) -> None:
    data = tmp_path / "data"
    port = ports.choose()
    with started(data, emulator_python, port) as first:
        first.wait_until_up()
        group = first.emulator_pid()
        assert first.end() == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(group, 0)
        assert not (data / "stack.json").exists()
    with started(data, emulator_python, port) as second:
        second.wait_until_up()
        assert second.healthy()
        assert "Packaging" not in second.output
        assert "Deploying" not in second.output
        assert second.end(signal.SIGTERM) == 0


def test_a_stop_while_starting_stops(tmp_path: Path, emulator_python: Path) -> None:
    with started(tmp_path / "data", emulator_python) as terminal:
        wait_for(lambda: "✓ Package" in terminal.output, seconds=60, what="packaging")
        assert terminal.end() == 0
        assert "Aufruf runs at" not in terminal.output
