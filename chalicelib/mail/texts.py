"""The words of each mail about a report, in the submitter's language.

Before the address is confirmed nothing that was written into the form stands in a mail: whoever types a stranger's
address must not be able to send them words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from chalicelib.calls.calendar import upcoming
from chalicelib.errors import N_
from chalicelib.ledger.kinds import family_of
from chalicelib.mail.message import Block, Mail, Message, button, facts, heading, link, paragraph, render
from chalicelib.runtime.clock import moment
from chalicelib.web.languages import format_day, format_moment, translate

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.mail.message import Attachment
    from chalicelib.submissions.submission import Submission

_SUBJECTS = {
    "confirm": N_("Please confirm your report %(reference)s"),
    "receipt": N_("Your report %(reference)s is confirmed"),
    "links": N_("The links to your reports"),
    "published": N_("Your report %(reference)s was accepted"),
    "declined": N_("The decision on your report %(reference)s"),
    "merged": N_("Your report %(reference)s was merged with another one"),
    "changed": N_("Your report %(reference)s was changed"),
}
LONGEST_NAME = 100  # characters of an initiative's name in a mail
_TO_REPORT = N_("To my report")

Say = Callable[..., str]


class Occasion(Struct, frozen=True):
    """What a mail about one report is written from.

    `receipt` and `landscape` are whole addresses, `calendar` is there for those who asked to be invited.
    """

    call: Call
    submission: Submission
    now: datetime
    receipt: str
    landscape: str = ""
    calendar: Attachment | None = None

    @property
    def language(self) -> str:
        """The language to write in."""
        return language_of(self.call, self.submission)

    def when(self, stamped: str) -> str:
        """A stamp for people."""
        return format_moment(moment(stamped), self.language, self.call.time_zone)


def compose(kind: str, occasion: Occasion) -> Mail:
    """The mail of `kind` about a report."""
    say: Say = partial(translate, occasion.language)
    words = {
        "title": occasion.call.title[occasion.language],
        "reference": occasion.submission.reference,
        "name": "" if family_of(kind) == "confirm" else _name(occasion),
    }
    family = family_of(kind)
    blocks, with_event = _BODIES[family](occasion, say, words)
    event = _event(occasion, say) if with_event else ()
    message = Message(
        occasion.language,
        say(_SUBJECTS[family], words),
        (paragraph(say(N_("Good day,"))), *blocks, *event),
    )
    attached = (occasion.calendar,) if occasion.calendar and event else ()
    return render(message, occasion.call, attachments=attached)


def compose_links(call: Call, newest: Submission, receipts: Sequence[tuple[Submission, str]]) -> Mail:
    """The mail with somebody's links, in the language of their newest submission: each with its receipt's address.

    References and times only: it may be that none of these submissions was ever confirmed.
    """
    language = language_of(call, newest)
    say: Say = partial(translate, language)
    words = {"title": call.title[language]}
    asked = N_(
        "somebody asked us to send the links to the reports for “%(title)s” that came from this e-mail address. Here "
        "they are:"
    )
    careful = N_(
        "Behind each link you see what has become of the report. There you can also change, withdraw or erase it. "
        "Please do not pass this e-mail on: whoever has a link can do all that too."
    )
    reports: list[Block] = []
    for one, receipt in receipts:
        submitted = format_moment(moment(one.submitted_at), language, call.time_zone)
        reports += [
            facts((say(N_("Reference")), one.reference), (say(N_("Received")), submitted)),
            link(say(_TO_REPORT), receipt),
        ]
    blocks = (
        paragraph(say(N_("Good day,"))),
        paragraph(say(asked, words)),
        *reports,
        paragraph(say(careful)),
        heading(say(N_("It was not you?"))),
        paragraph(say(N_("Then you need not do anything: the links were sent to nobody but you."))),
    )
    return render(Message(language, say(_SUBJECTS["links"]), blocks), call)


def language_of(call: Call, submission: Submission) -> str:
    """The language to write to the sender of a submission in."""
    return submission.language if submission.language in call.languages else call.languages[0]


def event_facts(call: Call, language: str) -> Block:
    """Where and when, as the call says it now. There must be an event."""
    event = call.event
    assert event is not None
    zone = call.time_zone
    begins = format_moment(call.in_utc(event.starts_at), language, zone)
    ends = format_moment(call.in_utc(event.ends_at), language, zone)
    return facts(
        (translate(language, N_("Begins")), begins),
        (translate(language, N_("Ends")), ends),
        (translate(language, N_("Place")), event.place[language]),
    )


def _name(occasion: Occasion) -> str:
    """What the initiative is called, if the form asks for that."""
    name = str(occasion.submission.read_answers().get(occasion.call.form.title_field, ""))
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _event(occasion: Occasion, say: Say) -> tuple[Block, ...]:
    call, event = occasion.call, occasion.call.event
    if event is None or not upcoming(call, occasion.now):
        return ()
    about = (heading(event.title[occasion.language]), event_facts(call, occasion.language))
    if occasion.calendar is None:
        return about
    return (*about, paragraph(say(N_("You are invited. The date is attached as a file for your calendar."))))


def _reference(occasion: Occasion, say: Say, *more: tuple[str, str]) -> Block:
    received = (say(N_("Received")), occasion.when(occasion.submission.submitted_at))
    return facts((say(N_("Reference")), occasion.submission.reference), received, *more)


Said = tuple[tuple[Block, ...], bool]  # with or without the event


def _confirm(occasion: Occasion, say: Say, words: dict[str, str]) -> Said:
    submitted = moment(occasion.submission.submitted_at)
    gone = submitted + timedelta(days=occasion.call.policy.unconfirmed_days)
    deleted = format_day(gone, occasion.language, occasion.call.time_zone)
    then = N_(
        "Once you have confirmed, the organisers will read your report. On the same page you can see at any time "
        "what has become of it. Please keep this e-mail: the link in it is your only key to that page."
    )
    nothing = N_(
        "Then you need not do anything. Without confirmation nothing is read or published, and the report is deleted "
        "on %(deleted)s."
    )
    return (
        paragraph(say(N_("a report for “%(title)s” was sent with this e-mail address."), words)),
        _reference(occasion, say),
        paragraph(say(N_("Please confirm that it was you. Open this page and press “Confirm”:"))),
        button(say(_TO_REPORT), occasion.receipt),
        heading(say(N_("What happens next"))),
        paragraph(say(then)),
        heading(say(N_("It was not you?"))),
        paragraph(say(nothing, {"deleted": deleted})),
    ), False


def _receipt(occasion: Occasion, say: Say, words: dict[str, str]) -> Said:
    confirmed = occasion.submission.confirmed_at
    more = ((say(N_("Confirmed")), occasion.when(confirmed)),) if confirmed else ()
    then = N_(
        "Now the organisers read your report and decide about it. On its page you can see at any time what has "
        "become of it, and change, withdraw or erase it. Please keep this e-mail: the link in it is your key to that "
        "page."
    )
    return (
        paragraph(say(N_("thank you: your report “%(name)s” for “%(title)s” is confirmed."), words)),
        _reference(occasion, say, *more),
        button(say(_TO_REPORT), occasion.receipt),
        heading(say(N_("What happens next"))),
        paragraph(say(then)),
    ), True


def _published(occasion: Occasion, say: Say, words: dict[str, str]) -> Said:
    accepted = N_(
        "good news: the organisers of “%(title)s” have accepted your report “%(name)s”. It is now part of the "
        "landscape of initiatives, which everybody can see. They may have shortened the text."
    )
    return (
        paragraph(say(accepted, words)),
        _reference(occasion, say),
        button(say(N_("To the landscape of initiatives")), occasion.landscape),
        link(say(N_("Your report; there you can still change, withdraw or erase it")), occasion.receipt),
    ), True


def _declined(occasion: Occasion, say: Say, words: dict[str, str]) -> Said:
    declined = N_(
        "thank you for your report “%(name)s”. The organisers of “%(title)s” have read it and decided not to include "
        "it in the landscape of initiatives. Nothing of it is published."
    )
    again = N_(
        "Something is missing, or has changed? On the page of your report you can change it; then the organisers "
        "look at it again. If you have a question, simply answer this e-mail."
    )
    return (
        paragraph(say(declined, words)),
        _reference(occasion, say),
        paragraph(say(again)),
        button(say(_TO_REPORT), occasion.receipt),
    ), False


def _merged(occasion: Occasion, say: Say, words: dict[str, str]) -> Said:
    merged = N_(
        "thank you for your report “%(name)s” for “%(title)s”. The same initiative was reported more than once. The "
        "organisers have merged these reports, and they count together."
    )
    return (
        paragraph(say(merged, words)),
        _reference(occasion, say),
        paragraph(say(N_("Do you think that these are two different initiatives? Then please answer this e-mail."))),
        button(say(_TO_REPORT), occasion.receipt),
    ), False


def _changed(occasion: Occasion, say: Say, words: dict[str, str]) -> Said:
    last = next((one.at for one in reversed(occasion.submission.history) if one.event == "changed"), None)
    more = ((say(N_("Changed")), occasion.when(last)),) if last else ()
    then = N_(
        "The organisers will read it as it is now. If they had decided before, they decide again; what was published "
        "stays as it is until then."
    )
    warning = N_("Then somebody else has the link to your report. Please answer this e-mail, so that we can help you.")
    return (
        paragraph(say(N_("your report “%(name)s” for “%(title)s” was changed over its page."), words)),
        _reference(occasion, say, *more),
        paragraph(say(then)),
        button(say(_TO_REPORT), occasion.receipt),
        heading(say(N_("It was not you?"))),
        paragraph(say(warning)),
    ), False


_BODIES: dict[str, Callable[[Occasion, Say, dict[str, str]], Said]] = {
    "confirm": _confirm,
    "receipt": _receipt,
    "published": _published,
    "declined": _declined,
    "merged": _merged,
    "changed": _changed,
}
