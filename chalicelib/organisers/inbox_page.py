"""The inbox as a page: tabs with counts, filters, a row for each submission, what was just decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chalicelib.access.pages import in_words as in_language
from chalicelib.access.pages import organiser_page
from chalicelib.calls.call import filter_fields
from chalicelib.ledger.entry import TROUBLE
from chalicelib.organisers.filters import ALL
from chalicelib.organisers.inbox import count_states
from chalicelib.organisers.just_decided import as_decided
from chalicelib.organisers.mail_states import mail_states
from chalicelib.organisers.words import MAIL_STATES, STATES, answer_words, in_words, title_of, when
from chalicelib.runtime.clock import now
from chalicelib.submissions.decisions import copy_outdated, decidable, takes_part
from chalicelib.submissions.flags import WORDS
from chalicelib.web.languages import translate
from chalicelib.web.reply import SEASONED

if TYPE_CHECKING:
    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call
    from chalicelib.ledger.entry import MailState
    from chalicelib.organisers.filters import Filters
    from chalicelib.organisers.inbox import Page
    from chalicelib.organisers.just_decided import JustDecided
    from chalicelib.submissions.submission import Submission
    from chalicelib.web.reply import Reply
    from chalicelib.web.request import Request

_EXCERPT = 180  # characters


class Row(Struct, frozen=True):
    """A submission in the list."""

    reference: str
    version: int
    title: str
    excerpt: str
    when: str
    state: str
    state_words: str
    labels: list[str]
    flags: list[str]
    takes_part: bool
    reports: int
    changed: bool
    imported: bool
    mail: str
    mail_trouble: bool
    decisions: tuple[str, ...]


def inbox_page(
    request: Request, person: Person, call: Call, filters: Filters, page: Page, decided: JustDecided | None
) -> Reply:
    """The page."""
    language = request.language
    listed = as_decided(page.submissions, decided, filters.states)
    counts = count_states(call)
    mails = mail_states(call, listed)
    return organiser_page(
        request,
        person,
        "organisers/inbox.html",
        call=call,
        section="submissions",
        headers=SEASONED,
        filters=filters,
        rows=[row(call, one, language, mail=mails.get(one.id)) for one in listed],
        tabs=_tabs(filters, counts, language),
        choices={
            name: (
                in_language(field.label, language),
                [(one.id, in_language(one.label, language)) for one in field.choices],
            )
            for name, field in filter_fields(call).items()
        },
        flags=[(name, translate(language, words)) for name, words in WORDS.items()],
        following="?" + filters.query(cursor=page.next) if page.next else None,
        searched_to=when(page.searched_to, call, language) if page.searched_to else None,
        on_first_page=not request.query.get("cursor"),
        back=filters.query(cursor=request.query.get("cursor", "")),
        decided=decided,
        as_of=when(now().isoformat(), call, language),
        may_decide=person.may(call.call, "moderator"),
    )


def row(call: Call, submission: Submission, language: str, *, mail: MailState | None = None) -> Row:
    """What the list says of a submission: nothing of its sender but whether they take part and mails reach them."""
    answers = submission.read_answers()
    named = filter_fields(call)
    labels = [
        words
        for name in ("theme", "district")
        if name in named and named[name].id in answers
        for words in answer_words(named[name], answers[named[name].id], language)
    ]
    return Row(
        reference=submission.reference,
        version=submission.version,
        title=title_of(call, submission),
        excerpt=_excerpt(call, answers),
        when=when(submission.submitted_at, call, language),
        state=submission.state,
        state_words=in_words(STATES, submission.state, language),
        labels=labels,
        flags=[translate(language, WORDS[one]) for one in submission.flags],
        takes_part=takes_part(call, submission),
        reports=submission.reports,
        changed=submission.state == "confirmed" and (submission.published is not None or copy_outdated(submission)),
        imported=bool(submission.source),
        mail=in_words(MAIL_STATES, mail, language) if mail else "",
        mail_trouble=mail in TROUBLE,
        decisions=decidable(submission),
    )


def _tabs(filters: Filters, counts: dict[Any, tuple[int, bool]], language: str) -> list[dict[str, Any]]:
    whole = (sum(count for count, _ in counts.values()), all(exact for _, exact in counts.values()))
    names = [
        ("confirmed", STATES["confirmed"]),
        *((name, words) for name, words in STATES.items() if name != "confirmed"),
    ]
    tabs = [(name, translate(language, words), counts[name]) for name, words in names]
    tabs.append((ALL, translate(language, "All"), whole))
    return [
        {
            "href": "?" + filters.query(state=name),
            "words": words,
            "count": count,
            "exact": exact,
            "current": name == filters.state,
        }
        for name, words, (count, exact) in tabs
    ]


def _excerpt(call: Call, answers: dict[str, Any]) -> str:
    for name, field in call.fields.items():
        if field.public and field.type == "textarea" and name in answers:
            text = str(answers[name])
            return text if len(text) <= _EXCERPT else text[:_EXCERPT].rpartition(" ")[0] + " …"
    return ""
