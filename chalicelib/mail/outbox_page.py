"""What the outbox shows, as a document and as a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct

from chalicelib.access.pages import organiser_page
from chalicelib.errors import N_
from chalicelib.ledger.entry import WORDS, Entry, MailState
from chalicelib.ledger.kinds import ORGANISERS_WORDS, family_of
from chalicelib.mail import outbox
from chalicelib.runtime.clock import moment, stamp
from chalicelib.submissions.reference import read, show
from chalicelib.web.languages import format_moment, translate

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call
    from chalicelib.mail.outbox import Page, Sending
    from chalicelib.mail.outbox_operations import MailDocument, OutboxDocument
    from chalicelib.web.reply import Reply
    from chalicelib.web.request import Request

# What an organiser may have to do something about comes first.
ORDER: tuple[MailState, ...] = (
    "held", "failed", "bounced", "complained", "suppressed", "owed", "claimed", "sent", "delivered",
)  # fmt: skip

_TABS: dict[MailState, str] = {
    "held": N_("Held back"),
    "failed": N_("Not sendable"),
    "bounced": N_("Came back"),
    "complained": N_("Unwanted"),
    "suppressed": N_("Left out"),
    "owed": N_("Waiting"),
    "claimed": N_("On their way"),
    "sent": N_("Handed over"),
    "delivered": N_("Delivered"),
}
"""The states as short as a row of nine needs them; the heading below says each in full."""
_CAUSES = {
    "prepared": N_("prepared for you to send"),
    "address-cap": N_("too many to this address on that day"),
    "day-cap": N_("too many e-mails on that day"),
    "stopped": N_("sending is stopped"),
    "throttled": N_("the mail service is busy"),
    "undoable": N_("the decision can still be undone"),
    "unsubscribed": N_("wants no announcements"),
    "same-address": N_("had it for another report"),
    "bounce": N_("an e-mail to this address came back"),
    "complaint": N_("an e-mail to this address was reported as unwanted"),
    "no-answer": N_("the mail service gave no answer"),
    "no-connection": N_("the mail service could not be reached"),
    "relay-login": N_("the mail service does not accept the login"),
    "address": N_("the mail service cannot write to this address"),
    "attempts-used-up": N_("too many attempts"),
}
"""Our own codes in words; a code of SES, or of a mail server (`smtp-550`), is shown as it is."""


class Listed(Struct, frozen=True):
    """What was asked for, and the mails that are there: in a state (and of a kind), or about one report."""

    state: MailState | None
    kind: str
    reference: str
    page: Page


def name_of(entry: Entry) -> str:
    """What names a mail when it is to be sent."""
    return f"{entry.submission_id}:{entry.kind}"


def outbox_document(call: str, listed: Listed, counts: dict[MailState, int], sending: Sending) -> OutboxDocument:
    """The outbox as programs get it."""
    return {
        "call": call,
        "state": listed.state,
        "kind": listed.kind,
        "reference": listed.reference,
        "counts": counts,
        "counted_up_to": outbox.MOST_COUNTED,
        "sending": {
            "stopped_at": sending.switch.stopped_at,
            "cause": sending.switch.cause,
            "sent": sending.counts.sent,
            "bounced": sending.counts.bounced,
            "complained": sending.counts.complained,
            "overdue": sending.overdue,
        },
        "mails": [_mail_document(one) for one in listed.page.entries],
        "cursor": listed.page.following,
    }


def outbox_page(
    request: Request, person: Person, call: Call, listed: Listed, counts: dict[MailState, int], sending: Sending
) -> Reply:
    """The outbox for people."""
    language = request.language
    mails = outbox_document(call.call, listed, counts, sending)["mails"]
    asked = {"state": listed.state or "", "kind": listed.kind, "reference": listed.reference}
    more = {name: value for name, value in asked.items() if value} | {"cursor": listed.page.following or ""}
    return organiser_page(
        request,
        person,
        "mail/outbox.html",
        call=call,
        section="mails",
        asked=asked,
        state_words=translate(language, WORDS[listed.state]) if listed.state else "",
        states=[(one, translate(language, _TABS[one]), counts[one]) for one in ORDER],
        kinds=[(one, translate(language, words)) for one, words in ORGANISERS_WORDS.items()],
        most=outbox.MOST_COUNTED,
        mails=[_row(one, call, language) for one in mails],
        following=urlencode(more) if listed.page.following else "",
        prepared=listed.state == "held" and any(one["cause"] == "prepared" for one in mails),
        may_send=person.may(call.call, "moderator") and any(one["may_be_sent"] for one in mails),
        overdue=sending.overdue,
        stopped=sending.switch.stopped,
        stopped_by=sending.switch.cause,
        done=request.query.get("done", ""),
    )


def _mail_document(entry: Entry) -> MailDocument:
    about_report = read(entry.submission_id) is not None  # and not about an organiser's calls
    waits = entry.state == "owed" and entry.lease_until
    return {
        "mail": name_of(entry),
        "reference": show(entry.submission_id) if about_report else "",
        "kind": entry.kind,
        "state": entry.state,
        "cause": entry.cause,
        "attempts": entry.attempts,
        "changed_at": entry.changed_at,
        "sent_at": entry.sent_at,
        "not_before": stamp(datetime.fromtimestamp(entry.lease_until, UTC)) if waits else None,
        "may_be_sent": outbox.resendable(entry),
    }


def _row(one: MailDocument, call: Call, language: str) -> dict[str, Any]:
    def when(stamped: str) -> str:
        return format_moment(moment(stamped), language, call.time_zone)

    return {
        **one,
        "id": one["mail"].partition(":")[0],
        "what": translate(language, ORGANISERS_WORDS.get(family_of(one["kind"]), one["kind"])),
        "state_words": translate(language, WORDS[one["state"]]),
        "cause_words": translate(language, _CAUSES.get(one["cause"], one["cause"])),
        "when": when(one["sent_at"] or one["changed_at"]),
        "not_before_words": when(one["not_before"]) if one["not_before"] else "",
    }
