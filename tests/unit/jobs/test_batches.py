"""A batch of queue messages: one bad message fails alone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Unavailable
from chalicelib.jobs.batches import TryLater, work_through
from chalicelib.jobs.messages import MailJob


def message(number: int, body: str | None = None) -> dict[str, Any]:
    good = json.dumps({"call": "small-call", "submission": str(number), "kind": "confirm"})
    return {"messageId": f"m{number}", "body": good if body is None else body}


def kept(answer: dict[str, Any]) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_when_all_goes_well_no_message_is_kept() -> None:
    done: list[MailJob] = []
    assert work_through([message(1), message(2)], MailJob, done.append) == {"batchItemFailures": []}
    assert [job.submission for job in done] == ["1", "2"]


@pytest.mark.parametrize(
    "poison",
    ["", "{", "null", "[]", "{}", '{"call": 1}', '{"call": "c", "submission": "s", "kind": "spam"}', "\ud800"],
    ids=repr,
)
def test_a_message_that_cannot_be_read_is_kept_alone(poison: str, capsys: pytest.CaptureFixture[str]) -> None:
    done: list[MailJob] = []
    answer = work_through([message(1), message(2, poison), message(3)], MailJob, done.append)
    assert kept(answer) == ["m2"]
    assert [job.submission for job in done] == ["1", "3"]
    assert json.loads(capsys.readouterr().out)["message_id"] == "m2"


def test_an_error_is_logged_and_a_wish_to_wait_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    def work(job: MailJob) -> None:
        raise TryLater if job.submission == "1" else KeyError("canary")

    assert kept(work_through([message(1), message(2)], MailJob, work)) == ["m1", "m2"]
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["cause"] == "KeyError"
    assert "canary" not in line


def test_a_crash_is_no_error_to_carry_on_from() -> None:
    def crash(_job: MailJob) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_through([message(1)], MailJob, crash)


@given(st.lists(st.sampled_from(["good", "later", "broken", "poison"]), max_size=10))
def test_exactly_the_messages_that_were_not_done_are_kept(kinds: list[str]) -> None:
    def work(job: MailJob) -> None:
        kind = kinds[int(job.submission)]
        if kind == "later":
            raise TryLater
        if kind == "broken":
            raise RuntimeError

    batch = [message(number, "poison" if kind == "poison" else None) for number, kind in enumerate(kinds)]
    assert kept(work_through(batch, MailJob, work)) == [
        f"m{number}" for number, kind in enumerate(kinds) if kind != "good"
    ]


def later(seconds: int | None) -> Any:
    def work(_job: MailJob) -> None:
        raise TryLater(seconds)

    return work


def test_a_job_that_is_not_due_goes_round_as_a_fresh_message() -> None:
    sent: list[tuple[str, int]] = []
    answer = work_through([message(1)], MailJob, later(40), again=lambda body, seconds: sent.append((body, seconds)))
    assert kept(answer) == []
    assert sent == [(message(1)["body"], 40)]


def test_a_job_that_says_no_time_stays_on_the_queue() -> None:
    answer = work_through([message(1)], MailJob, later(None), again=lambda _body, _seconds: pytest.fail("sent"))
    assert kept(answer) == ["m1"]


def test_a_message_that_cannot_go_round_stays() -> None:
    def again(_body: str, _seconds: int) -> None:
        raise Unavailable

    assert kept(work_through([message(1)], MailJob, later(1), again=again)) == ["m1"]
