"""The form step by step: which step comes next, and what is kept on the way.

Every step is a plain post that answers with a redirect, so it works without JavaScript, with the back button, and when
a button is pressed twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from chalicelib.calls.answers import judge_step
from chalicelib.errors import NotFound
from chalicelib.intake.draft import Draft, digest_of, expiry, new_name
from chalicelib.intake.table import find_draft, save_draft
from chalicelib.intake.tickets import issue_ticket
from chalicelib.web.bodies import MOST_BYTES, BodyTooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.calls.call import Call, Step
    from chalicelib.runtime.keys import Keys

CHECK = "check"


class Place(Struct, frozen=True):
    """Where in the form a step stands, counted from 1."""

    step: Step
    number: int
    steps: int
    before: str | None
    after: str


def place_of(call: Call, step_id: str) -> Place:
    """The place of a step. Raises `NotFound`."""
    steps = call.form.steps
    for index, step in enumerate(steps):
        if step.id == step_id:
            before = steps[index - 1].id if index else None
            after = steps[index + 1].id if index + 1 < len(steps) else CHECK
            return Place(step=step, number=index + 1, steps=len(steps), before=before, after=after)
    raise NotFound


def step_of(call: Call, field_id: str) -> str:
    """The id of the step that asks a field; the first one for what no step asks."""
    asking = (step.id for step in call.form.steps if any(field.id == field_id for field in step.fields))
    return next(asking, call.form.steps[0].id)


def open_draft(call: Call, name: str | None, now: datetime) -> Draft | None:
    """The draft of this name for this call, unless its day is over. Raises `Unavailable`."""
    draft = find_draft(digest_of(name)) if name else None
    return None if draft is None or draft.call != call.call or draft.expired(now) else draft


def keep_step(
    call: Call, step: Step, given: Mapping[str, object], *, name: str | None, keys: Keys, now: datetime
) -> tuple[str, Draft]:
    """Judge one step's answers and keep them; gives the draft's name (a new one for the first step kept) and the draft.

    Raises `AnswersInvalid`, `BodyTooLarge` (all steps together), `Unavailable`.
    """
    known = open_draft(call, name, now)
    answers = judge_step(call, step, given, known.answers if known else {})
    if len(msgspec.json.encode(answers)) > MOST_BYTES:
        raise BodyTooLarge
    # A draft that is gone gets a new name: nobody can make a browser write into a draft of their choosing.
    name = name if known and name else new_name()
    draft = Draft(
        digest=digest_of(name),
        call=call.call,
        ticket=known.ticket if known else issue_ticket(keys, call, now),
        answers=answers,
        expires_at=expiry(now),
    )
    save_draft(draft)
    return name, draft
