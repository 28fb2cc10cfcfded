"""The public routes: calls, the form, accepting."""

from __future__ import annotations

from chalicelib.calls.call import Call
from chalicelib.calls.schema import answers_schema
from chalicelib.calls.table import get_call, list_calls
from chalicelib.errors import NotFound, Refusal
from chalicelib.intake import operations
from chalicelib.intake.accept import Accepted, accept, check_open
from chalicelib.intake.after import page_after
from chalicelib.intake.bodies import Posted, read_body
from chalicelib.intake.call_page import call_document, call_page, calls_page
from chalicelib.intake.cors import check_origin, may_read
from chalicelib.intake.draft import clear_cookie, read_cookie
from chalicelib.intake.form_page import form_page
from chalicelib.intake.journey import open_draft
from chalicelib.intake.landscape_link import something_to_see
from chalicelib.intake.proof import offer_proof
from chalicelib.intake.table import delete_draft
from chalicelib.intake.tickets import issue_ticket, read_ticket
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings
from chalicelib.submissions import reference
from chalicelib.web.door import Door
from chalicelib.web.pages import render
from chalicelib.web.reply import FORM, PRIVATE, Reply, json_reply, page_reply, see_other
from chalicelib.web.request import Request

door = Door(__name__)


@door.serve("/", "GET", about=operations.RUNNING_CALLS)
def running_calls(request: Request) -> Reply:
    """The calls that are open now."""
    running = [one for one in list_calls() if one.call.phase(now()) == "open"]
    if request.wants_html:
        return page_reply(calls_page(running, request))
    return json_reply({"calls": [call_document(one, now()) for one in running]})


@door.serve("/health", "GET", about=operations.HEALTH)
def health(_request: Request) -> Reply:
    """200 when the app can read its calls; 503 otherwise (by `Unavailable`)."""
    return json_reply({"status": "ok", "calls": len(list_calls())}, headers={"Cache-Control": "no-store"})


@door.serve("/calls/{call}", "GET", may_read=may_read, about=operations.ONE_CALL)
def one_call(request: Request, call: str) -> Reply:
    """One call: a page for people, the public part of the definition for programs."""
    published = get_call(call)
    if request.wants_html:
        return page_reply(call_page(published, request.in_language_of(published.call.languages), now()))
    return json_reply(call_document(published, now()), headers={"Vary": "Accept"})


@door.serve("/calls/{call}/schema.json", "GET", may_read=may_read, about=operations.ANSWERS_SCHEMA)
def schema(request: Request, call: str) -> Reply:
    """The JSON Schema of the answers."""
    published = get_call(call)
    language = request.in_language_of(published.call.languages).language
    document = answers_schema(published, language=language, base=settings().public_url)
    return json_reply(document, headers={"Content-Type": "application/schema+json", "Vary": "Accept-Language"})


@door.serve("/calls/{call}/form", "GET", about=operations.FORM_PAGE)
def form(request: Request, call: str) -> Reply:
    """The form page, with a fresh ticket."""
    published = get_call(call)
    request = request.in_language_of(published.call.languages)
    # Not `no-store`: going back has to show this very page with its ticket, or sending again makes a second report.
    headers = FORM | {"Cache-Control": "private, no-cache"}
    return page_reply(form_page(published.call, request, keys=keys(), now=now()), headers=headers)


@door.serve("/calls/{call}/tickets", "POST", may_read=may_read, about=operations.TICKET)
def ticket(request: Request, call: str) -> Reply:
    """A ticket for a form elsewhere; ages in seconds."""
    asked = get_call(call).call
    check_origin(request, asked, public_url=settings().public_url)
    check_open(asked, now())
    given_out = issue_ticket(keys(), asked, now())
    offer = offer_proof(keys(), asked, given_out, now())
    document = {
        "ticket": given_out,
        "min_age": asked.policy.ticket_min_seconds,
        "max_age": asked.policy.ticket_max_seconds,
        "issued_at": stamp(now()),
        "proof_of_work": asked.policy.proof_of_work,
        "challenge": offer.challenge if offer else None,
    }
    return json_reply(document, status=201, headers=PRIVATE)


@door.serve("/calls/{call}/submissions", "POST", may_read=may_read, about=operations.SUBMIT)
def submit(request: Request, call: str) -> Reply:
    """Accept a submission; a refusal shows a browser its form again, with everything it typed."""
    published = get_call(call)
    request = request.in_language_of(published.call.languages)
    posted = read_body(request.headers.get("content-type", ""), request.body)
    try:
        check_origin(request, published.call, public_url=settings().public_url)
        accepted = accept(
            published,
            posted,
            idempotency_key=request.headers.get("idempotency-key"),
            language=request.language,
            keys=keys(),
            now=now(),
        )
    except Refusal as refusal:
        if not request.wants_html:
            raise
        log("refused", call=call, code=refusal.code, request=request.id)
        return _form_again(published.call, request, posted, refusal)
    return _accepted(accepted, published.call, request, named=posted.next)


def _form_again(call: Call, request: Request, posted: Posted, refusal: Refusal) -> Reply:
    page = form_page(call, request, keys=keys(), now=now(), posted=posted, refusal=refusal)
    return page_reply(page, status=refusal.status, headers=FORM | refusal.headers)


def _accepted(accepted: Accepted, call: Call, request: Request, *, named: str) -> Reply:
    submission = accepted.submission
    log(
        "accepted",
        call=submission.call,
        reference=submission.id,
        replayed=accepted.replayed,
        version=submission.form_version,
        request=request.id,
    )
    named = named if request.wants_html else ""
    location = page_after(call, named, reference=submission.reference, language=request.language)
    replayed = {"Idempotent-Replayed": "true"} if accepted.replayed else {}
    if request.wants_html:
        return see_other(location, headers=replayed)
    document = {
        "reference": submission.reference,
        "state": submission.state,
        "call": submission.call,
        "submitted_at": submission.submitted_at,
    }
    headers = PRIVATE | {"Location": location} | replayed
    return json_reply(document, status=200 if accepted.replayed else 201, headers=headers)


@door.serve("/calls/{call}/thanks/{shown}", "GET", about=operations.THANKS)
def thanks(request: Request, call: str, shown: str) -> Reply:
    """What happens next. Gives no rights and does not look for the report: a reference is no key."""
    published = get_call(call)
    submission_id = reference.read(shown)
    if submission_id is None:
        raise NotFound
    request = request.in_language_of(published.call.languages)
    seen = something_to_see(published.call)
    shown = reference.show(submission_id)
    page = render("intake/thanks.html", request, call=published.call, reference=shown, landscape=seen)
    return page_reply(page, headers=PRIVATE | _draft_done(published.call, submission_id, request))


def _draft_done(call: Call, submission_id: str, request: Request) -> dict[str, str]:
    """Delete the draft that this submission came from: here, so that accepting stays one write."""
    name = read_cookie(request.headers.get("cookie", ""), call.call)
    draft = open_draft(call, name, now())
    if draft is None or read_ticket(keys(), call, draft.ticket).submission_id != submission_id:
        return {}
    delete_draft(draft.digest)
    return {"Set-Cookie": clear_cookie(call.call)}
