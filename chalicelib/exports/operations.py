"""What the organisers' routes on exports take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from chalicelib.calls.schema import call_name
from chalicelib.errors import LoginNeeded, NotFound, Unavailable
from chalicelib.exports.export import ExportFile, ExportState, Progress
from chalicelib.web.operation import JSON, PAGE, Answer, Link, Operation


class ExportDocument(TypedDict):
    """An export; times are UTC. `counts` and `files` are there once it is ready, `cause` when something went wrong,
    `unchanged_at` when a nightly run found nothing new since, `deleted_at` when its files were deleted. `pushed_at`:
    when the city's own bucket had its copy; until then `push_fails_since` and `push_cause` where that goes wrong.
    """

    call: str
    export_id: str
    state: ExportState
    snapshot_at: str
    finished_at: str | None
    requested_by: str
    progress: Progress
    counts: NotRequired[dict[str, int]]
    files: NotRequired[list[ExportFile]]
    unchanged_at: NotRequired[str]
    deleted_at: NotRequired[str]
    pushed_at: NotRequired[str]
    push_fails_since: NotRequired[str]
    push_cause: NotRequired[str]
    cause: NotRequired[str]


class ExportsDocument(TypedDict):
    """The newest exports of a call."""

    exports: list[ExportDocument]


_NAME = {"type": "string", "pattern": "^[0-9A-Za-z._-]+$"}
_TEXT = {"type": "string"}
_CALL = {"call": call_name}
_EXPORT = _CALL | {"export_id": _NAME}
_REFUSES = (LoginNeeded, NotFound, Unavailable)

_THERE = Answer("Browsers: look there.", headers={"Location": "The export's page, relative to this address."})

LIST = Operation(
    room="exports", names=_CALL, login=True, refuses=_REFUSES,
    gives={200: Answer("The exports, newest first.", {JSON: ExportsDocument, PAGE: _TEXT})},
)  # fmt: skip
START = Operation(
    room="exports", names=_CALL, login=True, refuses=_REFUSES,
    gives={
        202: Answer(
            "It is asked for.",
            {JSON: ExportDocument},
            {"Location": "Where to watch it, relative to this address."},
            (Link(
                "show_export",
                "Watch it.",
                {"call": "$request.path.call", "export_id": "$response.body#/export_id"},
            ),),
        ),
        303: _THERE,
    },
)  # fmt: skip
SHOW = Operation(
    room="exports", names=_EXPORT, login=True, refuses=_REFUSES,
    gives={200: Answer("The export as it is now.", {JSON: ExportDocument, PAGE: _TEXT})},
)  # fmt: skip
CANCEL = Operation(
    room="exports", names=_EXPORT, login=True, refuses=_REFUSES,
    gives={200: Answer("The export as it is now.", {JSON: ExportDocument}), 303: _THERE},
)  # fmt: skip
PUBLIC = Operation(
    room="exports", names=_CALL, refuses=(NotFound, Unavailable),
    gives={200: Answer("As of the newest export.", {JSON: {"type": "object"}})},
)  # fmt: skip
PUBLIC_LD = Operation(
    room="exports", names=_CALL, refuses=(NotFound, Unavailable),
    gives={200: Answer("As of the newest export.", {"application/ld+json": {"type": "object"}})},
)  # fmt: skip
DOWNLOAD = Operation(
    room="exports", names=_EXPORT | {"name": _NAME}, login=True, refuses=_REFUSES,
    gives={302: Answer("The file is there, for a minute.", headers={"Location": "A link that is good for a minute."})},
)  # fmt: skip
SCHEMA = Operation(
    room="exports",
    names={"name": _NAME},
    gives={200: Answer("A JSON Schema (2020-12).", {"application/schema+json": {"type": "object"}})},
    refuses=(NotFound,),
)
