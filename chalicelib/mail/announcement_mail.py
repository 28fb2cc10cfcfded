"""The mail that brings an announcement to one of its recipients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from chalicelib.announcements import table
from chalicelib.announcements.announcement import addresses
from chalicelib.calls.calendar import CONTENT_TYPE, upcoming
from chalicelib.calls.event_file import event_file
from chalicelib.errors import N_
from chalicelib.ledger import table as ledger
from chalicelib.ledger.kinds import announcement_of
from chalicelib.mail.about import letter_about, receipt_address, still_there
from chalicelib.mail.delivery import deliver_letter
from chalicelib.mail.message import Attachment, Block, Mail, Message, button, facts, heading, link, paragraph, render
from chalicelib.mail.recipients import take
from chalicelib.mail.texts import event_facts, language_of
from chalicelib.mail.unsubscribing import unsubscribe_address, unsubscribe_headers
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.submissions.links import address_digest
from chalicelib.web.languages import translate
from chalicelib.web.templating import paragraphs

if TYPE_CHECKING:
    from chalicelib.announcements.announcement import Announcement
    from chalicelib.calls.call import PublishedCall
    from chalicelib.jobs.messages import MailJob
    from chalicelib.mail.delivery import Letter
    from chalicelib.submissions.submission import Submission


def deliver_announcement(
    job: MailJob, published: PublishedCall, submission: Submission, *, clock: Callable[[], datetime]
) -> None:
    """Send one recipient their announcement, if they still are one. Raises `TryLater` when the message must stay."""
    call = published.call
    announcement = table.find(job.call, announcement_of(job.kind))
    if (
        announcement is None
        or announcement.state not in {"sending", "sent"}
        or not addresses(announcement.audience, call, submission, clock())
    ):
        log("mail-not-owed", call=job.call, reference=job.submission, kind=job.kind)
        ledger.drop(job.submission, job.kind, now=int(clock().timestamp()))
        return
    letter = letter_about(call, submission, job.kind)
    digest = address_digest(keys(), letter.to)
    unsubscribed, holder = table.standing(call.call, digest, announcement.reservation)
    if unsubscribed:
        _leave_out(letter, "unsubscribed", digest, clock())
        return
    # Nobody holds it any more when it is sent again long after.
    if holder != submission.id and (holder or not take(call, announcement, submission, digest, clock())):
        _leave_out(letter, "same-address", digest, clock())
        return

    def write() -> Mail | None:
        # Looked at again, as every mail: see `mail/worker.py`.
        if not still_there(call, submission, job.kind):
            return None
        return compose_announcement(
            announcement,
            published,
            submission,
            receipt=receipt_address(submission, clock()),
            unsubscribe=unsubscribe_address(keys(), call.call, digest),
            now=clock(),
        )

    deliver_letter(letter, write, clock=clock)


def _leave_out(letter: Letter, cause: str, digest: str, at: datetime) -> None:
    """Write down that somebody gets no mail, so that the announcement is done without it."""
    ledger.note(letter.call.call, letter.id, letter.kind, "suppressed", cause=cause, at=stamp(at), address=digest)
    log("mail-left-out", call=letter.call.call, reference=letter.id, kind=letter.kind, cause=cause)


def announcement_message(
    announcement: Announcement,
    published: PublishedCall,
    submission: Submission,
    *,
    receipt: str,
    unsubscribe: str,
    now: datetime,
    language: str = "",
) -> Message:
    """What it says to this recipient, in their language unless another is given."""
    call = published.call
    language = language or language_of(call, submission)
    say: Callable[..., str] = partial(translate, language)
    text = announcement.texts[language]
    event: tuple[Block, ...] = ()
    if announcement.with_event and call.event is not None and upcoming(call, now):
        event = (heading(call.event.title[language]), event_facts(call, language))
    invited = N_(
        "You get this e-mail because you reported something to “%(title)s” and asked to be invited to the event."
    )
    reported = N_("You get this e-mail because you reported something to “%(title)s”.")
    return Message(
        language,
        text.subject,
        (
            paragraph(say(N_("Good day,"))),
            *(paragraph(one) for one in paragraphs(text.body)),
            *event,
            heading(say(N_("Your report"))),
            facts((say(N_("Reference")), submission.reference)),
            button(say(N_("To my report")), receipt),
            paragraph(say(invited if announcement.audience.invited else reported, {"title": call.title[language]})),
            link(say(N_("If you want no more announcements")), unsubscribe),
        ),
    )


def compose_announcement(
    announcement: Announcement,
    published: PublishedCall,
    submission: Submission,
    *,
    receipt: str,
    unsubscribe: str,
    now: datetime,
) -> Mail:
    """The mail to this recipient; `receipt` and `unsubscribe` are whole addresses."""
    call = published.call
    message = announcement_message(
        announcement, published, submission, receipt=receipt, unsubscribe=unsubscribe, now=now
    )
    attachments: tuple[Attachment, ...] = ()
    if announcement.with_event and call.event is not None and upcoming(call, now):
        content = event_file(published, call.event, message.language)
        attachments = (Attachment(f"{call.call}.ics", CONTENT_TYPE, content),)
    return render(message, call, headers=unsubscribe_headers(unsubscribe), attachments=attachments)
