"""A revision: the answers that a change replaced. Values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from chalicelib.submissions.submission import ConsentRecord, fingerprint

if TYPE_CHECKING:
    from chalicelib.submissions.submission import Submission


class Revision(Struct, frozen=True):
    """Earlier answers (JSON text) and the consents that went with them; `at` is the UTC stamp of their replacement."""

    submission_id: str
    at: str
    answers: str
    fingerprint: str
    form_version: int
    consents: ConsentRecord

    def read_answers(self) -> dict[str, Any]:
        """The answers by field id."""
        answers: dict[str, Any] = msgspec.json.decode(self.answers)
        return answers


def revision_of(submission: Submission, at: str) -> Revision:
    """What `submission` is before a change at `at`."""
    return Revision(
        submission_id=submission.id,
        at=at,
        answers=submission.answers,
        fingerprint=fingerprint(submission.read_answers()),
        form_version=submission.form_version,
        consents=submission.consents,
    )
