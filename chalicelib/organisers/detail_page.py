"""One submission as a page: the original beside its public text, likely duplicates, notes, what has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.access.pages import organiser_page
from chalicelib.calls.answers import public_part
from chalicelib.errors import N_
from chalicelib.organisers.detail import differences
from chalicelib.organisers.inbox_page import row
from chalicelib.organisers.words import EVENTS, MAIL_STATES, MAILS, STATES, answer_words, in_words, title_of, when
from chalicelib.submissions.decisions import copy_outdated, decidable, takes_part
from chalicelib.submissions.flags import WORDS
from chalicelib.web.languages import translate
from chalicelib.web.problems import field_messages, problem_document

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call
    from chalicelib.errors import Refusal
    from chalicelib.ledger.entry import Entry
    from chalicelib.organisers.detail import Detail, Part
    from chalicelib.organisers.just_decided import JustDecided
    from chalicelib.submissions.alike import Alike
    from chalicelib.web.reply import Reply
    from chalicelib.web.request import Request

_REASONS = {
    "name": N_("The names are alike"),
    "text": N_("The descriptions are alike"),
    "website": N_("The same website"),
    "district": N_("The same district"),
}
_SAVED = {"text": N_("The public text is saved."), "note": N_("The note is saved.")}


def detail_page(
    request: Request,
    person: Person,
    call: Call,
    detail: Detail,
    decided: JustDecided | None,
    *,
    given: dict[str, Any] | None = None,
    refusal: Refusal | None = None,
) -> Reply:
    """The page; after a refusal with what was typed in the form, and beside it what is stored now."""
    language, one = request.language, detail.submission
    answers = one.read_answers()
    original = public_part(call, answers)
    copy = msgspec.json.decode(one.edited) if one.edited is not None else original
    messages = field_messages(refusal.errors, language) if refusal else []
    changed = refusal is not None and refusal.code == "changed-meanwhile"
    return organiser_page(
        request,
        person,
        "organisers/submission.html",
        call=call,
        section="submissions",
        status=refusal.status if refusal else 200,
        submission=one,
        title_words=title_of(call, one),
        state_words=in_words(STATES, one.state, language),
        submitted=when(one.submitted_at, call, language),
        decisions=decidable(one),
        decided=decided,
        may_decide=person.may(call.call, "moderator"),
        saved=translate(language, _SAVED.get(request.query.get("saved", ""), "")),
        outdated=copy_outdated(one),
        waiting_change=one.state == "confirmed" and one.published is not None,
        takes_part=takes_part(call, one),
        flags=[translate(language, WORDS[flag]) for flag in one.flags],
        compared_fields=_compared(call, original, copy, language),
        private=_pairs(call, {name: answer for name, answer in answers.items() if name not in original}, language),
        public_fields=[field for field in call.fields.values() if field.public],
        values=_values(given if given is not None else copy),
        errors={each["field"]: each["message"] for each in messages},
        summary=[each | {"label": _label(call, each["field"], language)} for each in messages],
        problem=problem_document(refusal, request) if refusal else None,
        conflict=_conflict(call, copy, given, language) if changed and given is not None else [],
        editing=refusal is not None,
        alike=[_alike(call, each, language) for each in detail.alike],
        compared=detail.compared,
        merged=[row(call, each, language) for each in detail.merged],
        primary=row(call, detail.primary, language) if detail.primary else None,
        notes=[(when(each.at.partition("#")[0], call, language), each.who, each.text) for each in detail.notes],
        mails=[_mail(call, each, language) for each in detail.mails],
        history=[(when(each.at, call, language), in_words(EVENTS, each.event, language)) for each in one.history],
        revisions=[
            (when(each.at, call, language), _pairs(call, each.read_answers(), language)) for each in detail.revisions
        ],
        audit=[
            (when(at.partition("#")[0], call, language), who, in_words(EVENTS, event, language))
            for at, who, event, _ in reversed(detail.audit)
        ],
    )  # fmt: skip


def _compared(
    call: Call, original: dict[str, Any], copy: dict[str, Any], language: str
) -> list[tuple[str, str, list[Part], bool]]:
    """Question, original, public text with what differs, and whether anything does."""
    found = []
    for name, field in call.fields.items():
        if not field.public or (name not in original and name not in copy):
            continue
        before, after = (
            "\n".join(answer_words(field, side[name], language)) if name in side else "" for side in (original, copy)
        )
        parts: list[Part] = differences(before, after) if before != after else [("same", after)]
        found.append((_label(call, name, language), before, parts, before != after))
    return found


def _conflict(
    call: Call, stored: dict[str, Any], given: dict[str, Any], language: str
) -> list[tuple[str, list[str], list[str]]]:
    """Question, what is stored now and what was typed, where they differ."""
    pairs = []
    for name, field in call.fields.items():
        sides = [
            answer_words(field, side[name], language) if side.get(name) not in (None, "", []) else []
            for side in (stored, given)
        ]
        if field.public and sides[0] != sides[1]:
            pairs.append((_label(call, name, language), sides[0], sides[1]))
    return pairs


def _pairs(call: Call, answers: dict[str, Any], language: str) -> list[tuple[str, list[str]]]:
    return [
        (_label(call, name, language), answer_words(field, answers[name], language))
        for name, field in call.fields.items()
        if name in answers
    ]


def _alike(call: Call, alike: Alike, language: str) -> dict[str, Any]:
    reasons = [
        translate(language, _REASONS[reason]) + (f" ({share} %)" if reason in {"name", "text"} else "")
        for reason, share in alike.reasons.items()
    ]
    return {"row": row(call, alike.submission, language), "score": alike.score, "reasons": reasons}


def _mail(call: Call, entry: Entry, language: str) -> tuple[str, str, str]:
    kind = in_words(MAILS, entry.kind.partition("-")[0], language)
    return kind, in_words(MAIL_STATES, entry.state, language), when(entry.changed_at, call, language)


def _label(call: Call, name: str, language: str) -> str:
    field = call.fields.get(name)
    return (field.label.get(language) or next(iter(field.label.values()))) if field else name


def _values(answers: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: [str(one) for one in (answer if isinstance(answer, list) else [answer])]
        for name, answer in answers.items()
    }
