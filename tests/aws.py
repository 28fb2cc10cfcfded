"""The border to AWS: tables made from the models, and a place where every call passes, is counted and can go wrong."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from types import FrameType
from typing import Any
from unittest import mock

from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.exceptions import ConnectionError as ConnectionBroken

from chalicelib.runtime.table import Record
from tests.permissions import hold, hold_missing

PROJECT = Path(__file__).parent.parent
_make_api_call = BaseClient._make_api_call  # type: ignore[attr-defined]
one_at_a_time = RLock()


def call_aws(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    """What DynamoDB promises of each request and moto's tables are not made for: it happens at one moment.

    What happens between two requests of two threads still mixes as it likes.
    """
    with one_at_a_time:
        return _make_api_call(client, operation, parameters)


def records() -> list[type[Record]]:
    """Every table's model, read off the app."""
    for path in sorted((PROJECT / "chalicelib").glob("*/table.py")):
        importlib.import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    return [record for record in Record.__subclasses__() if record.__module__.startswith("chalicelib.")]


def create_tables(*, wait: bool = True) -> None:
    """Make all tables. Without `wait` they are made where surely none are, by an AWS that is ready at once."""
    for record in records():
        with nullcontext() if wait else mock.patch.object(record, "exists", return_value=False):
            record.create_table(billing_mode="PAY_PER_REQUEST", wait=wait)


def drop_tables() -> None:
    for record in records():
        record.delete_table()


# What can happen to a call


class Crash(BaseException):
    """The process is gone."""


def refused(code: str, status: int = 400) -> ClientError:
    """AWS says no."""
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Any"
    )


def throttled() -> ClientError:
    return refused("ThrottlingException")


def unreachable() -> ConnectionBroken:
    return ConnectionBroken(error="refused")


def timed_out() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="https://aws.example.org")


@dataclass
class Call:
    """One call that the app made."""

    operation: str
    parameters: dict[str, Any]
    done: bool = False  # by AWS, whatever the app was told
    site: tuple[str, ...] = ()  # the lines of the app that it came from, outermost first


@dataclass
class Fault:
    """What happens to the calls it is for: `before` AWS has seen them, or `after` it has done them."""

    operation: str  # `*`: any
    error: BaseException
    after: bool
    times: int
    skip: int

    def strikes(self, call: Call) -> bool:
        """Whether it is this call's turn."""
        if self.operation not in {call.operation, "*"} or not self.times:
            return False
        self.skip -= 1
        if self.skip >= 0:
            return False
        self.times -= 1
        return True


@dataclass
class Border:
    """Where the app meets AWS."""

    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    questions: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    aws: Callable[[Any, str, dict[str, Any]], Any] = call_aws
    struck: list[int] = field(default_factory=list)  # which of the calls went wrong
    chaos: Callable[[Call], "Fault | None"] | None = None  # asked at each call, beside `faults`
    _aside: bool = False

    def fail(self, operation: str, error: BaseException, *, after: bool = False, times: int = 1, skip: int = 0) -> None:
        """Let the next `times` calls of `operation` (`*`: of any) go wrong, once `skip` of them went well."""
        self.faults.append(Fault(operation, error, after, times, skip))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What a test itself does to AWS is not counted and does not fail."""
        before, self._aside = self._aside, True
        try:
            yield
        finally:
            self._aside = before

    @property
    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def forget(self) -> None:
        self.calls.clear()

    def _faults_for(self, call: Call) -> list[Fault]:
        fault = self.chaos(call) if self.chaos else None
        return [*self.faults, fault] if fault else self.faults

    def pass_through(self, client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if self._aside:
            return self.aws(client, operation, parameters)
        call = Call(operation, parameters, site=_site())
        self.calls.append(call)
        service = client.meta.service_model.service_name
        hold(service, operation, parameters)
        if operation in self.questions:
            parameters = self.questions[operation](parameters)
        for fault in self._faults_for(call):
            if fault.strikes(call):
                self.struck.append(len(self.calls) - 1)
                if fault.after:
                    self.aws(client, operation, parameters)
                    call.done = True
                raise fault.error
        try:
            answer = self.aws(client, operation, parameters)
        except ClientError as error:
            hold_missing(service, parameters, error)
            raise
        call.done = True
        change = self.answers.get(operation)
        return change(answer) if change else answer


def _site() -> tuple[str, ...]:
    lines = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if "/chalicelib/" in frame.f_code.co_filename:
            lines.append(f"{frame.f_code.co_filename.rpartition('/chalicelib/')[2]}:{frame.f_lineno}")
        frame = frame.f_back
    return tuple(reversed(lines))


@contextmanager
def watched() -> Iterator[Border]:
    """Every AWS call of this process passes the border, PynamoDB's too."""
    border = Border()

    def make_api_call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        return border.pass_through(client, operation, parameters)

    with mock.patch.object(BaseClient, "_make_api_call", make_api_call):
        yield border
