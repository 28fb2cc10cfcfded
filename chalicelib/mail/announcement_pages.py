"""The pages of announcements: all of them, one with its preview and its way, the form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.access.pages import organiser_page
from chalicelib.announcements.announcement import REACHABLE, filters
from chalicelib.calls.calendar import upcoming
from chalicelib.errors import N_
from chalicelib.ledger.entry import WORDS as MAIL_WORDS
from chalicelib.mail.announcement_mail import announcement_message
from chalicelib.mail.announcing import outdated
from chalicelib.runtime.clock import moment, now
from chalicelib.runtime.settings import settings
from chalicelib.submissions import table as submissions
from chalicelib.web.languages import translate
from chalicelib.web.problems import field_messages, problem_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.access.roles import Person
    from chalicelib.announcements.announcement import Announcement
    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.errors import Refusal
    from chalicelib.mail.message import Message
    from chalicelib.web.reply import Reply
    from chalicelib.web.request import Request

STATES = {
    "draft": N_("Draft"),
    "sending": N_("Being sent"),
    "sent": N_("Sent"),
    "cancelled": N_("Cancelled"),
}
REPORT_STATES = {
    "confirmed": N_("to be decided"),
    "accepted": N_("accepted"),
    "rejected": N_("not accepted"),
    "duplicate": N_("merged with another one"),
}


def announcements_page(request: Request, person: Person, call: Call, found: Sequence[Announcement]) -> Reply:
    """All announcements."""
    return organiser_page(
        request,
        person,
        "mail/announcements.html",
        call=call,
        section="announcements",
        announcements=[(one, moment(one.created_at)) for one in found],
        words=_words(STATES, request.language),
        may_write=person.may(call.call, "moderator"),
        first=call.languages[0],
    )


def announcement_page(
    request: Request,
    person: Person,
    published: PublishedCall,
    announcement: Announcement,
    *,
    refusal: Refusal | None = None,
) -> Reply:
    """One announcement: as one of its recipients gets it, in each language."""
    call, language = published.call, request.language
    return organiser_page(
        request,
        person,
        "mail/announcement.html",
        status=refusal.status if refusal else 200,
        call=call,
        section="announcements",
        one=announcement,
        state=translate(language, STATES[announcement.state]),
        audience=_audience(call, announcement, language),
        previews=_previews(published, announcement),
        # Once it is on its way: what the last whole walk over the recipients saw.
        mails=[(translate(language, MAIL_WORDS.get(name, name)), count) for name, count in announcement.told.items()],
        counted=moment(announcement.counted_at) if announcement.counted_at else None,
        outdated=outdated(announcement, now()),
        may_write=person.may(call.call, "moderator"),
        event_over=announcement.with_event and not upcoming(call, now()),
        problem=problem_document(refusal, request) if refusal else None,
    )


def form_page(
    request: Request,
    person: Person,
    call: Call,
    *,
    known: Announcement | None = None,
    given: dict[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> Reply:
    """The form: empty, as the announcement is, or as it was typed and refused."""
    language = request.language
    messages = field_messages(refusal.errors, language) if refusal else []
    labels = {f"{name}_{one}": f"{one.upper()}" for one in call.languages for name in ("subject", "body")}
    return organiser_page(
        request,
        person,
        "mail/announcement_form.html",
        status=refusal.status if refusal else 200,
        call=call,
        section="announcements",
        one=known,
        values=given if given is not None else _values(call, known),
        errors={one["field"]: one["message"] for one in messages},
        summary=[one | {"label": labels.get(one["field"], one["field"])} for one in messages],
        problem=problem_document(refusal, request) if refusal else None,
        filters=filters(call),
        states=[(one, translate(language, REPORT_STATES[one])) for one in REACHABLE],
        asks_invitation=bool(call.form.consents.invitation),
        has_event=upcoming(call, now()),
    )


def _values(call: Call, known: Announcement | None) -> dict[str, Any]:
    if known is None:
        return {"invited": True, "with_event": True}
    values: dict[str, Any] = {
        "invited": known.audience.invited,
        "states": list(known.audience.states),
        "with_event": known.with_event,
        "edition": known.edition,
    }
    for language in call.languages:
        text = known.texts[language]
        values |= {f"subject_{language}": text.subject, f"body_{language}": text.body}
    return values | {f"answer_{name}": list(chosen) for name, chosen in known.audience.answers.items()}


def _audience(call: Call, announcement: Announcement, language: str) -> list[str]:
    """Who gets it, in words."""
    chosen = announcement.audience
    words = [
        translate(language, N_("who asked to be invited"))
        if chosen.invited
        else translate(language, N_("all whose report is confirmed"))
    ]
    if chosen.states:
        words.append(", ".join(translate(language, REPORT_STATES[one]) for one in chosen.states))
    for name, ids in chosen.answers.items():
        field = call.fields[name]
        labels = [one.label.get(language, one.id) for one in field.choices if one.id in ids]
        words.append(f"{field.label.get(language, name)}: {', '.join(labels)}")
    return words


def _previews(published: PublishedCall, announcement: Announcement) -> list[tuple[str, Message]]:
    """What one of the recipients gets, in each language; nothing as long as nobody is known to be one.

    Links are shown without their tokens: whoever has one has the submitter's rights.
    """
    call = published.call
    if not announcement.sample:
        return []
    sample = submissions.find(call.call, announcement.sample, call.policy.shards)
    if sample is None or sample.state == "erased":
        return []
    base = settings().public_url
    return [
        (
            language,
            announcement_message(
                announcement,
                published,
                sample,
                receipt=f"{base}/receipts/…",
                unsubscribe=f"{base}/calls/{call.call}/unsubscribe/…",
                now=now(),
                language=language,
            ),
        )
        for language in call.languages
    ]


def _words(table: dict[str, str], language: str) -> dict[str, str]:
    return {name: translate(language, words) for name, words in table.items()}
