"""The words of each mail, as text and as HTML, in the submitter's language.

Before the address is confirmed nothing that was written into the form stands in a mail: whoever types a stranger's
address must not be able to send them words.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from chalicelib.errors import N_
from chalicelib.runtime.clock import moment
from chalicelib.web.languages import format_day, format_moment, translate
from chalicelib.web.templating import environment

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.ledger.entry import Kind
    from chalicelib.submissions.submission import Submission

_SUBJECTS: dict[str, str] = {"confirm": N_("Please confirm your report %(reference)s")}


class Mail(Struct, frozen=True):
    """One mail, ready to send."""

    subject: str
    text: str
    html: str


def compose(kind: Kind, call: Call, submission: Submission, *, receipt: str) -> Mail:
    """The mail of `kind`; `receipt` is the full address of the submitter's page."""
    language = submission.language if submission.language in call.languages else call.languages[0]
    submitted = moment(submission.submitted_at)
    context = {
        "call": call,
        "title": call.title[language],
        "organiser": call.organiser.name[language],
        "contact": call.contact,
        "contact_name": call.contact.name[language],
        "reference": submission.reference,
        "submitted": format_moment(submitted, language, call.time_zone),
        "deleted": format_day(submitted + timedelta(days=call.policy.unconfirmed_days), language, call.time_zone),
        "receipt": receipt,
        "subject": translate(language, _SUBJECTS[kind], {"reference": submission.reference}),
    }
    templates = environment(language)
    return Mail(
        subject=str(context["subject"]),
        text=templates.get_template(f"mail/{kind}.txt").render(context),
        html=templates.get_template(f"mail/{kind}.html").render(context),
    )
