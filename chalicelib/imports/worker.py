"""The worker's part: check a list as a whole, then take it over a slice at a time.

A slice is what one request asks about: which of its rows are there, those that are not are written, each on the
condition that nothing stands in its place, and the outcomes are noted. Whoever dies in between leaves rows that say
which import brought them, so that the next worker counts them right and writes none twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from chalicelib.calls.table import get_call
from chalicelib.errors import NotFound
from chalicelib.imports import storage, table
from chalicelib.imports.likeness import alike_rows
from chalicelib.imports.taking import (
    ENDED,
    MOST_ATTEMPTS,
    OUTCOMES,
    PREVIEW,
    RUNNING,
    Checked,
    Import,
    Outcome,
    Plan,
    Planned,
    as_submission,
    outcome_of,
    plan,
    written,
)
from chalicelib.jobs.messages import ImportJob
from chalicelib.jobs.queues import send_import_job
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.runtime.table import ConditionFailed
from chalicelib.submissions import table as submissions
from chalicelib.submissions.listing import listed, standings

if TYPE_CHECKING:
    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.imports.rows import RowError
    from chalicelib.submissions.outline import Standing
    from chalicelib.submissions.submission import State, Submission

SLICE = 100  # BatchGetItem takes no more
PATIENCE = timedelta(minutes=20)  # an import that did not move for so long is put back on the queue
_SPARE = 0.2  # of an invocation's time
_COMPARED = 100  # of one state in one shard, the latest: as many as a report is compared with on its page
_STATES: tuple[State, ...] = ("confirmed", "accepted")


def take_over(job: ImportJob, *, clock: Callable[[], datetime] = now, time_left: Callable[[], float]) -> None:
    """Do what is next for this list; safe to repeat, and by several at once. Raises `Unavailable`.

    After four fifths of its time it leaves a message for the next one.
    """
    taking = table.find(job.call, job.import_id, clock())
    if taking is not None and taking.state in ENDED:
        storage.forget_rows(taking)  # whoever ended it may have died before that
    if taking is None or taking.state not in RUNNING or taking.columns is None:
        return
    spare = time_left() * _SPARE
    try:
        if taking.attempts >= MOST_ATTEMPTS:
            _fail(taking, "attempts-used-up", clock)
            return
        taking = _put(taking, replace(taking, attempts=taking.attempts + 1), clock)
        _work(taking, clock, lambda: time_left() > spare)
    except ConditionFailed:
        log("import-elsewhere", call=job.call, kind=job.import_id)


def _work(taking: Import, clock: Callable[[], datetime], enough: Callable[[], bool]) -> None:
    published = get_call(taking.call)
    if taking.state == "importing" and published.version != taking.form_version:
        _fail(taking, "form-changed", clock)
        return
    try:
        sheet = storage.read_sheet(taking)
    except NotFound:
        _fail(taking, "list-gone", clock)
        return
    assert taking.columns is not None
    planned = plan(published, taking.columns, sheet, keys())
    if taking.state == "checking":
        _check(taking, published, planned, clock)
    else:
        _import(taking, published, planned, clock, enough)


def put_back(call: str, *, now: datetime) -> int:
    """Queue again what nobody seems to be at work on; harmless to repeat. Gives how many that were."""
    found = [one for one in table.newest(call, now) if one.state in RUNNING and moment(one.changed_at) + PATIENCE < now]
    for one in found:
        send_import_job(ImportJob(call=one.call, import_id=one.id))
    return len(found)


# Checking


def _check(taking: Import, published: PublishedCall, planned: Plan, clock: Callable[[], datetime]) -> None:
    call = published.call
    outcomes: list[Outcome] = []
    for start in range(0, len(planned.rows), SLICE):
        outcomes += _outcomes(taking, planned, start, _standings(call, planned.rows[start : start + SLICE]))
    fresh = [
        one.row
        for one, outcome in zip(planned.rows, outcomes, strict=True)
        if isinstance(one, Planned) and outcome == "added"
    ]
    # What these rows brought themselves, before an import was cut short, is no other report.
    own = {one.id for one in planned.rows if isinstance(one, Planned)}
    candidates = [one for one in _candidates(call) if one.id not in own]
    alike = alike_rows(call, [(one.number, one.answers) for one in fresh], candidates)
    findings = storage.Findings(
        errors=_errors(planned),
        alike=alike,
        preview=[(one.number, one.answers) for one in fresh[:PREVIEW]],
        found=written(outcomes),
        repeats={str(planned.numbers[place]): earlier for place, earlier in planned.repeats.items()},
        numbers=planned.numbers,
        compared=len(candidates),
    )
    storage.put_findings(taking, findings)
    counts = {str(one): outcomes.count(one) for one in OUTCOMES}
    checked = Checked(counts, alike=len(alike))
    _put(taking, replace(taking, state="checked", checked=checked, form_version=published.version, attempts=0), clock)
    log("import-checked", call=taking.call, kind=taking.id, count=len(planned.rows))


def _errors(planned: Plan) -> list[RowError]:
    return [error for one in planned.rows if not isinstance(one, Planned) for error in one]


def _candidates(call: Call) -> list[Submission]:
    """What the rows are compared with: the latest of each state that counts, a bounded number."""
    return [
        one
        for state in _STATES
        for shard in range(call.policy.shards)
        for one in listed(call.call, state, shard, newest_first=True, limit=_COMPARED)
    ]


# Taking over


def _import(
    taking: Import, published: PublishedCall, planned: Plan, clock: Callable[[], datetime], enough: Callable[[], bool]
) -> None:
    while len(taking.outcomes) < len(planned.rows):
        if not enough():
            log("import-goes-on", call=taking.call, kind=taking.id, count=len(taking.outcomes))
            send_import_job(ImportJob(call=taking.call, import_id=taking.id))
            return
        start = len(taking.outcomes)
        outcomes = _take(taking, published, planned, start, clock)
        last = start + len(outcomes) == len(planned.rows)
        taking = _put(
            taking,
            replace(
                taking, outcomes=taking.outcomes + written(outcomes), attempts=0, state="done" if last else "importing"
            ),
            clock,
        )
    storage.forget_rows(taking)
    log("import-done", call=taking.call, kind=taking.id, count=taking.counts()["added"])


def _take(
    taking: Import, published: PublishedCall, planned: Plan, start: int, clock: Callable[[], datetime]
) -> list[Outcome]:
    """Write what is new of a slice, and say what became of each of its rows."""
    call = published.call
    rows = planned.rows[start : start + SLICE]
    there = _standings(call, rows)
    outcomes = _outcomes(taking, planned, start, there)
    assert taking.columns is not None
    for place, (one, outcome) in enumerate(zip(rows, outcomes, strict=True)):
        if not isinstance(one, Planned) or outcome != "added" or one.id in there:
            continue
        made = as_submission(published, one, language=taking.columns.language, source=taking.id, at=stamp(clock()))
        try:
            submissions.create(made)
        except ConditionFailed:
            # Another import has just brought the same; or it is our own write, repeated by the SDK after a lost reply.
            now_there = standings(call.call, [one.id], call.policy.shards)
            outcomes[place] = outcome_of(one, now_there.get(one.id), taking.id)
    return outcomes


def _outcomes(taking: Import, planned: Plan, start: int, there: dict[str, Standing]) -> list[Outcome]:
    """What becomes of the rows from `start` on, `there` being what stands in their places."""
    outcomes: list[Outcome] = []
    for place, one in enumerate(planned.rows[start : start + SLICE], start):
        if not isinstance(one, Planned):
            outcomes.append("invalid")
        elif place in planned.repeats:
            outcomes.append("repeated")
        elif one.row.number in taking.left:
            outcomes.append("left")
        else:
            outcomes.append(outcome_of(one, there.get(one.id), taking.id))
    return outcomes


def _standings(call: Call, rows: Sequence[Planned | list[RowError]]) -> dict[str, Standing]:
    ids = list(dict.fromkeys(one.id for one in rows if isinstance(one, Planned)))
    return standings(call.call, ids, call.policy.shards)


def _fail(taking: Import, cause: str, clock: Callable[[], datetime]) -> None:
    _put(taking, replace(taking, state="failed", cause=cause), clock)
    log("import-failed", call=taking.call, kind=taking.id, code=cause)


def _put(old: Import, new: Import, clock: Callable[[], datetime]) -> Import:
    return table.put_change(old, replace(new, changed_at=stamp(clock())))
