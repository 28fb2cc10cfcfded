"""The words of each mail, as text and as HTML, in the submitter's language.

Before the address is confirmed nothing that was written into the form stands in a mail: whoever types a stranger's
address must not be able to send them words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from chalicelib.errors import N_
from chalicelib.ledger.entry import Kind
from chalicelib.runtime.clock import moment
from chalicelib.web.languages import format_day, format_moment, translate
from chalicelib.web.templating import environment

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.submissions.submission import Submission

_SUBJECTS: dict[Kind, str] = {
    "confirm": N_("Please confirm your report %(reference)s"),
    "links": N_("The links to your reports"),
}


class Mail(Struct, frozen=True):
    """One mail, ready to send."""

    subject: str
    text: str
    html: str


def compose(kind: Kind, call: Call, submission: Submission, *, receipt: str) -> Mail:
    """The mail of `kind`; `receipt` is the full address of the submitter's page."""
    language = language_of(call, submission)
    submitted = moment(submission.submitted_at)
    deleted = submitted + timedelta(days=call.policy.unconfirmed_days)
    return _mail(
        kind,
        call,
        language,
        reference=submission.reference,
        submitted=format_moment(submitted, language, call.time_zone),
        deleted=format_day(deleted, language, call.time_zone),
        receipt=receipt,
    )


def compose_links(call: Call, newest: Submission, receipts: Sequence[tuple[Submission, str]]) -> Mail:
    """The mail with somebody's links, in the language of their newest submission: each with its receipt's address.

    References and times only: it may be that none of these submissions was ever confirmed.
    """
    language = language_of(call, newest)
    reports = [
        {
            "reference": one.reference,
            "submitted": format_moment(moment(one.submitted_at), language, call.time_zone),
            "receipt": receipt,
        }
        for one, receipt in receipts
    ]
    return _mail("links", call, language, reports=reports)


def language_of(call: Call, submission: Submission) -> str:
    """The language to write to the sender of a submission in."""
    return submission.language if submission.language in call.languages else call.languages[0]


def _mail(kind: Kind, call: Call, language: str, **words: object) -> Mail:
    context = words | {
        "call": call,
        "title": call.title[language],
        "organiser": call.organiser.name[language],
        "contact": call.contact,
        "contact_name": call.contact.name[language],
        "subject": translate(language, _SUBJECTS[kind]) % words,
    }
    templates = environment(language)
    return Mail(
        subject=str(context["subject"]),
        text=templates.get_template(f"mail/{kind}.txt").render(context),
        html=templates.get_template(f"mail/{kind}.html").render(context),
    )
