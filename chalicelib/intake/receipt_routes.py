"""The routes of the receipt: the submitter's own page, and what may be done there."""

from __future__ import annotations

from urllib.parse import quote

from chalicelib.intake import receipt
from chalicelib.intake.receipt_page import receipt_page
from chalicelib.runtime.clock import now
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, json_reply, page_reply, see_other
from chalicelib.web.request import Request

door = Door(__name__)


@door.serve("/receipts/{token}", "GET")
def show_receipt(request: Request, token: str) -> Reply:
    """The submitter's page. Looking changes nothing: mail scanners follow links too."""
    published, submission = receipt.open_receipt(keys(), token, now())
    mails = receipt.mails_of(submission)
    if request.wants_html:
        request = request.in_language_of(published.call.languages)
        return page_reply(receipt_page(published.call, submission, mails, request, token=token), headers=PRIVATE)
    return json_reply(receipt.receipt_document(submission, mails), headers=PRIVATE)


@door.serve("/receipts/{token}/confirm", "POST")
def confirm_receipt(request: Request, token: str) -> Reply:
    """Confirm the address."""
    _published, submission = receipt.confirm(keys(), token, now())
    log("confirmed", call=submission.call, reference=submission.id, state=submission.state, request=request.id)
    if request.wants_html:
        language = request.query.get("lang")
        return see_other(f"../{quote(token, safe='')}" + (f"?lang={quote(language)}" if language else ""))
    return json_reply(receipt.receipt_document(submission, receipt.mails_of(submission)), headers=PRIVATE)
