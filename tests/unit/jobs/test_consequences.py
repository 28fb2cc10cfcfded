"""What follows from the state of a submission."""

import pytest

from chalicelib.jobs.consequences import Shown, jobs_after, landscape_changed, mails_owed
from chalicelib.jobs.messages import MailJob
from chalicelib.submissions.submission import STATES


def test_who_has_just_sent_something_is_owed_the_confirmation_mail() -> None:
    assert jobs_after("small-call", "K7Q49XMD2RTB", "received", None) == [
        MailJob("small-call", "K7Q49XMD2RTB", "confirm")
    ]


@pytest.mark.parametrize("state", STATES)
def test_a_change_that_leaves_the_state_causes_nothing(state: str) -> None:
    assert jobs_after("small-call", "K7Q49XMD2RTB", state, state) == []


def test_no_other_state_is_owed_a_mail_so_far() -> None:
    assert {state for state in STATES if mails_owed(state)} == {"received"}
    assert mails_owed("no such state") == ()


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
