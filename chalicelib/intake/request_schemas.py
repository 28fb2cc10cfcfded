"""What may be posted, as schemas for the OpenAPI document: exact for the calls it is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chalicelib.calls.patterns import EMAIL
from chalicelib.calls.schema import Schema, answers_object, form_object, step_object

if TYPE_CHECKING:
    from chalicelib.calls.call import Call

# What we sign is made of these characters. NUL and the like are refused before anything is read (400).
_SIGNED: Schema = {"type": ["string", "null"], "pattern": "^[!-~]*$"}
_TICKET = _SIGNED | {"description": "From `POST …/tickets`: one ticket, one report. A repeat gets the same reference."}
_ALTCHA = _SIGNED | {"description": "The solution of the ticket's challenge, in ALTCHA's own form (base 64 of JSON)."}
_OURS: Schema = {
    "_ticket": {"type": "string", "pattern": "^[!-~]*$"},
    "_altcha": {"type": "string", "pattern": "^[!-~]*$"},
    "_website": {"const": "", "description": "There to catch robots: leave it empty, or out."},
    "_next": {
        "type": "string",
        "pattern": r"^[^\u0000]*$",
        "description": "The name of a page that the call names, to go to after the post.",
    },
}
_MEANT = [True, "on", "true", "1"]


def _members(members: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": members, "required": list(required), "additionalProperties": False}


def report(calls: Sequence[Call]) -> Schema:
    """A report as JSON."""
    return _members({"answers": _any_of(calls, _answers), "ticket": _TICKET, "altcha": _ALTCHA}, "answers")


def report_form(calls: Sequence[Call]) -> Schema:
    """A report as a form post: the fields' ids are its names."""
    return _any_of(calls, lambda call: form_object(call, _language(call), beside=_OURS))


def change(calls: Sequence[Call]) -> Schema:
    """Other answers to a report. Its address stays: the link in the mail is the proof that it is the submitter's."""
    version = {"type": ["integer", "null"], "description": "That of the receipt; a change of another one is refused."}
    return _members({"answers": _any_of(calls, _answers_but_address), "version": version}, "answers")


def change_form(calls: Sequence[Call]) -> Schema:
    """Other answers as a form post."""
    beside = {"_version": {"type": "integer", "minimum": 0}}
    return _any_of(calls, lambda call: _without_address(form_object(call, _language(call), beside=beside), call))


ERASURE = _members({"confirm": {"enum": _MEANT}}, "confirm")
"""The word that erasing is meant."""

ERASURE_FORM = _members({"confirm": {"enum": _MEANT[1:]}}, "confirm")
LINKS = _members({"email": {"type": "string", "format": "idn-email", "pattern": EMAIL, "maxLength": 254}}, "email")
"""Where to send the links."""

ANY_STEP: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
STEP_FORM: Schema = {"type": "object", "description": "The fields of the step; their ids are the names."}


def step_forms(calls: Sequence[Call]) -> Schema:
    """What each step of the calls takes as a form post, by its id."""
    forms: dict[str, list[Schema]] = {}
    for call in calls:
        for step in call.form.steps:
            forms.setdefault(step.id, []).append(step_object(call, step, _language(call)))
    return {step: one[0] if len(one) == 1 else {"anyOf": one} for step, one in forms.items()}


def _answers(call: Call) -> Schema:
    return answers_object(call, _language(call))


def _answers_but_address(call: Call) -> Schema:
    return _without_address(_answers(call), call)


def _without_address(schema: Schema, call: Call) -> Schema:
    address = call.form.submitter_email
    return schema | {
        "properties": {name: one for name, one in schema["properties"].items() if name != address},
        "required": [name for name in schema["required"] if name != address],
    }


def _any_of(calls: Sequence[Call], schema: Callable[[Call], Schema]) -> Schema:
    """The schema for one of these calls; without any, an object that `/calls/{call}/schema.json` knows more about."""
    if not calls:
        return {"type": "object", "description": "See `/calls/{call}/schema.json`, or this document with `?call=`."}
    return schema(calls[0]) if len(calls) == 1 else {"anyOf": [schema(call) for call in calls]}


def _language(call: Call) -> str:
    # The document is English; where a call is not, its own first language.
    return "en" if "en" in call.languages else call.languages[0]
