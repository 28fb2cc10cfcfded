"""Decisions in the tables: with their lines in the audit trail or not at all, and of what was read."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.access.roles import Person
from chalicelib.access.table import audit_of
from chalicelib.calls.call import Call
from chalicelib.errors import ChangedMeanwhile, NotFound, Unavailable
from chalicelib.organisers.deciding import Asked, decide, edit, merge, undo
from chalicelib.runtime.clock import stamp
from chalicelib.submissions import table
from chalicelib.submissions.decisions import Act, CannotMerge, NotDecidable
from chalicelib.submissions.submission import Submission
from tests.aws import Border, timed_out
from tests.builders import NOON, call_of, later, published, submission_of

_numbers, _names = count(900_000), count()
EVA, JON = (Person(name=name, role="moderator", calls=("*",)) for name in ("Eva", "Jon"))


def a_call() -> Call:
    return call_of(name=f"decided-{next(_names)}")


def stored(call: Call, **more: Any) -> Submission:
    submission = submission_of(published(call), next(_numbers))
    submission = replace(submission, **({"state": "confirmed", "expires_at": None} | more))
    table.create(submission)
    return submission


def find(submission: Submission) -> Submission:
    found = table.find(submission.call, submission.id, 2)
    assert found is not None
    return found


def act(batch: str = "a", minute: int = 0) -> Act:
    return Act(batch, stamp(later(minutes=minute)))


def trail(submission: Submission) -> list[tuple[str, str, str | None]]:
    return [(who, event, detail) for _, who, event, detail in audit_of(f"submission#{submission.id}")]


def test_a_decision_is_stored_with_who_made_it() -> None:
    call = a_call()
    one, two = stored(call), stored(call)
    outcomes = decide(call, [Asked(one.id, 1), Asked(two.id)], "accept", by=EVA, act=act())
    assert [outcome.code for outcome in outcomes] == ["done", "done"]
    assert [outcome.submission for outcome in outcomes] == [find(one), find(two)]
    assert trail(one) == [("Eva", "accepted", "confirmed → accepted")]
    assert {detail for _, _, _, detail in audit_of(f"call#{call.call}")} == {one.reference, two.reference}


def test_who_comes_second_is_told_and_overwrites_nothing() -> None:
    call = a_call()
    one = stored(call)
    decide(call, [Asked(one.id, 1)], "accept", by=EVA, act=act())
    [told] = decide(call, [Asked(one.id, 1)], "reject", by=JON, act=act("b"))
    assert (told.code, told.submission) == ("changed-meanwhile", find(one))
    assert find(one).state == "accepted"
    assert len(trail(one)) == 1


def test_a_decision_that_is_repeated_changes_nothing() -> None:
    call = a_call()
    one = stored(call)
    for _ in range(2):
        [outcome] = decide(call, [Asked(one.id, 1)], "accept", by=EVA, act=act())
    assert outcome.code == "unchanged"
    assert len(trail(one)) == 1


def test_one_that_cannot_be_decided_on_stops_no_other() -> None:
    call = a_call()
    gone, good = stored(call, state="withdrawn"), stored(call)
    outcomes = decide(call, [Asked("K7Q49XMD2RTB"), Asked(gone.id), Asked(good.id)], "reject", by=EVA, act=act())
    assert [one.code for one in outcomes] == ["not-found", "not-decidable", "done"]


@pytest.mark.parametrize("reply_lost", [False, True])
def test_a_decision_cut_short_is_there_wholly_or_not_at_all(border: Border, reply_lost: bool) -> None:
    call = a_call()
    one = stored(call)
    border.fail("TransactWriteItems", timed_out(), after=reply_lost)
    with pytest.raises(Unavailable):
        decide(call, [Asked(one.id)], "accept", by=EVA, act=act())
    assert (find(one).state, len(trail(one))) == (("accepted", 1) if reply_lost else ("confirmed", 0))


def test_bulk_decisions_are_undone_each_exactly_where_nothing_else_happened() -> None:
    call = a_call()
    one, two = stored(call), stored(call, published='{"name":"Alt"}')
    decide(call, [Asked(one.id), Asked(two.id)], "accept", by=EVA, act=act())
    edit(call, Asked(one.id), {"name": "Neu"}, by=JON, now=later(minutes=1))
    outcomes = undo(call, [one.id, two.id], "a", by=EVA, now=later(minutes=2))
    assert [outcome.code for outcome in outcomes] == ["undo-over", "done"]
    assert (find(one).state, find(one).published) == ("accepted", '{"name":"Neu"}')
    assert (find(two).state, find(two).published, find(two).decided_at) == ("confirmed", '{"name":"Alt"}', None)
    assert trail(two)[-1] == ("Eva", "undone", "accepted → confirmed")
    [again] = undo(call, [two.id], "a", by=EVA, now=later(minutes=2))
    assert again.code == "undo-over"


def test_after_ten_minutes_a_decision_stays() -> None:
    call = a_call()
    one = stored(call)
    decide(call, [Asked(one.id)], "accept", by=EVA, act=act())
    [late] = undo(call, [one.id], "a", by=EVA, now=NOON + timedelta(minutes=10, seconds=1))
    assert (late.code, find(one).state) == ("undo-over", "accepted")


def test_reports_are_merged_all_or_none_and_separated_again() -> None:
    call = a_call()
    one, two, three = (stored(call) for _ in range(3))
    everything = [Asked(each.id, 1) for each in (one, two, three)]
    merge(call, everything, two.id, by=EVA, act=act())
    assert find(two).merged == (one.id, three.id)
    assert find(one).duplicate_of == find(three).duplicate_of == two.id
    assert trail(three) == [("Eva", "merged", "confirmed → duplicate")]
    assert {each.code for each in merge(call, everything, two.id, by=EVA, act=act("b"))} == {"unchanged"}
    outcomes = undo(call, [one.id], "a", by=EVA, now=later(minutes=2))
    assert {outcome.id for outcome in outcomes} == {one.id, two.id, three.id}
    assert [find(each).state for each in (one, two, three)] == ["confirmed"] * 3
    assert find(two).merged == ()


def test_reports_that_changed_meanwhile_are_not_merged() -> None:
    call = a_call()
    one, two = stored(call), stored(call)
    decide(call, [Asked(two.id)], "reject", by=JON, act=act())
    with pytest.raises(ChangedMeanwhile):
        merge(call, [Asked(one.id, 1), Asked(two.id, 1)], one.id, by=EVA, act=act("b"))
    with pytest.raises(NotFound):
        merge(call, [Asked(one.id), Asked("K7Q49XMD2RTB")], one.id, by=EVA, act=act("b"))
    assert find(one) == one


def test_a_duplicate_of_its_own_is_taken_out_of_the_entry() -> None:
    call = a_call()
    one, two = stored(call), stored(call)
    merge(call, [Asked(one.id), Asked(two.id)], one.id, by=EVA, act=act())
    [outcome] = decide(call, [Asked(two.id)], "reopen", by=EVA, act=act("b", 1))
    assert (outcome.code, find(two).state, find(one).merged) == ("done", "confirmed", ())


def test_the_copy_of_who_comes_second_overwrites_nothing() -> None:
    call = a_call()
    one = stored(call)
    first = edit(call, Asked(one.id, 1), {"name": "Evas"}, by=EVA, now=NOON)
    assert edit(call, Asked(one.id, 1), {"name": "Evas"}, by=EVA, now=NOON) == first
    with pytest.raises(ChangedMeanwhile):
        edit(call, Asked(one.id, 1), {"name": "Jons"}, by=JON, now=NOON)
    assert find(one).edited == '{"name":"Evas"}'


@pytest.mark.parametrize("seed", range(3))
def test_of_twenty_organisers_deciding_at_random_no_decision_is_lost(border: Border, seed: int) -> None:
    """Every decision that was told as done is in the audit trail, and the trail leads to what is stored."""
    call = a_call()
    submissions = [stored(call) for _ in range(6)]
    ids = [one.id for one in submissions]

    def organise(number: int) -> list[tuple[str, str]]:
        chance = random.Random(f"{seed}-{number}")
        person = Person(name=f"organiser-{number}", role="moderator", calls=("*",))
        done: list[tuple[str, str]] = []
        for turn in range(8):
            now, batch = later(seconds=number + 30 * turn), f"{number}-{turn}"
            chosen = chance.sample(ids, 2)
            seen = [Asked(one.id, one.version) for one in table.find_many(call.call, chosen, 2)]
            what = chance.choice(["accept", "reject", "reopen", "merge", "undo"])
            try:
                if what == "merge":
                    outcomes = merge(call, seen, chosen[0], by=person, act=Act(batch, stamp(now)))
                elif what == "undo":
                    outcomes = undo(call, [one for one, _ in done], f"{number}-{turn - 1}", by=person, now=now)
                else:
                    outcomes = decide(call, seen, what, by=person, act=Act(batch, stamp(now)))  # type: ignore[arg-type]
            except (ChangedMeanwhile, CannotMerge, NotDecidable):
                continue
            done += [(one.id, person.name) for one in outcomes if one.code == "done"]
        return done

    with border.aside(), ThreadPoolExecutor(20) as threads:
        done = [each for each in threads.map(organise, range(20)) for each in each]
    assert len(done) > 20
    total = 0
    for before in submissions:
        now = find(before)
        lines = sorted(audit_of(f"submission#{before.id}"), key=lambda line: line[0].partition("#")[2][:6])
        versions = [int(at.partition("#")[2][:6]) for at, *_ in lines]
        assert versions == list(range(2, now.version + 1)), "every version has its line"
        moves = [str(detail).split(" → ") for *_, detail in lines]
        assert [start for start, _ in moves] == ["confirmed", *(end for _, end in moves)][: len(moves)]
        assert now.state == (moves[-1][1] if moves else "confirmed")
        # What leads an entry loses a report that is reopened: a line of its own, though nobody decided about it.
        lines = [line for line, (start, end) in zip(lines, moves, strict=True) if line[2] != "reopened" or start != end]
        assert sorted(who for _, who, _, _ in lines) == sorted(name for one, name in done if one == before.id)
        total += len(lines)
        if now.duplicate_of:
            assert now.id in table.find_many(call.call, [now.duplicate_of], 2)[0].merged
        assert all(one.duplicate_of == now.id for one in table.find_many(call.call, now.merged, 2))
    assert total == len(done)
