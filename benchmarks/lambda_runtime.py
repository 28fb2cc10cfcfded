"""A function as Lambda runs it: Lambda's own client (`awslambdaric`) against a small Runtime API on the loopback.

The process sees the standard library, the unpacked zip and the client, and nothing else of this machine. CPU time is
read from the kernel (the process's CPU clock, nanoseconds, all threads) at the moment the answer comes in.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

PATIENCE = 60  # seconds for one answer, on a machine that others use too
_START = (
    "import sys; sys.path[:0] = sys.argv[1:3]; sys.dont_write_bytecode = True; "
    "from awslambdaric.__main__ import main; main(['awslambdaric', sys.argv[3]])"
)
# The same, with every AWS call answered inside the process: see `stub_below_signing.py`.
_START_STUBBED = (
    "import sys, json; sys.path[:0] = sys.argv[1:3]; sys.dont_write_bytecode = True; "
    "given = json.load(open(sys.argv[4])); code = {}; exec(open(given['stub']).read(), code); "
    "code['answer_at_once'](given['items'], given['secret']); "
    "from awslambdaric.__main__ import main; main(['awslambdaric', sys.argv[3]])"
)


class FunctionFailed(Exception):
    """The function ended, or said that it could not; the message holds its words."""


@dataclass(frozen=True)
class Cold:
    """A cold start: CPU and wall time (ms) from the process's start to its first answer; `init` is the part of the
    CPU time before it asked for work.
    """

    cpu: float
    init: float
    wall: float
    answer: dict[str, Any]


class Function:
    """One process of one build. Use as a context manager."""

    def __init__(
        self, task: Path, client: Path, handler: str, environment: Mapping[str, str], *, stub: Path | None = None
    ) -> None:
        self.events: Queue[bytes] = Queue()
        self.answers: Queue[tuple[float, bytes]] = Queue()
        self.init = 0.0
        self._server = _server(self)
        port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self._began = time.perf_counter()
        start = [_START, str(task), str(client), handler]
        if stub:
            start = [_START_STUBBED, *start[1:], str(stub)]
        self._process = subprocess.Popen(
            # -I -S: neither this environment's packages nor its variables for Python.
            [_python(), "-I", "-S", "-B", "-c", *start],
            cwd=task,
            env={
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
                "LAMBDA_TASK_ROOT": str(task),
                "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
                "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
                "AWS_REGION": "eu-central-1",
                "AWS_DEFAULT_REGION": "eu-central-1",
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                # As long as those that a role's credentials come with.
                "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjE" + "x" * 700,
                "LANG": "en_US.UTF-8",
                "TZ": ":UTC",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._said: list[bytes] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End the process; not safe to repeat."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        self._server.shutdown()
        self._server.server_close()

    def first(self, event: dict[str, Any]) -> Cold:
        """The first answer. Raises FunctionFailed."""
        answer, cpu = self._ask(event)
        return Cold(cpu=cpu, init=self.init, wall=(time.perf_counter() - self._began) * 1000, answer=answer)

    def ask(self, event: dict[str, Any]) -> dict[str, Any]:
        """One more answer. Raises FunctionFailed."""
        return self._ask(event)[0]

    def cpu(self) -> float:
        """CPU time of the process so far, in ms."""
        # What `clock_getcpuclockid` gives for another process (Linux): the clock of all its threads, ended ones too.
        return time.clock_gettime(~self._process.pid << 3 | 2) * 1000

    def memory(self) -> float:
        """The most memory it has used, in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(one for one in status.splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def _ask(self, event: dict[str, Any]) -> tuple[dict[str, Any], float]:
        self.events.put(json.dumps(event).encode())
        for _ in range(PATIENCE * 4):
            try:
                cpu, body = self.answers.get(timeout=0.25)
            except Empty:
                if self._process.poll() is not None:
                    self._listener.join()
                    break
            else:
                answer: dict[str, Any] = json.loads(body)
                if "errorMessage" in answer or "statusCode" not in answer:
                    raise FunctionFailed(body.decode() + b"".join(self._said).decode())
                return answer, cpu
        raise FunctionFailed(b"".join(self._said[-50:]).decode())

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as said:
            self._said.extend(said)


def _server(function: Function) -> ThreadingHTTPServer:
    class RuntimeApi(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # one packet an answer

        def do_GET(self) -> None:
            if not function.init:
                function.init = function.cpu()
            event = function.events.get()
            self.send_response(200)
            for name, value in {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 10_000),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:000000000000:function:benchmark",
                "Content-Length": str(len(event)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(event)

        def do_POST(self) -> None:
            cpu = function.cpu()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            function.answers.put((cpu, body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # a function that is ended leaves its connection open

    server = Server(("127.0.0.1", 0), RuntimeApi)
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server


def _python() -> str:
    """The interpreter itself, without this environment around it."""
    return os.path.realpath(sys.executable)
