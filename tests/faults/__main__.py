"""`python -m tests.faults [--worlds N] [--machines N] [--seed N]`: the promise as a table; status 0 when it holds.

Everything runs in processes of its own, one for each core; seeds are printed, and give the same world again.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import tests.conftest  # noqa: F401 - the environment of the functions, before anything reads it
from tests.faults.harness import MODES, Case, Outcome, not_walked, plan, run, walk
from tests.faults.machine import run_machines
from tests.faults.paths import PATHS
from tests.faults.planted import MISTAKES, caught_by
from tests.faults.promises import KINDS
from tests.faults.random_worlds import run_world

_SLICE = 40  # cases that one process takes at a time
_MACHINES = 25  # runs that one process takes at a time


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything; 0 when no promise was broken and every planted mistake was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--worlds", type=int, default=400, help="random worlds with many faults at once")
    parser.add_argument("--machines", type=int, default=400, help="runs of the state machine")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first of each")
    parser.add_argument("--only", default="", help="the name of one path; nothing else is run")
    options = parser.parse_args(arguments)
    console, started = Console(highlight=False, width=120), time.monotonic()
    names = [path.name for path in PATHS if options.only in {"", path.name}]
    with Progress(console=console, transient=True) as progress, ProcessPoolExecutor(os.cpu_count() or 2) as pool:

        def each(work: Callable[[Any], Any], things: Iterable[Any], what: str) -> list[Any]:
            listed = list(things)
            task = progress.add_task(what, total=len(listed))
            found = []
            for outcome in pool.map(work, listed):
                progress.advance(task)
                found.append(outcome)
            return found

        walks = each(walk, names, "finding the calls")
        cases = plan((name, sites) for name, (sites, _) in zip(names, walks, strict=True))
        slices = [(name, mine[at : at + _SLICE]) for name, mine in cases.items() for at in range(0, len(mine), _SLICE)]
        ran = [one for found in each(_run, slices, "one fault at a time") for one in found]
        broken = _report_cases(console, ran)
        if not options.only:
            left = not_walked({one for _, walked in walks for one in walked})
            console.print(f"routes and functions of the app that no path takes: {', '.join(left) or 'none'}")
            broken |= bool(left)
            seeds = range(options.seed, options.seed + options.worlds)
            worlds = dict(zip(seeds, each(run_world, seeds, "many faults at once"), strict=True))
            starts = range(options.seed, options.seed + options.machines, _MACHINES)
            machines = dict(zip(starts, each(partial(_machines, _MACHINES), starts, "state machine"), strict=True))
            broken |= _report_random(console, worlds, machines)
            broken |= _report_planted(console, each(caught_by, MISTAKES, "planted mistakes"))
    console.print(f"{time.monotonic() - started:.0f} s")
    return 1 if broken else 0


def _report_cases(console: Console, ran: list[tuple[Case, Outcome]]) -> bool:
    table = Table("path", "calls", "cases", *KINDS, "again", title=f"Each call to AWS, {len(MODES)} ways to go wrong")
    again: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for path in PATHS:
        mine = [(case, outcome) for case, outcome in ran if case.path == path.name]
        if not mine:
            continue
        counts = Counter(one.partition(":")[0] for _, outcome in mine for one in outcome.broken)
        twice = sum(bool(outcome.doubled) for _, outcome in mine)
        again.update(one for _, outcome in mine for one in outcome.doubled)
        calls = len({case.site for case, _ in mine})
        table.add_row(path.name, str(calls), str(len(mine)), *(str(counts[kind]) for kind in KINDS), str(twice))
        total.update(counts | Counter(calls=calls, cases=len(mine), twice=twice))
    columns = [str(total[name]) for name in ("calls", "cases", *KINDS, "twice")]
    table.add_row("all", *columns, style="bold")
    console.print(table)
    looks = sum(outcome.looks for _, outcome in ran)
    console.print(f"the export pointer was looked at {looks:,} times, after each write to S3 and each step")
    for where, count in again.items():
        console.print(f"again, without SES's events: {count} times the mail {where}")
    bad = [(case, outcome.broken) for case, outcome in ran if outcome.broken]
    for case, found in bad:
        console.print(f"{case}: {'; '.join(found)}", markup=False)
    return bool(bad)


def _report_random(console: Console, worlds: dict[int, list[str]], machines: dict[int, str]) -> bool:
    bad = {f"world of seed {seed}": "; ".join(found) for seed, found in worlds.items() if found}
    failed = {f"machines of seed {seed}": found for seed, found in machines.items() if found}
    first, last = min(worlds, default=0), max(worlds, default=0)
    console.print(f"{len(worlds)} random worlds (seeds {first} to {last}), {len(bad)} with a broken promise")
    runs = len(machines) * _MACHINES
    console.print(f"{runs} runs of the state machine (seeds {', '.join(map(str, machines))}), {len(failed)} failed")
    for name, found in (bad | failed).items():
        console.print(f"{name}: {found}", markup=False)
    return bool(bad or failed)


def _report_planted(console: Console, found: list[str]) -> bool:
    for mistake, by in zip(MISTAKES, found, strict=True):
        console.print(f"planted: {mistake.name}: {'caught: ' + by if by else 'NOT CAUGHT'}", markup=False)
    return not all(found)


def _run(cases: tuple[str, list[Case]]) -> list[tuple[Case, Outcome]]:
    return list(run(*cases))


def _machines(count: int, start: int) -> str:
    """What went wrong, and the way there; empty when nothing did."""
    try:
        run_machines(count, start)
    except BaseException as error:  # noqa: BLE001 - whatever hypothesis raises is told
        return "\n".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
    return ""


if __name__ == "__main__":
    sys.exit(main())
