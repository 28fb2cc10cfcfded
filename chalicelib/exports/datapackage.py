"""`datapackage.json`: a Frictionless Data Package (version 2) of the files, and of every column a Table Schema.

https://datapackage.org/standard/data-package/ · https://datapackage.org/standard/table-schema/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.exports.columns import BETWEEN, Column, columns, words
from chalicelib.exports.file_kinds import known
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.exports.export import Export, ExportFile

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
_RESOURCE = "https://datapackage.org/profiles/2.0/dataresource.json"
_CSV = "submissions.csv"
_EXCEL = "submissions-excel.csv"
_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


def data_package(published: PublishedCall, export: Export, files: Sequence[ExportFile]) -> dict[str, Any]:
    """The document, with every file of `files` as a resource."""
    call = published.call
    return {
        "$schema": PROFILE,
        "name": call.call,
        "id": f"{call.call}/{export.export_id}",
        "title": words(call.title, call.languages[0]),
        "description": words(call.intro, call.languages[0]),
        "version": f"{published.version}.0.0",
        "created": export.snapshot_at,
        "contributors": [
            {"title": words(call.organiser.name, call.languages[0]), "roles": ["publisher"]}
            | ({"path": call.organiser.url} if call.organiser.url else {})
        ],
        "resources": [_resource(call, one) for one in files],
    }


def _resource(call: Call, file: ExportFile) -> dict[str, Any]:
    kind, language = known(file.name), call.languages[0]
    resource: dict[str, Any] = {
        "$schema": _RESOURCE,
        "name": file.name.replace(".", "-"),
        "path": file.name,
        "title": file.name,
        "description": translate(language, kind.purpose),
        "format": file.name.rpartition(".")[2],
        "mediatype": kind.media_type,
        "encoding": "utf-8",
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
    }
    if file.name == _CSV:
        schema = {
            "fields": [_field(one, language) for one in columns(call)],
            "missingValues": [""],
            "primaryKey": ["reference"],
        }
        resource |= {"type": "table", "dialect": {"delimiter": ",", "lineTerminator": "\r\n"}, "schema": schema}
    elif file.name == _EXCEL:
        fields = [
            {"name": one.title(language), "type": "string", "description": words(one.about, language)}
            for one in columns(call)
        ]
        resource |= {"dialect": {"delimiter": ";", "lineTerminator": "\r\n"}}
        if len({one["name"] for one in fields}) == len(fields):
            resource |= {"type": "table", "schema": {"fields": fields, "missingValues": [""]}}
    return resource


def _field(column: Column, language: str) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.id, "title": column.title(language), "type": "string"}
    about = words(column.about, language)
    if about:
        field["description"] = about
    if column.kind == "moment":
        field |= {"type": "datetime", "format": _MOMENT}
    elif column.kind == "number":
        field["type"] = "integer"
    elif column.kind == "truth":
        field |= {"type": "boolean", "trueValues": ["true"], "falseValues": ["false"]}
    elif column.kind == "date":
        field["type"] = "date"
    elif column.kind == "codes":
        field |= {"type": "list", "delimiter": BETWEEN, "itemType": "string"}
    elif column.kind == "code":
        codes = [{"value": code, "label": words(texts, language)} for code, texts in column.labels.items()]
        field |= {"categories": codes, "constraints": {"enum": list(column.labels)}}
    return field
