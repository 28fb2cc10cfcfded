"""The JSON Schema of a call's answers (2020-12), from the same definition that judges them.

What the schema accepts we accept, and the other way round, but for what JSON Schema cannot say (a real calendar day, a
reachable host name) and for what we forgive (white space at the edges, `https://` left out).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.calls.judges import TEL, YEARS

if TYPE_CHECKING:
    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.calls.fields import Field

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FORMATS = {"email": "email", "date": "date", "url": "iri"}  # RFC 3987: people write umlauts in addresses


def answers_schema(published: PublishedCall, *, language: str, base: str) -> dict[str, Any]:
    """The schema of `answers`; titles and descriptions in `language`, `$id` below `base` (the app's public address)."""
    call = published.call
    return {
        "$schema": DIALECT,
        "$id": f"{base}/calls/{call.call}/schema.json",
        "title": call.title[language],
        "version": published.version,
        **answers_object(call, language),
    }


def answers_object(call: Call, language: str) -> dict[str, Any]:
    """The object schema alone, to be embedded elsewhere."""
    fields = call.fields.values()
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {one.id: _property(one, language) for one in fields},
        "required": [one.id for one in fields if one.required and one.show_if is None],
        "additionalProperties": False,
    }
    conditional = [_conditional(one) for one in fields if one.required and one.show_if is not None]
    return schema | ({"allOf": conditional} if conditional else {})


def _property(field: Field, language: str) -> dict[str, Any]:
    named: dict[str, Any] = {"title": field.label[language]}
    if field.help:
        named["description"] = field.help[language]
    return named | _kind(field, language)


def _kind(field: Field, language: str) -> dict[str, Any]:
    match field.type:
        case "choice":
            return {"oneOf": _options(field, language)}
        case "choices":
            least = max(field.min_choices or 0, 1 if field.required else 0)
            return _without_none({
                "type": "array",
                "items": {"oneOf": _options(field, language)},
                "uniqueItems": True,
                "minItems": least or None,
                "maxItems": field.max_choices,
            })  # fmt: skip
        case "year":
            return {"type": "integer", "minimum": field.min or YEARS[0], "maximum": field.max or YEARS[1]}
        case "consent":
            return {"type": "boolean"} | ({"const": True} if field.required else {})
        case _:
            return _without_none({
                "type": "string",
                "format": _FORMATS.get(field.type),
                "pattern": f"^{TEL}$" if field.type == "tel" else None,
                "minLength": field.min_length or (1 if field.required else None),
                "maxLength": field.longest,
            })  # fmt: skip


def _options(field: Field, language: str) -> list[dict[str, str]]:
    return [{"const": choice.id, "title": choice.label[language]} for choice in field.choices]


def _conditional(field: Field) -> dict[str, Any]:
    """Required only while another answer is as `show_if` says."""
    condition = field.show_if
    assert condition is not None
    wanted = {"contains": {"const": condition.has}} if condition.has is not None else {"const": condition.is_}
    return {
        "if": {"properties": {condition.field: wanted}, "required": [condition.field]},
        "then": {"required": [field.id]},
    }


def _without_none(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if value is not None}
