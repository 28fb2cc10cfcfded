"""Answers: normalised and judged by the call's own definition.

The same answers always normalise to the same value, so that a repeat can be told from a change. Rules: design document
"Interfaces", *Normalising*; white space is Unicode's `White_Space` property (UAX #44).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar
from unicodedata import normalize

from chalicelib.calls.call import holds
from chalicelib.calls.judges import JUDGES, Wrong
from chalicelib.errors import N_, FieldError, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chalicelib.calls.call import Call, Step
    from chalicelib.calls.fields import Field

Answer = str | int | bool | list[str]
Answers = dict[str, Answer]

_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACES = re.compile(f"[{_SPACE}]+")
_EDGES = re.compile(f"^[{_SPACE}]+|[{_SPACE}]+$")
_LINE_ENDS = re.compile("\r\n?|\x85|\u2028|\u2029")
# Explicit directional embeddings, overrides and isolates (UAX #9, 2.1-2.2): they make a text show what it does not say.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Those, and Unicode's control characters (category Cc, which will not grow): looked for in one go, since nearly no text
# has any.
_SUSPECT = re.compile(f"[\x00-\x1f\x7f-\x9f{''.join(sorted(_BIDI))}]")
# In a single line nothing else may break it; in several lines only `\n` and tab may stand among the text.
_MULTILINE = frozenset({"textarea"})


class AnswersInvalid(Refusal):
    """At least one answer breaks a rule of the call; `errors` name each field."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "answers-invalid"
    title: ClassVar[str] = N_("Some answers need another look.")
    message: ClassVar[str] = N_("Please correct the fields named below and send the form again. Nothing was saved yet.")


def judge(call: Call, given: Mapping[str, object]) -> Answers:
    """The normalised answers, keys in the order of the form, unanswered fields left out.

    `given` holds what came in, by field id: strings, lists of strings, integers and booleans, as JSON has them.
    Answers to fields that are not asked (`show_if`) are dropped; names in the call's `ignore_fields` too.
    Raises `AnswersInvalid` naming every field that is wrong.
    """
    return _judge(call, call.fields, given, {})


def judge_step(call: Call, step: Step, given: Mapping[str, object], earlier: Answers) -> Answers:
    """`earlier` with the answers of `step` judged anew, those of other steps as they are. Raises `AnswersInvalid`."""
    own = {field.id for field in step.fields}
    return _judge(call, step.fields, given, {name: answer for name, answer in earlier.items() if name not in own})


def public_part(call: Call, answers: Mapping[str, Answer]) -> Answers:
    """The answers to public fields, in the order of the form."""
    return {name: answers[name] for name, field in call.fields.items() if field.public and name in answers}


def judge_public(call: Call, given: Mapping[str, object], answers: Answers) -> Answers:
    """The normalised answers of `given` to the public fields, judged beside the private ones of `answers`.

    Raises `AnswersInvalid`; a field that is not public is unknown here.
    """
    public = [field for field in call.fields.values() if field.public]
    private = {name: answer for name, answer in answers.items() if name in call.fields and not call.fields[name].public}
    return public_part(call, _judge(call, public, given, private))


def _judge(
    call: Call, fields: Iterable[Field] | dict[str, Field], given: Mapping[str, object], earlier: Answers
) -> Answers:
    asked = fields if isinstance(fields, dict) else {field.id: field for field in fields}
    errors = [
        FieldError(name, "unknown-field", N_("This call has no such field."))
        for name in given
        if name not in asked and name not in call.policy.ignore_fields
    ]
    answers = dict(earlier)
    for field in asked.values():
        if field.show_if is not None and not holds(field.show_if, dict(answers)):
            continue
        try:
            answer = judge_field(field, given.get(field.id))
        except Wrong as wrong:
            errors.append(FieldError(field.id, wrong.code, wrong.message, wrong.details))
        else:
            if answer is not None:
                answers[field.id] = answer
    if errors:
        raise AnswersInvalid(errors=errors)
    return answers


def judge_field(field: Field, given: object) -> Answer | None:
    """One normalised answer, or `None` where there is none. Raises `Wrong`."""
    if given is None and not field.required:
        return None
    cleaned = _clean(field, given)
    # Compared one by one: 0 and False are equal in Python, and the year 0 is an answer (a wrong one).
    if cleaned is None or cleaned in ("", []) or (cleaned is False and field.type == "consent"):
        if not field.required:
            return None
        if field.type == "consent":
            raise Wrong("required", N_("Please tick this box: without it we cannot take your report."))
        if field.type in {"choice", "choices"}:
            raise Wrong("required", N_("Please choose an answer."))
        raise Wrong("required", N_("Please fill in this field."))
    return JUDGES[field.type](field, cleaned)


def _clean(field: Field, given: object) -> object:
    if isinstance(given, str):
        return _clean_text(given, multiline=field.type in _MULTILINE)
    if isinstance(given, list | tuple):
        # A CMS may add an empty value to a group so that the name is always sent.
        # Nearly always they are choices, which are clean: that is seen sooner than made.
        known = [choice.id for choice in field.choices]
        return [
            _clean_text(one, multiline=False) if isinstance(one, str) and one not in known else one
            for one in given
            if one != ""
        ]
    return given


def _clean_text(text: str, *, multiline: bool) -> str:
    """NFC, white space as the field has it; raises `Wrong` for what may not stand in a text at all."""
    text = normalize("NFC", text)
    if text.isprintable():
        # Nearly every text: no line ends, no control characters, and no white space but the blank (Python's notion of
        # printable leaves out Unicode's categories "Other" and "Separator", the blank excepted).
        return text.strip(" ") if multiline else " ".join(text.split())
    text = _EDGES.sub("", _LINE_ENDS.sub("\n", text)) if multiline else _EDGES.sub("", _SPACES.sub(" ", text))
    for character in _SUSPECT.findall(text):
        if character in _BIDI:
            raise Wrong("bidi-control", N_("Please remove the invisible characters that change the reading direction."))
        if not (multiline and character in "\n\t"):
            raise Wrong("control-character", N_("Please remove the control characters; plain text only."))
    return text
