"""The routes of the receipt: the submitter's own page, what may be done there, and the way back to a lost link."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import quote, urlencode

import msgspec

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.table import get_call, list_calls
from chalicelib.errors import ChangedMeanwhile, NotFound, Refusal
from chalicelib.intake import receipt
from chalicelib.intake import receipt_operations as about
from chalicelib.intake.links import ask_for_links
from chalicelib.intake.receipt_bodies import EraseUnconfirmed, check_erasure, read_change
from chalicelib.intake.receipt_data import held_data
from chalicelib.intake.receipt_page import change_page, erase_page, erased_page, missing_page, receipt_page
from chalicelib.runtime.clock import now
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.submissions.changes import NotPossible, possible
from chalicelib.submissions.submission import Erased, Submission
from chalicelib.web.bodies import read_members
from chalicelib.web.door import Door
from chalicelib.web.pages import render
from chalicelib.web.problems import field_messages, problem_document
from chalicelib.web.reply import PRIVATE, Reply, json_reply, page_reply, see_other
from chalicelib.web.request import Request

door = Door(__name__)
View = Callable[[Request, str], Reply]


def helpful(view: View) -> View:
    """A view whose refusals help people on: to a new link, or to what is left of an erased report."""

    @wraps(view)
    def helping(request: Request, token: str) -> Reply:
        try:
            return view(request, token)
        except (Erased, NotFound) as refusal:
            if not request.wants_html:
                raise
            if isinstance(refusal, NotFound):
                return page_reply(missing_page(list_calls(), refusal, request), status=404, headers=PRIVATE)
            call = get_call(str(refusal.facts["call"])).call
            page = erased_page(call, refusal, request.in_language_of(call.languages))
            return page_reply(page, status=refusal.status, headers=PRIVATE)

    return helping


@door.serve("/receipts/{token}", "GET", about=about.SHOW)
@helpful
def show_receipt(request: Request, token: str) -> Reply:
    """The submitter's page. Looking changes nothing: mail scanners follow links too."""
    published, submission = receipt.open_receipt(keys(), token, now())
    mails = receipt.mails_of(submission)
    if request.wants_html:
        request = request.in_language_of(published.call.languages)
        return page_reply(receipt_page(published.call, submission, mails, request, token=token), headers=PRIVATE)
    return json_reply(receipt.receipt_document(submission, mails), headers=PRIVATE)


@door.serve("/receipts/{token}/confirm", "POST", about=about.CONFIRM)
@helpful
def confirm_receipt(request: Request, token: str) -> Reply:
    """Confirm the address."""
    _published, submission = receipt.confirm(keys(), token, now())
    return _done("confirmed", submission, request, token)


@door.serve("/receipts/{token}/change", "GET", about=about.SHOW_CHANGE)
@helpful
def show_change(request: Request, token: str) -> Reply:
    """The form with the answers as they are."""
    published, submission = receipt.open_receipt(keys(), token, now())
    if "change" not in possible(submission.state):
        raise NotPossible(facts=receipt.current_facts(submission))
    request = request.in_language_of(published.call.languages)
    return page_reply(change_page(published.call, submission, request, token=token), headers=PRIVATE)


@door.serve("/receipts/{token}/change", "POST", about=about.CHANGE)
@helpful
def change_receipt(request: Request, token: str) -> Reply:
    """Replace the answers; a refusal shows a browser its form again, with everything it typed."""
    published, submission = receipt.open_receipt(keys(), token, now())
    request = request.in_language_of(published.call.languages)
    posted = read_change(request.headers.get("content-type", ""), request.body)
    try:
        after = receipt.change(
            published, submission, posted.answers, version=posted.version, language=request.language, now=now()
        )
    except (AnswersInvalid, ChangedMeanwhile) as refusal:
        if not request.wants_html:
            raise
        log("refused", call=submission.call, code=refusal.code, request=request.id)
        if isinstance(refusal, ChangedMeanwhile):
            _published, submission = receipt.open_receipt(keys(), token, now())
        page = change_page(published.call, submission, request, token=token, given=posted.answers, refusal=refusal)
        return page_reply(page, status=refusal.status, headers=PRIVATE)
    return _done("changed" if after.version != submission.version else "unchanged", after, request, token)


@door.serve("/receipts/{token}/withdraw", "POST", about=about.WITHDRAW)
@helpful
def withdraw_receipt(request: Request, token: str) -> Reply:
    """Withdraw the report."""
    published, submission = receipt.open_receipt(keys(), token, now())
    return _done("withdrawn", receipt.withdraw(published, submission, now()), request, token)


