"""The columns of every table: what is known of each submission, then its answers in the order of the form.

One list for CSV, Excel and the Data Package, so that they cannot differ. A column has an id for programs, which stays
through changes of the words, and a title for people in the call's own language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from chalicelib.errors import N_
from chalicelib.exports.documents import Record
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.calls.fields import Field, Texts

Kind = Literal["text", "moment", "number", "truth", "date", "code", "codes"]

BETWEEN = "|"  # separates several codes in one cell; no code holds one

# What answers of each type are; all others are text.
_KINDS: dict[str, Kind] = {"choice": "code", "choices": "codes", "year": "number", "date": "date", "consent": "truth"}

STATE_WORDS: dict[str, str] = {
    "received": N_("Not confirmed yet"),
    "confirmed": N_("Waiting for a decision"),
    "accepted": N_("Accepted"),
    "rejected": N_("Rejected"),
    "duplicate": N_("Duplicate"),
    "withdrawn": N_("Withdrawn"),
}


class Column(Struct, frozen=True):
    """One column. `value` takes it from a submission; `labels` are its codes' words, `texts` what it is called."""

    id: str
    kind: Kind
    texts: Texts
    about: Texts
    value: Callable[[Record], Any]
    labels: dict[str, Texts] = {}
    field: Field | None = None

    def title(self, language: str) -> str:
        """What people call it."""
        return words(self.texts, language)


def words(texts: Texts, language: str) -> str:
    """A text in `language`, else in any."""
    return texts.get(language) or next(iter(texts.values()), "")


def columns(call: Call) -> list[Column]:
    """All columns of a call, in their order."""
    known = _known(call)
    taken = {one.id for one in known}
    return [*known, *(_answer(one, taken) for one in call.fields.values())]


def _known(call: Call) -> list[Column]:
    def known(name: str, kind: Kind, title: str, about: str, value: Callable[[Record], Any], **more: Any) -> Column:
        return Column(name, kind, _texts(call, title), _texts(call, about), value, **more)

    states = {state: _texts(call, word) for state, word in STATE_WORDS.items()}
    return [
        known(
            "reference", "text", N_("Reference"),
            N_("The number of the report; it never changes and no other report has it."), lambda one: one.reference,
        ),
        known("state", "code", N_("State"), N_("How far the report is."), lambda one: one.state, labels=states),
        known("submitted_at", "moment", N_("Received"), N_("When it came in."), lambda one: one.submitted_at),
        known(
            "confirmed_at", "moment", N_("Confirmed"),
            N_("When the person who sent it confirmed their e-mail address."), lambda one: one.confirmed_at,
        ),
        known(
            "decided_at", "moment", N_("Decided"), N_("When organisers last decided on it."),
            lambda one: one.decided_at,
        ),
        known(
            "duplicate_of", "text", N_("Duplicate of"), N_("The reference of the report it was merged into."),
            lambda one: one.duplicate_of,
        ),
        known(
            "reports", "number", N_("Reports"), N_("How many reports it stands for: itself and those merged into it."),
            lambda one: one.reports,
        ),
        known(
            "language", "text", N_("Language"), N_("The language of the form that was filled in."),
            lambda one: one.language,
        ),
        known(
            "form_version", "number", N_("Version of the form"), N_("The version of the call that was answered."),
            lambda one: one.form_version,
        ),
        known(
            "mails", "codes", N_("E-mails"), N_("What became of each e-mail about it, as “kind:state”."),
            lambda one: [f"{mail.kind}:{mail.state}" for mail in one.mails],
        ),
        known(
            "source", "text", N_("Imported by"),
            N_("The import that brought it; empty where its sender did."), lambda one: one.source,
        ),
    ]  # fmt: skip


def _answer(field: Field, taken: set[str]) -> Column:
    return Column(
        id=f"answer_{field.id}" if field.id in taken else field.id,
        kind=_KINDS.get(field.type, "text"),
        texts=field.label,
        about=field.help,
        value=lambda one, name=field.id: one.answers.get(name),  # type: ignore[misc]
        labels={one.id: one.label for one in field.choices},
        field=field,
    )


def _texts(call: Call, message: str) -> Texts:
    return {language: translate(language, message) for language in call.languages}
