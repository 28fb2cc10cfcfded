"""One submission: everything about it, its public text, notes."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any

from chalicelib.access.check import audit, authorise
from chalicelib.access.table import audit_record
from chalicelib.calls.answers import AnswersInvalid, judge_public
from chalicelib.calls.table import get_call
from chalicelib.errors import N_, ChangedMeanwhile, FieldError, NotFound, Refusal
from chalicelib.notes.table import Note, notes_of
from chalicelib.organisers import detail_operations as operations
from chalicelib.organisers.deciding import Asked, edit
from chalicelib.organisers.detail import core_document, detail_document, find_one, gather
from chalicelib.organisers.just_decided import read_just_decided
from chalicelib.organisers.table import put_note
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.table import ConditionFailed
from chalicelib.web.bodies import BodyUnreadable, gathered, media_type, parse_json, read_members, read_pairs
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, json_reply, see_other
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call
    from chalicelib.submissions.submission import Submission

door = Door(__name__)
LONGEST_NOTE = 4000  # characters


@door.serve("/organiser/calls/{call}/submissions/{submission}", "GET", about=operations.SHOW)
def show_submission(request: Request, call: str, submission: str) -> Reply:
    """Everything about one submission; that it was read is written down first."""
    person = authorise(request, call, "viewer", now())
    asked = get_call(call).call
    found = find_one(asked, submission, now())
    audit(person, "submission-read", call=call, detail=None, now=now(), submission=found.id)
    if request.wants_html:
        return _page(request, person, asked, found)
    return json_reply(detail_document(asked, gather(asked, found)), headers=PRIVATE)


@door.serve("/organiser/calls/{call}/submissions/{submission}/published", "POST", about=operations.EDIT)
def edit_public_text(request: Request, call: str, submission: str) -> Reply:
    """Store the organisers' own copy of the public answers; the original stays. Public at once where it is accepted."""
    person = authorise(request, call, "moderator", now())
    asked = get_call(call).call
    found = find_one(asked, submission, now())
    given, version = _read_copy(request)
    try:
        copy = None if given is None else judge_public(asked, given, found.read_answers())
        stored = edit(asked, Asked(found.id, version), copy, by=person, now=now())
    except (AnswersInvalid, ChangedMeanwhile) as refusal:
        current = find_one(asked, submission, now())
        if request.wants_html:
            return _page(request, person, asked, current, given=given or {}, refusal=refusal)
        if isinstance(refusal, ChangedMeanwhile):
            raise ChangedMeanwhile(facts={"current": core_document(asked, current)}) from None
        raise
    if request.wants_html:
        return see_other(f"../{stored.reference}?saved=text#text", headers=PRIVATE)
    return json_reply(core_document(asked, stored), headers=PRIVATE)


@door.serve("/organiser/calls/{call}/submissions/{submission}/notes", "POST", about=operations.NOTE)
def add_note(request: Request, call: str, submission: str) -> Reply:
    """Write a note for the other organisers. It is erased with the submission, and its sender may ask for it."""
    person = authorise(request, call, "moderator", now())
    asked = get_call(call).call
    found = find_one(asked, submission, now())
    text = read_members(request.headers.get("content-type", ""), request.body, "text").get("text")
    words = text.strip() if isinstance(text, str) else ""
    if not 0 < len(words) <= LONGEST_NOTE:
        message = N_("Please write a note of 1 to %(most)s characters.")
        raise AnswersInvalid(errors=[FieldError("text", "length", message, {"most": LONGEST_NOTE})])
    _store_note(person, found, words.replace("\r\n", "\n"))
    if request.wants_html:
        return see_other(f"../{found.reference}?saved=note#notes", headers=PRIVATE)
    notes = [{"at": one.at.partition("#")[0], "who": one.who, "text": one.text} for one in notes_of(found.id)]
    return json_reply({"notes": notes}, headers=PRIVATE)


def _store_note(person: Person, submission: Submission, words: str) -> None:
    at = f"{stamp(now())}#{token_hex(4)}"
    subjects = ((f"submission#{submission.id}", None), (f"call#{submission.call}", submission.reference))
    lines = [
        audit_record(subject=subject, at=at, who=person.name, event="note-added", detail=detail)
        for subject, detail in subjects
    ]
    try:
        put_note(Note(submission.id, at, person.name, words), submission, lines)
    except ConditionFailed:
        # Erased meanwhile, unless it is our own write, repeated by the SDK after a lost reply.
        if all(one.at != at for one in notes_of(submission.id)):
            raise NotFound from None


def _read_copy(request: Request) -> tuple[dict[str, Any] | None, int | None]:
    """The answers (`None`: discard) and the version they are meant for."""
    content_type = request.headers.get("content-type", "")
    if media_type(content_type, request.body)[0] == "application/json":
        document = parse_json(request.body)
        if not isinstance(document, dict) or document.keys() - {"published", "version"} or "published" not in document:
            raise BodyUnreadable(N_("A JSON object with the member “published” was expected."))
        given, version = document["published"], document.get("version")
        good = given is None or isinstance(given, dict)
        if not good or not (version is None or (isinstance(version, int) and not isinstance(version, bool))):
            raise BodyUnreadable(N_("A JSON object with the member “published” was expected."))
        return given, version
    form = gathered(read_pairs(content_type, request.body))
    seen, discard = form.pop("_version", None), form.pop("_discard", None)
    number = int(seen) if isinstance(seen, str) and seen.isascii() and seen.isdigit() and len(seen) < 10 else None  # noqa: PLR2004 - a sane number
    return (None if discard else form), number


def _page(
    request: Request,
    person: Person,
    call: Call,
    submission: Submission,
    *,
    given: dict[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> Reply:
    # Imported here: requests that answer JSON never need a page.
    from chalicelib.organisers.detail_page import detail_page

    decided = read_just_decided(call, request.query)
    return detail_page(request, person, call, gather(call, submission), decided, given=given, refusal=refusal)
