"""The pages of imports: what there is, a list's columns, what was found in it, how far it is, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.access.pages import organiser_page
from chalicelib.errors import N_
from chalicelib.imports.report import label_of, problems
from chalicelib.imports.rows import OWN_NUMBER, fillable, guess
from chalicelib.imports.sheet import MOST_BYTES, MOST_ROWS
from chalicelib.imports.taking import OUTCOMES, RUNNING
from chalicelib.organisers.import_bodies import COLUMN, FIXED, Chosen
from chalicelib.organisers.import_document import MOST_SHOWN, counts_of
from chalicelib.organisers.words import answer_words, when
from chalicelib.web.languages import translate
from chalicelib.web.problems import field_messages, problem_document
from chalicelib.web.reply import FORM

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call
    from chalicelib.calls.fields import Field
    from chalicelib.errors import Refusal
    from chalicelib.imports.likeness import Alike
    from chalicelib.imports.storage import Findings
    from chalicelib.imports.taking import Import
    from chalicelib.web.reply import Reply
    from chalicelib.web.request import Request

STATE_WORDS = {
    "uploaded": N_("columns to be chosen"),
    "checking": N_("being checked"),
    "checked": N_("checked, not taken over yet"),
    "importing": N_("being taken over"),
    "done": N_("taken over"),
    "cancelled": N_("cancelled"),
    "failed": N_("failed"),
}
_OUTCOME_WORDS = {
    "added": (N_("new"), N_("taken over")),
    "there": (N_("here already"), N_("here already")),
    "other": (N_("here already, with other content"), N_("here already, with other content")),
    "erased": (N_("erased since they were taken over first"), N_("erased since they were taken over first")),
    "repeated": (N_("the same as another row"), N_("the same as another row")),
    "left": (N_("left out"), N_("left out by choice")),
    "invalid": (N_("with errors"), N_("with errors, not taken over")),
}
_CAUSES = {
    "attempts-used-up": N_("The import did not get on. Operators were told. You can check the list again and go on."),
    "form-changed": N_("The form of the call changed meanwhile. Please check the list again; what is in stays in."),
    "list-gone": N_("The list is not here any more. Please upload it again; what is in stays in."),
}
_REASONS = {
    "name": N_("The names are alike"),
    "text": N_("The descriptions are alike"),
    "website": N_("The same website"),
    "district": N_("The same district"),
}
_LOOK_AGAIN = {"Refresh": "2"}  # seconds; works without JavaScript
_PROBLEMS_SHOWN = 50


def imports_page(
    request: Request, person: Person, call: Call, found: list[Import], refusal: Refusal | None = None
) -> Reply:
    """The newest imports, and a form to bring a list."""
    language = request.language
    return organiser_page(
        request,
        person,
        "organisers/imports.html",
        call=call,
        section="submissions",
        status=refusal.status if refusal else 200,
        problem=problem_document(refusal, request) if refusal else None,
        most_rows=MOST_ROWS,
        most_megabytes=MOST_BYTES // 1_000_000,
        imports=[
            {
                "id": one.id,
                "when": when(one.created_at, call, language),
                "file": one.file,
                "rows": one.rows,
                "state": translate(language, STATE_WORDS[one.state]),
                "added": one.counts()["added"],
                "who": one.by,
            }
            for one in found
        ],
    )


def import_page(
    request: Request,
    person: Person,
    call: Call,
    taking: Import,
    findings: Findings | None,
    *,
    refusal: Refusal | None = None,
    chosen: Chosen | None = None,
) -> Reply:
    """One import, by its state; after a refusal with what was chosen."""
    language, running = request.language, taking.state in RUNNING
    messages = field_messages(refusal.errors, language) if refusal else []
    found = problems(call, taking, findings, language) if findings else []
    counts = counts_of(taking)
    open_for_columns = taking.state in {"uploaded", "checked", "failed"} and taking.cause != "list-gone"
    return organiser_page(
        request,
        person,
        "organisers/import.html",
        call=call,
        section="submissions",
        status=refusal.status if refusal else 200,
        headers=FORM | (_LOOK_AGAIN if running else {}),
        # After a refusal the same page stands at the address of the form.
        here=f"{request.root}organiser/calls/{call.call}/",
        taking=taking,
        title=taking.file or when(taking.created_at, call, language),
        state_words=translate(language, STATE_WORDS[taking.state]),
        running=running,
        done=len(taking.outcomes),
        cause=translate(language, _CAUSES.get(taking.cause, "")),
        problem=problem_document(refusal, request) if refusal else None,
        summary=[one | {"label": _label(call, one["field"], language)} for one in messages],
        wrong={one["field"]: one["message"] for one in messages},
        questions=_questions(call, taking, chosen, language) if open_for_columns else [],
        names=list(enumerate(taking.names)),
        written_in=(chosen.language if chosen else "") or (taking.columns.language if taking.columns else ""),
        changing=bool(messages) and "declared" not in {one["field"] for one in messages},
        outcomes=[
            (counts[one], translate(language, _OUTCOME_WORDS[one][taking.state != "checked"]), one)
            for one in OUTCOMES
            if counts.get(one)
        ],
        added=counts.get("added", 0),
        problems=found[:_PROBLEMS_SHOWN],
        problems_total=len(found),
        preview=_preview(call, taking, findings, language) if findings and taking.state == "checked" else None,
        alike=[_alike(one, language) for one in findings.alike[:MOST_SHOWN]]
        if findings and taking.state == "checked"
        else [],
        alike_total=len(findings.alike) if findings else 0,
        compared=findings.compared if findings else 0,
    )


def _questions(call: Call, taking: Import, chosen: Chosen | None, language: str) -> list[dict[str, Any]]:
    """Each question with the column that answers it (its place, or -1), and the answer for rows that say nothing."""
    fields = taking.columns.fields if taking.columns else guess(call, taking.names)
    places = {field: place for place, field in enumerate(fields) if field}
    fixed = taking.columns.fixed if taking.columns else {}
    if chosen is not None:
        places = {field: taking.names.index(name) for field, name in chosen.columns.items() if name in taking.names}
        fixed = chosen.fixed
    asked = [
        {
            "id": field.id,
            "column": COLUMN + field.id,
            "fixed_name": FIXED + field.id,
            "label": label_of(field, language),
            "required": field.required,
            "place": places.get(field.id, -1),
            "fixed": fixed.get(field.id, ""),
            "choices": _choices(field, language),
        }
        for field in fillable(call)
    ]
    number = {
        "id": OWN_NUMBER,
        "column": COLUMN + OWN_NUMBER,
        "label": translate(language, N_("The list's own numbers")),
        "required": False,
        "place": places.get(OWN_NUMBER, -1),
        "choices": [],
    }
    return [*asked, number]


def _choices(field: Field, language: str) -> list[tuple[str, str]]:
    return [(one.id, one.label.get(language) or next(iter(one.label.values()))) for one in field.choices]


def _preview(call: Call, taking: Import, findings: Findings, language: str) -> dict[str, Any]:
    """The first rows as they would come in."""
    columns = taking.columns
    filled = {*columns.fields, *columns.fixed} if columns else set()
    shown = [one for one in fillable(call) if one.id in filled]
    return {
        "heading": [label_of(one, language) for one in shown],
        "rows": [
            (number, [", ".join(answer_words(one, answers.get(one.id), language)) for one in shown])
            for number, answers in findings.preview
        ],
    }


def _alike(one: Alike, language: str) -> dict[str, Any]:
    reasons = [
        translate(language, _REASONS[reason]) + (f" ({share} %)" if reason in {"name", "text"} else "")
        for reason, share in one.reasons.items()
    ]
    return {
        "row": one.row,
        "own_title": one.own_title,
        "title": one.title,
        "reference": one.reference,
        "other": one.other,
        "score": one.score,
        "reasons": ", ".join(reasons),
    }


def _label(call: Call, name: str, language: str) -> str:
    field = call.fields.get(name)
    if field is not None:
        return label_of(field, language)
    own = {OWN_NUMBER: N_("The list's own numbers"), "declared": N_("Your confirmation")}
    return translate(language, own.get(name, name))
