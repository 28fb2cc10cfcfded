"""A submission as it comes in, its fingerprint, its shard, its end when nobody confirms it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls.answers import judge
from chalicelib.submissions.submission import ConsentRecord, Happening, fingerprint, shard_of
from tests.builders import NOON, answers, call_of, later, published, submission_of

values = st.one_of(st.text(), st.integers(-(2**53), 2**53), st.booleans(), st.lists(st.text()))


@given(st.dictionaries(st.text(), values), st.randoms())
def test_the_order_of_the_answers_does_not_matter_to_the_fingerprint(given_answers: dict, random: object) -> None:
    shuffled = list(given_answers.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fingerprint(dict(shuffled)) == fingerprint(given_answers)


@pytest.mark.parametrize(
    "other",
    [
        answers(name="Grüne Hofe"),
        answers(since=2015),
        answers(themes=["green", "work"]),
        answers(invite=True),
    ],
)
def test_other_answers_give_another_fingerprint(other: dict) -> None:
    call = call_of()
    assert fingerprint(judge(call, other)) != fingerprint(judge(call, answers()))


@pytest.mark.parametrize(
    "same",
    [
        answers(name="  Gru\u0308ne \t Höfe "),
        answers(themes="green"),
        answers(themes=["green", "green", ""]),
        answers(privacy="on", publish="1"),
        answers(invite=False),
        answers(summary="", since=None),
        answers(theme_other="not asked, so dropped"),
    ],
)
def test_the_same_answers_written_otherwise_have_the_same_fingerprint(same: dict) -> None:
    call = call_of()
    assert fingerprint(judge(call, same)) == fingerprint(judge(call, answers()))


def test_what_comes_in_is_received_and_expires_unless_confirmed() -> None:
    submission = submission_of()
    assert (submission.state, submission.form_version, submission.language) == ("received", 1, "de")
    assert submission.submitted_at == submission.changed_at == "2026-05-04T12:00:00.000Z"
    assert submission.history == (Happening(at="2026-05-04T12:00:00.000Z", event="received"),)
    assert submission.expires_at == int((NOON + timedelta(days=7)).timestamp())


def test_the_consents_that_were_given_are_kept_with_the_notice_and_the_time() -> None:
    submission = submission_of(given=answers(invite=True), language="en")
    assert submission.consents == ConsentRecord(
        given=("privacy", "publish", "invite"), privacy_version="1", language="en", at="2026-05-04T12:00:00.000Z"
    )
    assert submission_of().consents.given == ("privacy", "publish")


def test_answers_are_kept_as_text_that_people_can_read() -> None:
    assert "Grüne Höfe" in submission_of().answers
    assert submission_of().read_answers() == answers()


def test_it_expires_exactly_when_it_says() -> None:
    submission = submission_of()
    assert not submission.expired(later(days=7, seconds=-1))
    assert submission.expired(later(days=7))


@given(st.text(min_size=1), st.integers(1, 64))
def test_a_shard_is_always_one_of_the_call(submission_id: str, shards: int) -> None:
    assert 0 <= shard_of(submission_id, shards) < shards


def test_the_shard_of_a_reference_never_changes() -> None:
    assert [shard_of(one, 4) for one in ("K7Q49XMD2RTB", "000000000000", "ZZZZZZZZZZZ0")] == [3, 3, 1]


def test_shards_fill_evenly() -> None:
    shards = [submission_of(published(), number).shard for number in range(200)]
    assert 60 < sum(shards) < 140
