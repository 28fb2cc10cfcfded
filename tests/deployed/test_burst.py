"""Five hundred reports at once, and a mail service that is too slow for them and fails every tenth time."""

from collections import Counter
from secrets import randbits, token_hex
from typing import Any

from chalicelib.runtime.clock import now
from chalicelib.submissions.submission import Submission
from chalicelib.submissions.table import _record
from tests.builders import kosi, kosi_answers, published, submission_of
from tests.deployed.stack import Stack
from tests.local.waiting import wait_for

BURST = 500
SECONDS = 150.0  # on a busy machine; 45 on a quiet one
_WRITES, _READS = 25, 100  # of DynamoDB's batches


def burst(stack: Stack) -> list[Submission]:
    """Reports that come in within a moment: written as accepting writes them, which is all that accepting does."""
    run, call = token_hex(4), published(kosi())
    made = [
        submission_of(call, randbits(55), kosi_answers(reporter_email=f"burst-{run}-{number}@example.org"), now=now())
        for number in range(BURST)
    ]
    table = stack.outputs["SubmissionsTable"]
    for start in range(0, BURST, _WRITES):
        puts = [{"PutRequest": {"Item": _record(one).serialize()}} for one in made[start : start + _WRITES]]
        answer = stack.aws("dynamodb", lambda tables, puts=puts: tables.batch_write_item(RequestItems={table: puts}))
        assert not answer["UnprocessedItems"]
    return made


def ledger_of(stack: Stack, made: list[Submission]) -> list[dict[str, Any]]:
    table = stack.outputs["MailsTable"]
    found: list[dict[str, Any]] = []
    for start in range(0, len(made), _READS):
        keys = [{"submission_id": {"S": one.id}, "kind": {"S": "confirm"}} for one in made[start : start + _READS]]
        answer = stack.aws(
            "dynamodb", lambda tables, keys=keys: tables.batch_get_item(RequestItems={table: {"Keys": keys}})
        )
        found += answer["Responses"][table]
    return found


def test_each_of_a_burst_has_exactly_one_mail_in_the_end_and_the_ledger_says_so(stack: Stack) -> None:
    with stack.mail_service(throttle_per_second=14, fail_rate=0.1):
        made = burst(stack)
        wait_for(
            lambda: Counter(entry["state"]["S"] for entry in ledger_of(stack, made)) == {"delivered": BURST},
            seconds=SECONDS,
            every=0.5,
            what="every mail to be delivered",
        )
    stack.drain()
    wanted = Counter(one.read_answers()["reporter_email"] for one in made)
    sent = Counter(mail["to"] for mail in stack.ask("GET", "/_local/mails").json() if mail["to"] in wanted)
    assert sent == wanted, "none lost, none double"
    entries = ledger_of(stack, made)
    assert Counter(entry["state"]["S"] for entry in entries) == {"delivered": BURST}
    assert any(int(entry["attempts"]["N"]) > 1 for entry in entries), "the service did fail"
