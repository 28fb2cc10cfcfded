"""Exports for organisers and programs: ask for one, watch it, download its files. And the schemas of the files."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec

from chalicelib.access.check import audit, authorise
from chalicelib.calls.table import get_call
from chalicelib.errors import NotFound
from chalicelib.exports import operations, storage, table
from chalicelib.exports.export import Export, export_name
from chalicelib.exports.nightly import request_export
from chalicelib.exports.pages import export_page, exports_page
from chalicelib.runtime.clock import now, stamp
from chalicelib.web.door import Door
from chalicelib.web.reply import PRIVATE, Reply, found, json_reply, see_other, text_reply
from chalicelib.web.request import Request

door = Door(__name__)
SCHEMAS = Path(__file__).parent / "schemas"


@door.serve("/organiser/calls/{call}/exports", "GET", about=operations.LIST)
def list_exports(request: Request, call: str) -> Reply:
    """The newest exports."""
    person = authorise(request, call, "viewer", now())
    published, exports = get_call(call), table.newest(call)
    if request.wants_html:
        return exports_page(request, person, published.call, exports)
    return json_reply({"exports": [_document(one) for one in exports]}, headers=PRIVATE)


@door.serve("/organiser/calls/{call}/exports", "POST", about=operations.START)
def start_export(request: Request, call: str) -> Reply:
    """Ask for an export now: 202 for programs, 303 for browsers. It is built by the worker."""
    person = authorise(request, call, "viewer", now())
    published, export_id = get_call(call), export_name(now(), token_hex(3))
    audit(person, "export-requested", call=call, detail=export_id, now=now())
    export = request_export(published, export_id=export_id, requested_by=person.name, now=now())
    if request.wants_html:
        return see_other(f"exports/{export.export_id}", headers=PRIVATE)
    return json_reply(_document(export), status=202, headers=PRIVATE | {"Location": f"exports/{export.export_id}"})


@door.serve("/organiser/calls/{call}/exports/{export_id}", "GET", about=operations.SHOW)
def show_export(request: Request, call: str, export_id: str) -> Reply:
    """State, progress, counts and files."""
    person = authorise(request, call, "viewer", now())
    export = _find(call, export_id)
    if request.wants_html:
        return export_page(request, person, get_call(call).call, export)
    return json_reply(_document(export), headers=PRIVATE)


@door.serve("/organiser/calls/{call}/exports/{export_id}/cancel", "POST", about=operations.CANCEL)
def cancel_export(request: Request, call: str, export_id: str) -> Reply:
    """Stop an export that is not ready yet. Safe to repeat; one that has ended stays as it is."""
    person = authorise(request, call, "viewer", now())
    export = _find(call, export_id)
    if not table.ended(export):
        audit(person, "export-cancelled", call=call, detail=export_id, now=now())
        export = table.cancel(call, export_id, at=stamp(now())) or _find(call, export_id)
    if request.wants_html:
        return see_other(f"../{export_id}", headers=PRIVATE)
    return json_reply(_document(export), headers=PRIVATE)


@door.serve("/organiser/calls/{call}/exports/{export_id}/files/{name}", "GET", about=operations.DOWNLOAD)
def download(request: Request, call: str, export_id: str, name: str) -> Reply:
    """A link that lives for a minute; every download is written down first."""
    person = authorise(request, call, "viewer", now())
    export = _find(call, export_id)
    if not export.available or name not in _file_names(export):
        raise NotFound
    audit(person, "export-downloaded", call=call, detail=f"{export_id}/{name}", now=now())
    return found(storage.download_link(export, name), headers=PRIVATE)


@door.serve("/calls/{call}/balance.json", "GET", about=operations.PUBLIC)
def show_balance(_request: Request, call: str) -> Reply:
    """The balance of the newest export: received, stored, exported, mails. Nothing of single reports."""
    return _public(call, "balance.json", "application/json")


@door.serve("/calls/{call}/dcat.jsonld", "GET", about=operations.PUBLIC_LD)
def show_catalogue_entry(_request: Request, call: str) -> Reply:
    """The landscape as a dataset for open-data portals (DCAT-AP.de 3.0), as of the newest export."""
    return _public(call, "dcat.jsonld", "application/ld+json")


def _public(call: str, name: str, content_type: str) -> Reply:
    """A file of the newest export that is for everybody. Raises `NotFound` while there is none."""
    get_call(call)
    content = storage.read_latest(call, name)
    if content is None:
        raise NotFound
    headers = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    return text_reply(content.decode(), content_type, headers=headers)


@door.serve("/schemas/{name}", "GET", about=operations.SCHEMA)
def file_schema(_request: Request, name: str) -> Reply:
    """A published JSON Schema. They carry a version and only grow."""
    known = {path.name: path for path in SCHEMAS.glob("*.json")}
    if name not in known:
        raise NotFound
    headers = {"Cache-Control": "public, max-age=86400", "Access-Control-Allow-Origin": "*"}
    return text_reply(known[name].read_text(encoding="utf-8"), "application/schema+json", headers=headers)


def _find(call: str, export_id: str) -> Export:
    export = table.find(call, export_id)
    if export is None:
        raise NotFound
    return export


def _file_names(export: Export) -> set[str]:
    return {one.name for one in export.summary.files} | {"manifest.json"} if export.summary else set()


def _document(export: Export) -> dict[str, Any]:
    document: dict[str, Any] = {
        "call": export.call,
        "export_id": export.export_id,
        "state": export.state,
        "snapshot_at": export.snapshot_at,
        "finished_at": export.finished_at,
        "requested_by": export.requested_by,
        "progress": msgspec.to_builtins(export.progress),
    }
    if export.summary is not None:
        document |= {"counts": export.summary.counts, "files": msgspec.to_builtins(export.summary.files)}
    for name in ("unchanged_at", "deleted_at", "pushed_at", "push_fails_since", "push_cause"):
        if getattr(export, name):
            document[name] = getattr(export, name)
    if export.cause:
        document["cause"] = export.cause
    return document
