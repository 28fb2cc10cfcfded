"""Ctrl-C and kill -9 in the middle of work: everything accepted is still there, every mail owed arrives, once."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Self

import requests

from tests.builders import kosi_answers
from tests.deployed.stack import Stack
from tests.local.waiting import wait_for

POSTERS = 3
ARRIVES_SECONDS = 180
"""A mail whose message was lost with the emulator's last second waits until its lease is over and the schedule of
reconcile, once a minute, has come; the mails of all the others may then go out before it."""


@dataclass
class Report:
    key: str
    answers: dict[str, Any]
    reference: str
    accepted_at: float  # seconds of the clock that files are dated by

    @property
    def address(self) -> str:
        return str(self.answers["reporter_email"])


@dataclass
class Crowd:
    """People who send reports, one after the other, until they are told to stop."""

    stack: Stack
    accepted: list[Report] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)

    def send_for_ever(self) -> None:
        while not self.enough.is_set():
            key, address = f"key-{token_hex(8)}", f"crowd-{token_hex(6)}@example.org"
            answers = kosi_answers(reporter_email=address)
            try:
                answer = self.stack.post_report(answers, key=key)
            except requests.RequestException as error:
                self.refused.append(type(error).__name__)
                self.enough.wait(0.05)
                continue
            if answer.status_code == 201:
                self.accepted.append(Report(key, answers, answer.json()["reference"], time.time()))
            else:
                # Not accepted, and said so: nobody was promised anything.
                assert answer.status_code >= 500, answer.text
                self.refused.append(str(answer.status_code))
                self.enough.wait(0.05)

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(POSTERS)
        self._people = [self._pool.submit(self.send_for_ever) for _ in range(POSTERS)]
        return self

    def __exit__(self, *_error: object) -> None:
        self.enough.set()
        self._pool.shutdown()
        for one in self._people:
            one.result()


def check_promise(stack: Stack, reports: list[Report]) -> None:
    """Each is there under its reference, and has exactly one mail."""
    for report in reports:
        repeated = stack.post_report(report.answers, key=report.key)
        assert (repeated.status_code, repeated.headers.get("Idempotent-Replayed")) == (200, "true"), repeated.text
        assert repeated.json()["reference"] == report.reference
    for report in reports:
        stack.mail(report.address, seconds=ARRIVES_SECONDS)
    stack.drain()
    mails = {report.address: len(stack.mails(report.address)) for report in reports}
    assert set(mails.values()) == {1}, mails


def test_ctrl_c_in_the_middle_of_work_loses_nothing(own_stack: Stack) -> None:
    own_stack.local("ses", {"pause_seconds": 2})  # so that mails are under way and owed when it stops
    with Crowd(own_stack) as crowd:
        wait_for(lambda: len(crowd.accepted) >= 20, seconds=60, what="20 reports")
        own_stack.stop()
    assert len(crowd.accepted) >= 20

    own_stack.start()
    check_promise(own_stack, crowd.accepted)


def test_a_killed_emulator_is_started_again_and_keeps_what_is_older_than_a_moment(own_stack: Stack) -> None:
    before = own_stack.output.count("The emulator died")
    pid = own_stack.emulator_pid()
    own_stack.local("ses", {"pause_seconds": 4})  # so that no mail is sent whose mark the kill could take
    with Crowd(own_stack) as crowd:
        wait_for(lambda: len(crowd.accepted) >= 10, seconds=60, what="10 reports")
        saved = saves_after(own_stack, crowd.accepted[9].accepted_at)
        os.kill(pid, signal.SIGKILL)
        own_stack.local("ses", {})
    wait_for(lambda: own_stack.output.count("The emulator died") == before + 1, what="a word about it")
    wait_for(lambda: own_stack.ask("GET", "/health").status_code == 200, seconds=60, what="the restart")
    assert own_stack.emulator_pid() != pid

    older = [report for report in crowd.accepted if report.accepted_at < saved]
    assert len(older) >= 10
    check_promise(own_stack, older)


def saves_after(stack: Stack, moment: float) -> float:
    """Wait until the emulator has saved twice after `moment`, which it does soon after each write; gives when the first
    save was done. The second began later than that, so everything up to then is in it, however busy the machine is.
    """
    state = stack.data / "emulator" / "state" / "dynamodb.json"
    first = wait_for(lambda: max(state.stat().st_mtime - moment, 0.0), seconds=30, what="a save") + moment
    wait_for(lambda: state.stat().st_mtime > first, seconds=30, what="another save")
    return first


def test_the_last_stop_is_clean_too(own_stack: Stack) -> None:
    own_stack.stop()
