"""The outbox for organisers: every mail and what became of it, and having mails sent (again)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from chalicelib.access.check import audit, authorise
from chalicelib.calls.table import get_call
from chalicelib.jobs.messages import ReleaseJob
from chalicelib.ledger.entry import MAIL_STATES
from chalicelib.ledger.kinds import FAMILIES
from chalicelib.mail import outbox, outbox_operations
from chalicelib.mail.outbox_bodies import STATE_OF, known_state, read_sending
from chalicelib.mail.outbox_page import ORDER, Listed, name_of, outbox_document, outbox_page
from chalicelib.runtime.clock import now, stamp
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, json_reply, see_other
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.ledger.entry import Entry

door = Door(__name__)


@door.serve("/organiser/calls/{call}/mails", "GET", about=outbox_operations.OUTBOX)
def show_outbox(request: Request, call: str) -> Reply:
    """Mails in one state, newest change first, by default in a state that has some, the held ones first; or all mails
    about one report.
    """
    person = authorise(request, call, "viewer", now())
    asked = get_call(call).call
    counts = outbox.counts_of(call)
    kind = next((one for one in FAMILIES if one == request.query.get("kind")), "")
    reference = request.query.get("reference", "").strip()
    if reference:
        listed = Listed(None, "", reference, outbox.page_about(call, reference))
    else:
        found = known_state(request.query.get("state", ""), MAIL_STATES)
        state = found if found is not None else next((one for one in ORDER if counts[one]), ORDER[-1])
        listed = Listed(state, kind, "", outbox.page_of(call, state, request.query.get("cursor", ""), family=kind))
    sending = outbox.sending(now(), call)
    if request.wants_html:
        return outbox_page(request, person, asked, listed, counts, sending)
    return json_reply(outbox_document(call, listed, counts, sending), headers=PRIVATE)


@door.serve("/organiser/calls/{call}/mails/send", "POST", about=outbox_operations.SEND)
def send_mails(request: Request, call: str) -> Reply:
    """Have held, failed or bounced mails sent (again): some, or all of a kind. Safe to repeat."""
    person = authorise(request, call, "moderator", now())
    get_call(call)
    posted = read_sending(request.headers.get("content-type", ""), request.body)
    at = now()
    sent: list[Entry] = []
    if posted.all is not None:
        audit(person, "mails-sent", call=call, detail=" ".join(filter(None, (posted.all, posted.kind))), now=at)
        cause = "prepared" if posted.all == "prepared" else ""
        outbox.ask_for_all(ReleaseJob(call, STATE_OF[posted.all], cause, stamp(at), family=posted.kind))
    else:
        for submission, kind in posted.mails:
            audit(person, "mail-sent", call=call, detail=kind, now=at, submission=submission)
        sent = outbox.send_now(call, posted.mails, at)
    if request.wants_html:
        asked = {"state": posted.state, "kind": posted.kind, "reference": posted.reference}
        done = {name: value for name, value in asked.items() if value} | {"done": posted.all or str(len(sent))}
        return see_other("../mails?" + urlencode(done), headers=PRIVATE)
    return json_reply({"mails": [name_of(one) for one in sent], "all": posted.all}, headers=PRIVATE)