@door.serve("/receipts/{token}/erase", "GET", about=about.SHOW_ERASE)
@helpful
def show_erase(request: Request, token: str) -> Reply:
    """What erasing means, before it is done."""
    published, submission = receipt.open_receipt(keys(), token, now())
    request = request.in_language_of(published.call.languages)
    return page_reply(erase_page(published.call, submission, request, token=token), headers=PRIVATE)


@door.serve("/receipts/{token}/erase", "POST", about=about.ERASE)
@helpful
def erase_receipt(request: Request, token: str) -> Reply:
    """Erase the report, once somebody said that it is meant. Repeating completes what was cut short."""
    try:
        check_erasure(request.headers.get("content-type", ""), request.body)
    except EraseUnconfirmed as refusal:
        if not request.wants_html:
            raise
        published, submission = receipt.open_receipt(keys(), token, now())
        request = request.in_language_of(published.call.languages)
        page = erase_page(published.call, submission, request, token=token, refusal=refusal)
        return page_reply(page, status=refusal.status, headers=PRIVATE)
    _published, tombstone = receipt.erase(keys(), token, now())
    log("erased", call=tombstone.call, reference=tombstone.id, request=request.id)
    if request.wants_html:
        return see_other(_way_back(request, token))
    return json_reply(receipt.receipt_document(tombstone, []) | receipt.erased_facts(tombstone), headers=PRIVATE)


@door.serve("/receipts/{token}/data.json", "GET", about=about.DATA)
@helpful
def show_data(request: Request, token: str) -> Reply:
    """Everything that is held about the report, as a file."""
    published, submission = receipt.open_receipt(keys(), token, now())
    language = request.in_language_of(published.call.languages).language
    document = msgspec.json.format(msgspec.json.encode(held_data(submission, language)), indent=2).decode()
    attached = f'attachment; filename="{submission.call}-{submission.reference}.json"'
    headers = PRIVATE | {"Content-Type": "application/json", "Content-Disposition": attached}
    return Reply(200, json_reply({}, headers=headers).headers, document + "\n")


@door.serve("/calls/{call}/links", "GET", about=about.SHOW_LINKS)
def show_links(request: Request, call: str) -> Reply:
    """Where one asks for lost links."""
    published = get_call(call)
    return page_reply(_links_page(call, request.in_language_of(published.call.languages)))


@door.serve("/calls/{call}/links", "POST", about=about.SEND_LINKS)
def send_links(request: Request, call: str) -> Reply:
    """Send the links to an address: the same answer whether or not there are any."""
    published = get_call(call)
    request = request.in_language_of(published.call.languages)
    given: dict[str, object] = {}
    try:
        given = read_members(request.headers.get("content-type", ""), request.body, "email")
        ask_for_links(published.call, given.get("email"), keys=keys(), now=now())
    except AnswersInvalid as refusal:
        if not request.wants_html:
            raise
        page = _links_page(call, request, given=given.get("email"), refusal=refusal)
        return page_reply(page, status=refusal.status, headers=PRIVATE)
    log("links-asked", call=call, request=request.id)
    if request.wants_html:
        return see_other(f"links/sent?lang={quote(request.language)}")
    return json_reply({"call": call, "state": "asked"}, status=202, headers=PRIVATE)


@door.serve("/calls/{call}/links/sent", "GET", about=about.LINKS_SENT)
def links_sent(request: Request, call: str) -> Reply:
    """What follows: a mail, if there is something to send."""
    published = get_call(call)
    request = request.in_language_of(published.call.languages)
    return page_reply(render("intake/links_sent.html", request, call=published.call))


def _links_page(call: str, request: Request, *, given: object = None, refusal: Refusal | None = None) -> str:
    messages = field_messages(refusal.errors, request.language) if refusal else []
    return render(
        "intake/links.html",
        request,
        call=get_call(call).call,
        given=given if isinstance(given, str) else "",
        messages=messages,
        problem=problem_document(refusal, request) if refusal else None,
    )


def _done(what: str, submission: Submission, request: Request, token: str) -> Reply:
    log(what, call=submission.call, reference=submission.id, state=submission.state, request=request.id)
    if request.wants_html:
        # The page of a confirmed report says so by itself.
        return see_other(_way_back(request, token, **({"done": what} if what != "confirmed" else {})))
    return json_reply(receipt.receipt_document(submission, receipt.mails_of(submission)), headers=PRIVATE)


def _way_back(request: Request, token: str, **query: str) -> str:
    """From one of its actions to the receipt itself, relative."""
    if "lang" in request.query:
        query["lang"] = request.query["lang"]
    return f"../{quote(token, safe='')}" + (f"?{urlencode(query)}" if query else "")
