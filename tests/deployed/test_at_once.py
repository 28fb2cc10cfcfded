"""Many at once with the same ticket: one report."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from tests.builders import kosi_answers
from tests.deployed.stack import CALL, Stack
from tests.local.waiting import wait_for

PEOPLE = 100
BUSY = (502, 503, 504)  # nothing half-done, safe to repeat


def ripe_ticket(stack: Stack) -> str:
    """A ticket that is old enough to be used."""
    answer = stack.ask("POST", f"/calls/{CALL}/tickets")
    assert answer.status_code == 201, answer.text
    ticket = answer.json()
    usable = datetime.fromisoformat(ticket["issued_at"]) + timedelta(seconds=ticket["min_age"])
    wait_for(lambda: datetime.now(UTC) > usable, what="the age of the ticket")
    return str(ticket["ticket"])


def test_a_ticket_used_many_times_at_once_makes_one_report(stack: Stack, address: str) -> None:
    answers = kosi_answers(reporter_email=address)
    ticket = ripe_ticket(stack)
    ready = threading.Barrier(PEOPLE)

    def send(number: int) -> tuple[int, str | None, str]:
        ready.wait()
        # A key beside a ticket is ignored, so a hundred different ones change nothing.
        answer = stack.post_report(answers, ticket=ticket, key=f"person-{number}")
        while answer.status_code in BUSY:  # many processes start at once, on a small machine some too late
            answer = stack.post_report(answers, ticket=ticket, key=f"person-{number}")
        assert answer.status_code in (200, 201), answer.text
        return answer.status_code, answer.headers.get("Idempotent-Replayed"), answer.json()["reference"]

    with ThreadPoolExecutor(PEOPLE) as people:
        got = list(people.map(send, range(PEOPLE)))

    assert len({reference for _, _, reference in got}) == 1
    first = [status for status, replayed, _ in got if (status, replayed) == (201, None)]
    repeated = [status for status, replayed, _ in got if (status, replayed) == (200, "true")]
    assert len(first) <= 1  # none, where the first answer came too late for the gateway
    assert len(first) + len(repeated) == PEOPLE
    assert got[0][2] in stack.mail(address)["subject"]
    stack.drain()
    assert len(stack.mails(address)) == 1


def test_a_ticket_used_again_for_other_answers_is_refused(stack: Stack, address: str) -> None:
    answers = kosi_answers(reporter_email=address)
    ticket = ripe_ticket(stack)
    stack.accepted(answers, ticket=ticket)
    other = stack.post_report(answers | {"name": "Etwas anderes"}, ticket=ticket)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")
