"""What organisers may decide in each state, what becomes of it, and how it is undone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.calls.call import Call
from chalicelib.calls.fields import Condition
from chalicelib.submissions.changes import changed, erased, withdrawn
from chalicelib.submissions.decisions import (
    MOST_REPORTS,
    Act,
    CannotMerge,
    Changes,
    CopyOutdated,
    NotDecidable,
    UndoOver,
    accepted,
    consequences,
    copy_outdated,
    decidable,
    leading,
    merged,
    rejected,
    relatives_of,
    reopened,
    takes_part,
    undone,
    with_copy,
)
from chalicelib.submissions.submission import STATES, Before, Submission
from tests.builders import answers, call_of, published, submission_of

AT, LATER = "2026-05-05T08:00:00.000Z", "2026-05-05T08:05:00.000Z"
ACT = Act("batch-1", AT)
CALL = replace(call_of(), form=replace(call_of().form, takes_part=Condition(field="relation", is_="part_of")))


def confirmed(number: int = 1, state: str = "confirmed", **more: Any) -> Submission:
    given = answers(**more.pop("answers", {}))
    return replace(submission_of(number=number, given=given), state=state, expires_at=None, version=2, **more)


def entry(call: Call = CALL, count: int = 3) -> list[Submission]:
    """One that leads and those merged into it."""
    first, *others = (confirmed(number) for number in range(1, count + 1))
    return [after for _, after in merged(first, others, [], ACT)]


def decided(submission: Submission) -> dict[str, Any]:
    return {name: getattr(submission, name) for name in Before.__struct_fields__}


def test_what_may_be_decided_follows_from_the_state() -> None:
    possible = {state: decidable(confirmed(state=state)) for state in STATES}
    assert possible == {
        "received": (),
        "confirmed": ("accept", "reject", "merge"),
        "accepted": ("reject", "merge", "reopen"),
        "rejected": ("accept", "merge", "reopen"),
        "duplicate": ("reopen",),
        "withdrawn": (),
    }


def test_what_is_accepted_is_published_without_what_is_not_public() -> None:
    after = accepted(CALL, confirmed(answers={"summary": "Beete für alle im Hof."}), ACT)
    assert after.published is not None
    assert json.loads(after.published) == {
        "name": "Grüne Höfe", "summary": "Beete für alle im Hof.", "themes": ["green"],
    }  # fmt: skip
    assert (after.state, after.decided_at, after.changed_at, after.version) == ("accepted", AT, AT, 3)
    assert after.history[-1].event == "accepted"


def test_what_is_rejected_is_not_published() -> None:
    after = rejected(accepted(CALL, confirmed(), ACT), ACT)
    assert (after.state, after.published, after.decided_at) == ("rejected", None, AT)


@pytest.mark.parametrize("state", ["received", "duplicate", "withdrawn", "accepted"])
def test_what_cannot_be_accepted_is_left_alone(state: str) -> None:
    with pytest.raises(NotDecidable):
        accepted(CALL, confirmed(state=state), ACT)


def test_an_edited_copy_is_public_only_once_it_is_accepted_and_at_once_where_it_is() -> None:
    edited = with_copy(CALL, confirmed(), {"name": "Höfe"}, AT)
    assert (edited.published, edited.edited) == (None, '{"name":"Höfe"}')
    public = accepted(CALL, edited, ACT)
    assert public.published == '{"name":"Höfe"}'
    again = with_copy(CALL, public, {"name": "Die Höfe"}, LATER)
    assert (again.published, again.undo) == ('{"name":"Die Höfe"}', None)
    assert json.loads(with_copy(CALL, again, None, LATER).published or "")["name"] == "Grüne Höfe"


def test_a_senders_change_is_neither_published_nor_lost_under_an_older_copy() -> None:
    public = accepted(CALL, with_copy(CALL, confirmed(), {"name": "Höfe"}, AT), ACT)
    waiting = changed(public, published(), answers(name="Ganz andere Höfe"), language="de", at=LATER)
    assert (waiting.state, waiting.published, copy_outdated(waiting)) == ("confirmed", '{"name":"Höfe"}', True)
    with pytest.raises(CopyOutdated):
        accepted(CALL, waiting, ACT)
    chosen = accepted(CALL, with_copy(CALL, waiting, {"name": "Andere Höfe"}, LATER), ACT)
    assert chosen.published == '{"name":"Andere Höfe"}'


def test_the_first_answers_are_never_overwritten() -> None:
    before = confirmed()
    edited = with_copy(CALL, before, {"name": "Höfe"}, AT)
    assert accepted(CALL, edited, ACT).answers == before.answers


def test_reports_of_the_same_become_one_entry_and_all_of_them_stay() -> None:
    leads, *others = entry()
    assert (leads.state, leads.reports, leads.merged) == ("confirmed", 3, tuple(one.id for one in others))
    for one in others:
        assert (one.state, one.duplicate_of, one.before_merge) == ("duplicate", leads.id, "confirmed")
        assert one.read_answers()["email"] == "ada@example.org"


def test_what_was_merged_before_follows_when_its_leader_is_merged() -> None:
    leads, *followers = entry()
    other = confirmed(9)
    changes = merged(other, [leads], followers, Act("batch-2", LATER))
    after = {one.id: one for _, one in changes}
    assert after[other.id].reports == 4
    assert {one.duplicate_of for name, one in after.items() if name != other.id} == {other.id}
    assert after[leads.id].merged == ()
    assert [after for _, after in undone([one for _, one in changes], "batch-2", LATER, oldest=AT)][
        1
    ].merged == leads.merged


def test_what_makes_no_entry_is_told() -> None:
    one, two = confirmed(1), confirmed(2)
    with pytest.raises(CannotMerge):
        merged(one, [], [], ACT)
    with pytest.raises(CannotMerge):
        merged(one, [one], [], ACT)
    with pytest.raises(CannotMerge):
        merged(confirmed(state="rejected"), [two], [], ACT)
    with pytest.raises(NotDecidable):
        merged(one, [confirmed(2, state="withdrawn")], [], ACT)
    with pytest.raises(CannotMerge):
        merged(one, [confirmed(number) for number in range(2, MOST_REPORTS + 2)], [], ACT)


def test_whose_sender_takes_part_leads() -> None:
    knows, part = (
        confirmed(1, answers={"relation": "knows"}),
        confirmed(2, answers={"relation": "part_of", "contact": "a@example.org"}),
    )
    assert (takes_part(CALL, knows), takes_part(CALL, part)) == (False, True)
    assert leading(CALL, [knows, part]) == part
    assert leading(call_of(), [knows, part]) == knows, "a call that does not ask: the oldest"
    assert leading(CALL, [knows, replace(confirmed(3), state="accepted")]).state == "accepted"


def test_a_duplicate_that_is_reopened_is_what_it_was_and_is_counted_no_longer() -> None:
    leads, second, third = entry()
    changes = reopened(CALL, second, leads, Act("batch-2", LATER))
    [alone, left] = [after for _, after in changes]
    assert (alone.state, alone.duplicate_of, alone.before_merge, alone.decided_at) == ("confirmed", None, None, None)
    assert left.merged == (third.id,)
    assert [decided(after) for _, after in undone([alone, left], "batch-2", LATER, oldest=AT)] == [
        decided(second), decided(leads),
    ]  # fmt: skip


def test_an_accepted_report_that_was_merged_is_public_again_when_it_stands_alone() -> None:
    public = accepted(CALL, confirmed(2), ACT)
    [leads, follows] = [after for _, after in merged(confirmed(1), [public], [], ACT)]
    assert follows.published is None
    [(_, alone), _] = reopened(CALL, follows, leads, ACT)
    assert (alone.state, alone.published) == ("accepted", public.published)


@pytest.mark.parametrize("end", [withdrawn, erased])
def test_when_the_one_that_leads_is_gone_the_others_are_to_be_decided_again(end: Any) -> None:
    leads, *others = entry()
    changes = consequences(leads, end(leads, LATER), others, LATER)
    assert relatives_of(leads) == leads.merged
    assert [before for before, _ in changes] == others
    for _, one in changes:
        assert (one.state, one.duplicate_of, one.flags, one.version) == ("confirmed", None, ("primary-gone",), 4)
        assert accepted(CALL, one, ACT).flags == ()


@pytest.mark.parametrize("step", ["changed", "withdrawn", "erased"])
def test_a_sender_who_leaves_an_entry_is_counted_in_it_no_longer(step: str) -> None:
    leads, second, third = entry()
    after = {
        "changed": changed(second, published(), answers(name="Neu"), language="de", at=LATER),
        "withdrawn": withdrawn(second, LATER),
        "erased": erased(second, LATER),
    }[step]
    [(before, left)] = consequences(second, after, [leads], LATER)
    assert (before, left.merged, left.version) == (leads, (third.id,), leads.version + 1)


def test_a_change_of_the_one_that_leads_keeps_the_entry_together() -> None:
    leads, *others = entry()
    after = changed(leads, published(), answers(name="Neu"), language="de", at=LATER)
    assert after.merged == leads.merged
    assert consequences(leads, after, others, LATER) == []


def test_undo_is_refused_when_it_is_too_late_or_something_else_happened_or_somebody_is_missing() -> None:
    after = accepted(CALL, confirmed(), ACT)
    with pytest.raises(UndoOver):
        undone([after], "batch-1", LATER, oldest=LATER)
    with pytest.raises(UndoOver):
        undone([after], "batch-2", LATER, oldest=AT)
    with pytest.raises(UndoOver):
        undone([with_copy(CALL, after, {"name": "x"}, LATER)], "batch-1", LATER, oldest=AT)
    with pytest.raises(UndoOver):
        undone(entry()[:2], "batch-1", LATER, oldest=AT)


def step(name: str, number: int, one: Submission, primary: Submission) -> Changes:
    """What happens to `one`, by its organisers or its sender."""
    act = Act(f"batch-{number}", AT)
    if name == "accept":
        return [(one, accepted(CALL, one, act))]
    if name == "reject":
        return [(one, rejected(one, act))]
    if name == "merge":
        return merged(primary, [one], [], act)
    if name == "reopen":
        return reopened(CALL, one, primary, act)
    if name == "copy":
        return [(one, with_copy(CALL, one, {"name": str(number)}, AT))]
    after = changed(one, published(), answers(since=2000 + number), language="de", at=AT)
    return [(one, after), *consequences(one, after, [primary], AT)]


@given(st.lists(st.sampled_from(["accept", "reject", "merge", "reopen", "copy", "change"]), max_size=12))
def test_whatever_was_decided_before_undoing_a_decision_restores_what_it_found(names: list[str]) -> None:
    there = {one.id: one for one in (confirmed(1), confirmed(2))}
    first, second = there
    for number, name in enumerate(names):
        try:
            changes = step(name, number, there[first], there[second])
        except (NotDecidable, CopyOutdated, CannotMerge):
            continue
        if name not in {"copy", "change"}:
            back = undone([after for _, after in changes], f"batch-{number}", LATER, oldest=AT)
            assert [decided(after) for _, after in back] == [decided(before) for before, _ in changes]
            assert all(
                after.version == before.version + 2 for (before, _), (_, after) in zip(changes, back, strict=True)
            )
        there |= {one.id: one for _, one in changes}
        one, primary = there[first], there[second]
        assert (one.published is not None) <= (one.state in {"accepted", "confirmed"})
        assert (one.state == "duplicate") == (one.duplicate_of == second) == (first in primary.merged)
