"""Worker processes killed (SIGKILL) at random moments under a stream of reports: nothing accepted is lost.

`AUFRUF_KILLS=30` for the whole of it (`make faults-deployed`); the moments follow from `AUFRUF_SEED`.
"""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from secrets import token_hex

import requests

from tests.builders import kosi_answers
from tests.deployed.stack import CALL, Stack
from tests.local.waiting import wait_for

KILLS = int(os.environ.get("AUFRUF_KILLS", "5"))
SEED = int(os.environ.get("AUFRUF_SEED", "7"))
WORKERS = ("MailWorkerFunction", "RelayFunction", "FeedbackWorkerFunction", "ExportWorkerFunction")
LONGEST_WAIT = 0.8  # seconds between two kills


@contextmanager
def stream_of_reports(stack: Stack) -> Iterator[dict[str, str]]:
    """Reports, one after the other, while the block runs: of each address its reference. Each insists, as people do."""
    accepted: dict[str, str] = {}
    over = threading.Event()

    def report() -> None:
        while not over.is_set():
            address = f"killed-{token_hex(6)}@example.org"
            accepted[address] = insist(stack, address)

    thread = threading.Thread(target=report)
    thread.start()
    try:
        yield accepted
    finally:
        over.set()
        thread.join()


def insist(stack: Stack, address: str) -> str:
    """Post until there is an answer that is none of a broken server; the key makes it one report."""
    for _ in range(100):
        try:
            answer = stack.post_report(kosi_answers(reporter_email=address), key=address)
        except requests.RequestException:
            continue
        if answer.status_code in {200, 201}:
            return str(answer.json()["reference"])
        assert answer.status_code >= 500, answer.text
    raise AssertionError("no answer in a hundred tries")


def kill_workers(stack: Stack) -> Counter[str]:
    """Kill whichever worker runs, at random moments; how often which one."""
    random, killed = Random(SEED), Counter[str]()
    while killed.total() < KILLS:
        time.sleep(random.random() * LONGEST_WAIT)  # the moment is what is random here
        function = random.choice(WORKERS)
        for pid in stack.function_pids(function)[:1]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it has just ended
            killed[function] += 1
    return killed


def test_workers_killed_at_random_moments_lose_nothing(stack: Stack) -> None:
    stack.local("nightly")  # so that there is an export worker to kill
    with stream_of_reports(stack) as accepted:
        wait_for(lambda: len(accepted) > 2, what="the first reports")
        killed = kill_workers(stack)
    assert killed.total() >= KILLS
    assert len(accepted) > 2

    def settled() -> bool:
        stack.local("reconcile")
        return all(stack.mails(address) for address in accepted)

    wait_for(settled, seconds=120 + 8 * KILLS, every=4, what="the mail to everybody who reported")
    stack.drain(seconds=120)
    assert {len(stack.mails(address)) for address in accepted} == {1}, "SES's events are on: none twice"
    assert {stack.ledger(reference).get("state") for reference in accepted.values()} == {"delivered"}
    for queue in ("MailDeadLettersUrl", "FeedbackDeadLettersUrl", "ExportDeadLettersUrl", "RelayFailuresUrl"):
        assert stack.jobs(queue) == 0, queue
    wait_for(
        lambda: any(one["call"] == CALL and one["state"] == "ready" for one in stack.local("nightly")["exports"]),
        seconds=120,
        every=1,
        what="an export of all of it",
    )
