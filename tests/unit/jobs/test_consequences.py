"""What follows from the state of a submission."""

import pytest

from chalicelib.jobs.consequences import jobs_after, mails_owed
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
