"""A revision is what a submission was before a change."""

from msgspec.structs import replace

from chalicelib.revisions.revision import revision_of
from chalicelib.submissions.changes import changed
from tests.builders import answers, published, submission_of

AT = "2026-05-05T08:00:00.000Z"
LATER = "2026-05-05T09:00:00.000Z"


def test_it_keeps_the_answers_with_their_questions_and_consents() -> None:
    submission = submission_of()
    revision = revision_of(submission, AT)
    assert (revision.submission_id, revision.at) == (submission.id, AT)
    assert revision.read_answers() == answers()
    assert (revision.form_version, revision.consents) == (submission.form_version, submission.consents)
    assert revision.fingerprint == submission.fingerprint


def test_its_fingerprint_is_that_of_its_own_answers_not_of_the_first_post() -> None:
    once = changed(submission_of(), published(), answers(name="Zweite"), language="de", at=AT)
    revision = revision_of(once, LATER)
    assert revision.fingerprint != once.fingerprint
    assert revision.fingerprint == revision_of(replace(once, fingerprint="?"), LATER).fingerprint
