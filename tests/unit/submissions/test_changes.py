"""What a submitter may do in each state, and what becomes of the submission."""

import pytest
from msgspec.structs import asdict, replace

from chalicelib.submissions.changes import changed, erased, possible, same_answers, tombstone, withdrawn
from chalicelib.submissions.submission import STATES, ConsentRecord, Happening, Submission
from tests.builders import answers, later, published, submission_of

AT = "2026-05-05T08:00:00.000Z"
DECIDED = ("accepted", "rejected", "duplicate")


def in_state(state: str, **more: object) -> Submission:
    """A submission that was confirmed once and decided on, if the state says so."""
    facts = {
        "confirmed_at": "2026-05-04T13:00:00.000Z",
        "expires_at": None,
        "published": '{"name":"Höfe"}',
        "duplicate_of": "K7Q49XMD2RTB" if state == "duplicate" else None,
        "decided_at": "2026-05-04T14:00:00.000Z" if state in DECIDED else None,
    }
    return replace(submission_of(), state=state, version=3, **(facts | more))


def change(submission: Submission, **changes: object) -> Submission:
    return changed(submission, published(version=4), answers(name="Andere Höfe", **changes), language="en", at=AT)


def test_everything_can_be_done_until_it_is_withdrawn_and_then_it_can_still_be_erased() -> None:
    assert possible("received") == ("confirm", "change", "withdraw", "erase")
    for state in ("confirmed", *DECIDED):
        assert possible(state) == ("change", "withdraw", "erase")
    assert possible("withdrawn") == ("erase",)
    assert possible("erased") == ()


@pytest.mark.parametrize("state", ["received", "confirmed"])
def test_a_change_before_the_decision_leaves_the_state_and_the_end_of_waiting(state: str) -> None:
    before = in_state(state, expires_at=1_800_000_000 if state == "received" else None)
    after = change(before)
    assert (after.state, after.expires_at) == (state, before.expires_at)


@pytest.mark.parametrize("state", DECIDED)
def test_a_change_after_the_decision_asks_for_a_new_one_and_leaves_what_is_published(state: str) -> None:
    before = in_state(state)
    after = change(before)
    assert (after.state, after.decided_at, after.duplicate_of) == ("confirmed", None, None)
    assert after.published == before.published
    assert after.confirmed_at == before.confirmed_at


@pytest.mark.parametrize("state", ["received", "confirmed", *DECIDED])
def test_a_change_is_remembered_with_the_questions_and_consents_that_went_with_it(state: str) -> None:
    before = in_state(state)
    after = change(before, invite=True)
    assert after.read_answers() == answers(name="Andere Höfe", invite=True)
    assert after.consents == ConsentRecord(("privacy", "publish", "invite"), "1", "en", AT)
    assert (after.form_version, after.version, after.changed_at) == (4, 4, AT)
    assert after.history == (*before.history, Happening(AT, "changed"))


@pytest.mark.parametrize("state", STATES)
def test_what_a_change_has_no_business_with_stays(state: str) -> None:
    before = in_state(state)
    after = change(before)
    # The fingerprint is that of the first post: its repeat must still be known.
    kept = ("call", "id", "shard", "fingerprint", "language", "submitted_at", "generation", "confirmed_at", "flags")
    assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}


def test_the_same_answers_are_known_whatever_their_order() -> None:
    submission = submission_of()
    assert same_answers(submission, dict(reversed(answers().items())))
    assert not same_answers(submission, answers(name="Andere Höfe"))
    assert same_answers(change(submission), answers(name="Andere Höfe"))


@pytest.mark.parametrize("state", [state for state in STATES if state != "withdrawn"])
def test_what_is_withdrawn_is_published_no_longer(state: str) -> None:
    before = in_state(state)
    after = withdrawn(before, AT)
    assert (after.state, after.published, after.duplicate_of) == ("withdrawn", None, None)
    assert after.history[-1] == Happening(AT, "withdrawn")
    assert (after.version, after.answers) == (before.version + 1, before.answers)


def test_what_nobody_confirmed_expires_though_it_is_withdrawn() -> None:
    after = withdrawn(submission_of(), AT)
    assert not after.expired(later(days=7, seconds=-1))
    assert after.expired(later(days=7))
    assert not withdrawn(in_state("confirmed"), AT).expired(later(days=900))


@pytest.mark.parametrize("state", STATES)
def test_nothing_of_the_person_is_left_of_what_is_erased(state: str) -> None:
    before = in_state(state)
    after = erased(before, AT)
    told = str(asdict(after))
    assert not [value for value in ("ada@example.org", "Höfe", "privacy'", before.fingerprint) if value in told]
    assert (after.id, after.call, after.shard, after.state) == (before.id, before.call, before.shard, "erased")
    assert (after.submitted_at, after.changed_at) == (before.submitted_at, AT)
    assert after == tombstone(
        call=before.call,
        submission_id=before.id,
        shard=before.shard,
        submitted_at=before.submitted_at,
        changed_at=AT,
        version=before.version + 1,
        generation=before.generation,
    )


def test_what_is_erased_or_expired_does_not_exist() -> None:
    submission = submission_of()
    assert submission.exists(later(days=6))
    assert not submission.exists(later(days=7))
    assert not erased(submission, AT).exists(later(days=1))
    assert all(in_state(state).exists(later(days=900)) for state in STATES)
