"""The outbox for organisers: every mail and what became of it, and having mails sent (again)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from chalicelib.access.check import audit, authorise
from chalicelib.access.pages import organiser_page
from chalicelib.calls.table import get_call
from chalicelib.jobs.messages import ReleaseJob
from chalicelib.ledger.entry import MAIL_STATES, WORDS, Entry, MailState
from chalicelib.ledger.kinds import ORGANISERS_WORDS, family_of
from chalicelib.mail import outbox, outbox_operations
from chalicelib.mail.outbox_bodies import STATE_OF, known_state, read_sending
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.submissions.reference import show
from chalicelib.web.door import Door
from chalicelib.web.languages import format_moment, translate
from chalicelib.web.reply import PRIVATE, Reply, json_reply, see_other
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call
    from chalicelib.mail.outbox import Page, Sending
    from chalicelib.mail.outbox_operations import MailDocument, OutboxDocument

door = Door(__name__)
# What an organiser may have to do something about comes first.
_ORDER: tuple[MailState, ...] = (
    "held", "failed", "bounced", "complained", "suppressed", "owed", "claimed", "sent", "delivered",
)  # fmt: skip


@door.serve("/organiser/calls/{call}/mails", "GET", about=outbox_operations.OUTBOX)
def show_outbox(request: Request, call: str) -> Reply:
    """Mails in one state, newest change first; by default in a state that has some, the held ones first."""
    person = authorise(request, call, "viewer", now())
    asked = get_call(call).call
    counts = outbox.counts_of(call)
    found = known_state(request.query.get("state", ""), MAIL_STATES)
    state = found if found is not None else next((one for one in _ORDER if counts[one]), _ORDER[-1])
    page = outbox.page_of(call, state, request.query.get("cursor", ""))
    sending = outbox.sending(now())
    if request.wants_html:
        return _outbox_page(request, person, asked, state, page, counts, sending)
    return json_reply(_outbox_document(call, state, page, counts, sending), headers=PRIVATE)


@door.serve("/organiser/calls/{call}/mails/send", "POST", about=outbox_operations.SEND)
def send_mails(request: Request, call: str) -> Reply:
    """Have held, failed or bounced mails sent (again): some, or all of a kind. Safe to repeat."""
    person = authorise(request, call, "moderator", now())
    get_call(call)
    posted = read_sending(request.headers.get("content-type", ""), request.body)
    at = now()
    sent: list[Entry] = []
    if posted.all is not None:
        audit(person, "mails-sent", call=call, detail=posted.all, now=at)
        cause = "prepared" if posted.all == "prepared" else ""
        outbox.ask_for_all(ReleaseJob(call, STATE_OF[posted.all], cause, stamp(at)))
    else:
        for submission, kind in posted.mails:
            audit(person, "mail-sent", call=call, detail=kind, now=at, submission=submission)
        sent = outbox.send_now(call, posted.mails, at)
    if request.wants_html:
        done = {"state": posted.state, "done": posted.all or str(len(sent))}
        return see_other("../mails?" + urlencode(done), headers=PRIVATE)
    return json_reply({"mails": [_name(one) for one in sent], "all": posted.all}, headers=PRIVATE)


def _name(entry: Entry) -> str:
    return f"{entry.submission_id}:{entry.kind}"


def _mail_document(entry: Entry) -> MailDocument:
    about_submission = "#" not in entry.submission_id
    return {
        "mail": _name(entry),
        "reference": show(entry.submission_id) if about_submission else "",
        "kind": entry.kind,
        "state": entry.state,
        "cause": entry.cause,
        "attempts": entry.attempts,
        "changed_at": entry.changed_at,
        "sent_at": entry.sent_at,
        "may_be_sent": outbox.resendable(entry),
    }


def _outbox_document(
    call: str, state: MailState, page: Page, counts: dict[MailState, int], sending: Sending
) -> OutboxDocument:
    return {
        "call": call,
        "state": state,
        "counts": counts,
        "counted_up_to": outbox.MOST_COUNTED,
        "sending": {
            "stopped_at": sending.switch.stopped_at,
            "cause": sending.switch.cause,
            "sent": sending.counts.sent,
            "bounced": sending.counts.bounced,
            "complained": sending.counts.complained,
        },
        "mails": [_mail_document(one) for one in page.entries],
        "cursor": page.following,
    }


def _outbox_page(
    request: Request,
    person: Person,
    call: Call,
    state: MailState,
    page: Page,
    counts: dict[MailState, int],
    sending: Sending,
) -> Reply:
    language = request.language
    document = _outbox_document(call.call, state, page, counts, sending)
    shown = [
        {
            **one,
            "id": one["mail"].partition(":")[0],
            "what": translate(language, ORGANISERS_WORDS.get(family_of(one["kind"]), one["kind"])),
            "when": format_moment(moment(one["sent_at"] or one["changed_at"]), language, call.time_zone),
        }
        for one in document["mails"]
    ]
    return organiser_page(
        request,
        person,
        "mail/outbox.html",
        call=call,
        section="mails",
        state=state,
        state_words=translate(language, WORDS[state]),
        states=[(one, translate(language, WORDS[one]), counts[one]) for one in _ORDER],
        most=outbox.MOST_COUNTED,
        mails=shown,
        following=urlencode({"state": state, "cursor": page.following}) if page.following else "",
        prepared=state == "held" and any(one["cause"] == "prepared" for one in document["mails"]),
        may_send=person.may(call.call, "moderator") and any(one["may_be_sent"] for one in document["mails"]),
        stopped=sending.switch.stopped,
        stopped_by=sending.switch.cause,
        done=request.query.get("done", ""),
    )
