"""Lists that somebody kept before: bring one, say what its columns are, look at what was found, take it over.

All of it takes an owner: it brings in what its senders did not send themselves (decision 28).
"""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

from chalicelib.access.check import audit, authorise
from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.table import get_call
from chalicelib.errors import NotFound, Refusal
from chalicelib.imports import steps, storage, table
from chalicelib.imports.report import problems, problems_file, sample_file
from chalicelib.imports.sheet import ListTooLarge, ListUnreadable
from chalicelib.organisers import import_operations as operations
from chalicelib.organisers.import_bodies import Chosen, read_chosen, read_start
from chalicelib.organisers.import_document import import_document
from chalicelib.runtime.clock import now
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, json_reply, see_other, text_reply
from chalicelib.web.request import Request
from chalicelib.web.uploads import read_upload

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call
    from chalicelib.imports.storage import Findings
    from chalicelib.imports.taking import Import

door = Door(__name__)
_CSV = "text/csv; charset=utf-8"


@door.serve("/organiser/calls/{call}/imports", "GET", about=operations.LIST)
def list_imports(request: Request, call: str) -> Reply:
    """The newest imports, and the way to another one."""
    person = authorise(request, call, "owner", now())
    asked, found = get_call(call).call, table.newest(call, now())
    if request.wants_html:
        return _list_page(request, person, asked, found)
    documents = [import_document(asked, one, None, request.language) for one in found]
    return json_reply({"imports": documents}, headers=PRIVATE)


@door.serve("/organiser/calls/{call}/imports", "POST", about=operations.BRING)
def bring_list(request: Request, call: str) -> Reply:
    """Bring a list as CSV or XLSX, up to 5,000 rows and 4 MB: as the file of a form, or as the body itself."""
    person = authorise(request, call, "owner", now())
    asked = get_call(call).call
    upload = read_upload(request.headers.get("content-type", ""), request.body, field="file")
    try:
        taking = steps.bring(call, upload.content, file=upload.name, by=person.name, now=now(), chance=token_hex(3))
    except (ListUnreadable, ListTooLarge) as refusal:
        if not request.wants_html:
            raise
        return _list_page(request, person, asked, table.newest(call, now()), refusal)
    audit(person, "import-uploaded", call=call, detail=f"{taking.id} {taking.rows}", now=now())
    if request.wants_html:
        return see_other(f"imports/{taking.id}", headers=PRIVATE)
    document = import_document(asked, taking, None, request.language)
    return json_reply(document, status=201, headers=PRIVATE | {"Location": f"imports/{taking.id}"})


@door.serve("/organiser/calls/{call}/imports/{import_id}", "GET", about=operations.SHOW)
def show_import(request: Request, call: str, import_id: str) -> Reply:
    """How far it is, what was found in it, what became of its rows. That its rows were read is written down first."""
    person = authorise(request, call, "owner", now())
    taking = steps.find(call, import_id, now())
    if taking.state == "checked":
        audit(person, "import-read", call=call, detail=import_id, now=now())
    return _answer(request, person, get_call(call).call, taking)


@door.serve("/organiser/calls/{call}/imports/{import_id}/columns", "POST", about=operations.CHOOSE)
def choose_columns(request: Request, call: str, import_id: str) -> Reply:
    """Say which column answers which question; every row is checked by that, and nothing is taken over yet."""
    person = authorise(request, call, "owner", now())
    published, taking = get_call(call), steps.find(call, import_id, now())
    chosen = read_chosen(request, taking.names)
    try:
        taking = steps.choose(published, taking, chosen.read(published.call, taking.names), now=now())
    except AnswersInvalid as refusal:
        if not request.wants_html:
            raise
        return _page(request, person, published.call, taking, refusal=refusal, chosen=chosen)
    if request.wants_html:
        return see_other(f"../{import_id}", headers=PRIVATE)
    return json_reply(import_document(published.call, taking, None, request.language), status=202, headers=PRIVATE)


