"""An import as JSON. Values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from chalicelib.imports.report import problems
from chalicelib.imports.rows import guess

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.imports.storage import Findings
    from chalicelib.imports.taking import Import
    from chalicelib.organisers.import_operations import ImportDocument, ProblemDocument

MOST_SHOWN = 100  # problems, and rows that look like something else; all of them stand in the file


def import_document(call: Call, taking: Import, findings: Findings | None, language: str) -> ImportDocument:
    """The document; with `findings` the first problems and likely duplicates."""
    columns = taking.columns
    fields = columns.fields if columns else guess(call, taking.names)
    document: ImportDocument = {
        "call": taking.call,
        "import_id": taking.id,
        "state": taking.state,
        "file": taking.file,
        "rows": taking.rows,
        "done": len(taking.outcomes),
        "requested_by": taking.by,
        "created_at": taking.created_at,
        "columns": [{"name": name, "field": field or None} for name, field in zip(taking.names, fields, strict=True)],
        "fixed": columns.fixed if columns else {},
        "language": columns.language if columns else call.languages[0],
        "counts": counts_of(taking),
    }
    if findings is not None:
        found = problems(call, taking, findings, language)
        document["problems_total"] = len(found)
        document["problems"] = cast("list[ProblemDocument]", msgspec.to_builtins(found[:MOST_SHOWN]))
        document["likely_duplicates"] = [
            {
                "row": one.row,
                "title": one.title,
                "score": one.score,
                "reasons": one.reasons,
                "reference": one.reference or None,
                "other_row": one.other or None,
            }
            for one in findings.alike[:MOST_SHOWN]
        ]
    if taking.cause:
        document["cause"] = taking.cause
    return document


def counts_of(taking: Import) -> dict[str, int]:
    """Rows by what became of them, or would become by the check."""
    if taking.outcomes or taking.checked is None:
        return taking.counts()
    return taking.checked.counts
