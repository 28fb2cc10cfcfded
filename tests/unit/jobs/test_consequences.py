"""What follows from the state and the history of a submission."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.calls.call import DecisionMails
from chalicelib.jobs.consequences import Shown, jobs_after, kinds_after, landscape_changed, mails_owed, when_to_send
from chalicelib.jobs.messages import MailJob
from chalicelib.submissions.submission import STATES, Happening, State, Submission
from tests.builders import submission_of

ID = "K7Q49XMD2RTB"
CONFIRMED = ["received", "confirmed"]


def submission(state: State, *events: str) -> Submission:
    return replace(
        submission_of(), state=state, history=tuple(Happening("2026-05-04T12:00:00.000Z", e) for e in events)
    )


def test_who_has_just_sent_something_is_owed_the_confirmation_mail() -> None:
    assert jobs_after("small-call", ID, ("received", ["received"]), None) == [MailJob("small-call", ID, "confirm")]


@pytest.mark.parametrize("state", STATES)
def test_a_change_that_leaves_state_and_history_causes_nothing(state: str) -> None:
    past = (state, [*CONFIRMED, state])
    assert jobs_after("small-call", ID, past, past) == []


def seen(state: str, **texts: str) -> Shown:
    return Shown(state=state, **{"answers": "{}"} | texts)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (seen("confirmed"), seen("accepted")),
        (seen("accepted"), seen("withdrawn")),
        (seen("accepted"), Shown(state="erased")),
        (seen("accepted"), None),
        (seen("accepted"), seen("confirmed")),
        (seen("accepted", published="1"), seen("accepted", published="2")),
        (seen("accepted"), seen("accepted", merged="1")),
        (seen("accepted"), seen("accepted", consents="1")),
        (seen("confirmed", published="1"), seen("rejected", published="1")),
    ],
)
def test_what_the_public_sees_otherwise_changes_the_landscape(before: Shown, after: Shown | None) -> None:
    assert landscape_changed(after, before)
    assert landscape_changed(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, seen("received")),
        (seen("received"), seen("confirmed")),
        (seen("confirmed"), seen("rejected")),
        (seen("accepted", published="1"), seen("accepted", published="1", answers="{2}")),
        (seen("accepted", published="1"), seen("confirmed", published="1", answers="{2}")),
    ],
)
def test_what_the_public_does_not_see_leaves_the_landscape_alone(before: Shown | None, after: Shown) -> None:
    assert not landscape_changed(after, before)


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (("received", ["received"]), ("confirmed", CONFIRMED), ["receipt"]),
        (("confirmed", CONFIRMED), ("accepted", [*CONFIRMED, "accepted"]), ["published"]),
        (("confirmed", CONFIRMED), ("rejected", [*CONFIRMED, "rejected"]), ["declined"]),
        (("confirmed", CONFIRMED), ("duplicate", [*CONFIRMED, "duplicate"]), ["merged"]),
        (
            ("accepted", [*CONFIRMED, "accepted"]),
            ("confirmed", [*CONFIRMED, "accepted", "changed"]),
            ["changed", "published"],
        ),
        (("confirmed", [*CONFIRMED, "changed"]), ("confirmed", [*CONFIRMED, "changed", "changed"]), ["changed-2"]),
        (("received", ["received"]), ("received", ["received", "changed"]), []),
        (("confirmed", CONFIRMED), ("withdrawn", [*CONFIRMED, "withdrawn"]), []),
        (("accepted", [*CONFIRMED, "accepted"]), ("erased", []), []),
        (
            ("confirmed", [*CONFIRMED, "accepted", "reopened"]),
            ("accepted", [*CONFIRMED, "accepted", "reopened", "accepted"]),
            ["published-2"],
        ),
    ],
)
def test_each_step_is_told_once(before: Any, after: Any, kinds: list[str]) -> None:
    assert [job.kind for job in jobs_after("small-call", ID, after, before)] == kinds


def test_what_was_changed_before_it_was_confirmed_is_not_told() -> None:
    assert kinds_after("confirmed", ["received", "changed", "confirmed"]) == ("receipt",)


def test_a_call_says_which_decisions_are_told_and_when() -> None:
    accepted = submission("accepted", *CONFIRMED, "accepted")
    assert mails_owed(accepted, DecisionMails()) == ("receipt", "published")
    assert mails_owed(accepted, DecisionMails(published="off")) == ("receipt",)
    assert when_to_send("published-2", DecisionMails(published="prepared")) == "prepared"
    assert when_to_send("receipt", DecisionMails(published="off", declined="off", merged="off")) == "at-once"


@pytest.mark.parametrize("state", ["withdrawn", "erased", "no such state"])
def test_who_took_a_report_back_is_owed_nothing(state: str) -> None:
    assert kinds_after(state, [*CONFIRMED, "accepted"]) == ()