@door.serve("/organiser/calls/{call}/imports/{import_id}/start", "POST", about=operations.START)
def start_import(request: Request, call: str, import_id: str) -> Reply:
    """Take over the rows without errors, but for those that are left out. Repeating is harmless."""
    person = authorise(request, call, "owner", now())
    published, taking = get_call(call), steps.find(call, import_id, now())
    try:
        left = read_start(request)
    except AnswersInvalid as refusal:
        if not request.wants_html:
            raise
        return _page(request, person, published.call, taking, refusal=refusal)
    audit(person, "import-started", call=call, detail=f"{import_id} {taking.rows - len(left)}", now=now())
    taking = steps.start(published, taking, left, now=now())
    if request.wants_html:
        return see_other(f"../{import_id}", headers=PRIVATE)
    return json_reply(import_document(published.call, taking, None, request.language), status=202, headers=PRIVATE)


@door.serve("/organiser/calls/{call}/imports/{import_id}/cancel", "POST", about=operations.CANCEL)
def cancel_import(request: Request, call: str, import_id: str) -> Reply:
    """Stop it and delete the list. What was taken over stays. Repeating is harmless."""
    person = authorise(request, call, "owner", now())
    asked, taking = get_call(call).call, steps.find(call, import_id, now())
    if taking.state not in {"done", "cancelled"}:
        audit(person, "import-cancelled", call=call, detail=import_id, now=now())
    taking = steps.cancel(taking, now=now())
    if request.wants_html:
        return see_other(f"../{import_id}", headers=PRIVATE)
    return json_reply(import_document(asked, taking, None, request.language), headers=PRIVATE)


@door.serve("/organiser/calls/{call}/imports/{import_id}/problems.csv", "GET", about=operations.PROBLEMS)
def download_problems(request: Request, call: str, import_id: str) -> Reply:
    """Everything that is not taken over: row, column and reason, as a file; empty before the list was checked."""
    person = authorise(request, call, "owner", now())
    asked, taking = get_call(call).call, steps.find(call, import_id, now())
    findings = _findings(taking)
    audit(person, "import-problems-downloaded", call=call, detail=import_id, now=now())
    found = problems(asked, taking, findings, request.language) if findings else []
    return _file(problems_file(found, request.language), f"{call}-{import_id}-problems.csv")


@door.serve("/organiser/calls/{call}/imports.csv", "GET", about=operations.SAMPLE)
def download_sample(request: Request, call: str) -> Reply:
    """A list to fill in: the questions of the call as names of columns, and a row that shows how."""
    authorise(request, call, "owner", now())
    return _file(sample_file(get_call(call).call, request.language), f"{call}.csv")


def _file(text: str, name: str) -> Reply:
    return text_reply(text, _CSV, headers=PRIVATE | {"Content-Disposition": f'attachment; filename="{name}"'})


def _findings(taking: Import) -> Findings | None:
    """What a check found, as long as it is there."""
    if taking.checked is None:
        return None
    try:
        return storage.read_findings(taking)
    except NotFound:
        return None


def _answer(request: Request, person: Person, call: Call, taking: Import) -> Reply:
    if request.wants_html:
        return _page(request, person, call, taking)
    return json_reply(import_document(call, taking, _findings(taking), request.language), headers=PRIVATE)


def _page(
    request: Request,
    person: Person,
    call: Call,
    taking: Import,
    *,
    refusal: Refusal | None = None,
    chosen: Chosen | None = None,
) -> Reply:
    # Imported here: requests that answer JSON never need a page.
    from chalicelib.organisers.import_page import import_page

    return import_page(request, person, call, taking, _findings(taking), refusal=refusal, chosen=chosen)


def _list_page(
    request: Request, person: Person, call: Call, found: list[Import], refusal: Refusal | None = None
) -> Reply:
    from chalicelib.organisers.import_page import imports_page

    return imports_page(request, person, call, found, refusal)
