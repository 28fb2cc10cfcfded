"""The JSON Schema of a call's answers (2020-12), from the same definition that judges them.

What the schema accepts we accept, white space at the edges and all, but for what JSON Schema cannot say: lengths are
those of the text in Unicode's normal form C, a day has to be one of the calendar. The other way round we forgive a
little more than it says: `knows` with a blank beside it, a choice sent twice, a year in quotes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.calls.judges import YEARS
from chalicelib.calls.patterns import BLANK, DATE, EMAIL, TEL, URL, text_pattern

if TYPE_CHECKING:
    from chalicelib.calls.call import Call, PublishedCall, Step
    from chalicelib.calls.fields import Field

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FORMATS = {"email": "idn-email", "date": "date"}  # none for `url`: `https://` may be left out
_PATTERNS = {"email": EMAIL, "date": DATE, "url": URL, "tel": TEL}
# What says nothing is no answer, whatever the field: a script may send its empty values.
UNANSWERED: Schema = {"type": ["null", "string", "array"], "pattern": BLANK, "items": {"const": ""}}
_UNFILLED: Schema = {"type": "string", "pattern": BLANK}
# What is not asked may hold anything, it is dropped; but NUL is refused before anything is read.
_DROPPED: Schema = {"pattern": r"^[^\u0000]*$"}
_TICKED = ("on", "true", "1")


def call_name(calls: Sequence[Call]) -> Schema:
    """The name of a call as it stands in addresses: the one there is, or some to try."""
    if len(calls) == 1:
        return {"const": calls[0].call}
    return {"type": "string", "pattern": "^[a-z0-9-]{3,40}$"} | (
        {"examples": [one.call for one in calls]} if calls else {}
    )


def answers_schema(published: PublishedCall, *, language: str, base: str) -> Schema:
    """The schema of `answers`; titles and descriptions in `language`, `$id` below `base` (the app's public address)."""
    call = published.call
    return {
        "$schema": DIALECT,
        "$id": f"{base}/calls/{call.call}/schema.json",
        "title": call.title[language],
        "version": published.version,
        **answers_object(call, language),
    }


def answers_object(call: Call, language: str) -> Schema:
    """The object schema of answers in JSON, to be embedded elsewhere."""
    return _object(call, call.fields, language, lambda field: _in_json(field, language))


def form_object(call: Call, language: str, *, beside: Schema) -> Schema:
    """The object schema of a form post: the fields' ids are its names, `beside` them those that are not the call's."""
    schema = _object(call, call.fields, language, lambda field: _in_form(field, language))
    return schema | {"properties": schema["properties"] | beside}


def step_object(call: Call, step: Step, language: str) -> Schema:
    """The object schema of one step, posted as a form. What depends on another step may be asked or not."""
    asked = {field.id: field for field in step.fields}
    return _object(call, asked, language, lambda field: _in_form(field, language))


def _object(call: Call, asked: Mapping[str, Field], language: str, kind: Callable[[Field], Schema]) -> Schema:
    fields = asked.values()
    schema: Schema = {
        "type": "object",
        "properties": dict.fromkeys(call.policy.ignore_fields, _DROPPED)
        | {one.id: _named(one, language) | (kind(one) if one.show_if is None else _DROPPED) for one in fields},
        "required": [one.id for one in fields if one.required and one.show_if is None],
        "additionalProperties": False,
    }
    conditional = [_conditional(one, kind(one)) for one in fields if one.show_if and one.show_if.field in asked]
    return schema | ({"allOf": conditional} if conditional else {})


def _named(field: Field, language: str) -> Schema:
    return {"title": field.label[language]} | ({"description": field.help[language]} if field.help else {})


def _conditional(field: Field, kind: Schema) -> Schema:
    """Asked only while another answer is as `show_if` says."""
    condition = field.show_if
    assert condition is not None
    wanted = {"contains": {"const": condition.has}} if condition.has is not None else {"const": condition.is_}
    asked = {"properties": {field.id: kind}} | ({"required": [field.id]} if field.required else {})
    return {"if": {"properties": {condition.field: wanted}, "required": [condition.field]}, "then": asked}


def _in_json(field: Field, language: str) -> Schema:
    match field.type:
        case "choices":
            kind = _several(field, {"oneOf": _options(field, language)})
        case "consent":
            kind = {"type": "boolean"} | ({"const": True} if field.required else {})
        case _:
            kind = _single(field, language)
    return kind if field.required else {"anyOf": [kind, UNANSWERED]}


def _in_form(field: Field, language: str) -> Schema:
    match field.type:
        case "choices":
            # A single tick is one value, several are a name that comes several times.
            kind = _several(field, {"oneOf": _options(field, language)})
        case "consent":
            kind = {"enum": list(_TICKED)}
        case _:
            kind = _single(field, language)
    return kind if field.required else {"anyOf": [kind, _UNFILLED]}


def _single(field: Field, language: str) -> Schema:
    match field.type:
        case "choice":
            return {"oneOf": _options(field, language)}
        case "year":
            return {"type": "integer", "minimum": field.min or YEARS[0], "maximum": field.max or YEARS[1]}
        case "text" | "textarea" | "place":
            pattern = text_pattern(field.min_length or 1, several_lines=field.type == "textarea")
        case _:
            pattern = _PATTERNS[field.type]
    return _without_none({
        "type": "string",
        "format": _FORMATS.get(field.type),
        "pattern": pattern,
        "minLength": field.min_length or (1 if field.required else None),
        "maxLength": field.longest,
    })  # fmt: skip


def _several(field: Field, option: Schema) -> Schema:
    return _without_none({
        "type": "array",
        "items": option,
        # Twice is once to us; where they are counted, the schema has to say so.
        "uniqueItems": True if field.min_choices or field.max_choices else None,
        "minItems": max(field.min_choices or 0, 1 if field.required else 0) or None,
        "maxItems": field.max_choices,
    })  # fmt: skip


def _options(field: Field, language: str) -> list[dict[str, str]]:
    return [{"const": choice.id, "title": choice.label[language]} for choice in field.choices]


def _without_none(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if value is not None}
