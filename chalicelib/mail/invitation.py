"""The calendar file that goes with a mail: for those who asked to be invited, as long as the event is not over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.calls.calendar import CONTENT_TYPE, upcoming
from chalicelib.calls.event_file import event_file
from chalicelib.mail.message import Attachment
from chalicelib.mail.texts import language_of

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.calls.call import PublishedCall
    from chalicelib.submissions.submission import Submission


def invitation(published: PublishedCall, submission: Submission, now: datetime) -> Attachment | None:
    """The attachment, or `None`."""
    call = published.call
    if call.event is None or not upcoming(call, now) or not wants_invitation(published, submission):
        return None
    content = event_file(published, call.event, language_of(call, submission))
    return Attachment(f"{call.call}.ics", CONTENT_TYPE, content)


def wants_invitation(published: PublishedCall, submission: Submission) -> bool:
    """Whether the sender asked to be invited; where the form does not ask that, nobody did."""
    return published.call.form.consents.invitation in submission.consents.given
