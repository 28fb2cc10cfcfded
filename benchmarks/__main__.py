"""Measure and print the table: `python -m benchmarks`, or `python -m benchmarks quick` for goals 1 to 4.

Writes `benchmarks/results.json`. Ends with 0 whether or not goals are met: what is measured on a busy machine is no
reason to stop anybody.
"""

import json
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.comparison import compare
from benchmarks.goals import Goal, first_four, inbox
from benchmarks.money import of_one_accept
from benchmarks.stage import stage

RESULTS = Path(__file__).with_name("results.json")


def main(arguments: list[str]) -> int:
    """Run what was asked for."""
    quick = "quick" in arguments
    began = time.perf_counter()
    with stage() as here:
        measured = first_four(here, cold_times=5 if quick else 15, warm_times=10 if quick else 30)
        goals, stacks = measured.goals, {}
        if not quick:
            goals.append(inbox(times=5))
            goals.append(of_one_accept(here, measured.ours, measured.usual, goals[3].facts["ms_wire"]))
            stacks = compare(here, measured.ours, cold_times=9, warm_times=15)
    _print(goals)
    if not quick:
        _print_stacks(stacks)
        _write(goals, stacks, time.perf_counter() - began)
    print(f"\n{sum(goal.met for goal in goals)} of {len(goals)} goals met")
    return 0


def _print(goals: list[Goal]) -> None:
    rows = [["#", "goal", "measured", "to reach", ""]]
    rows += [[str(one.number), one.what, one.measured, one.goal, "pass" if one.met else "FAIL"] for one in goals]
    _table(rows)


def _print_stacks(stacks: dict[str, dict[str, Any]]) -> None:
    print("\nCPU in ms: cold start to first 201, the same with byte code added, warm accept below signing, on the wire")
    columns = ("cold_ms", "cold_compiled_ms", "warm_ms", "warm_wire_ms")
    _table([[str(one["stack"]), *(str(one[column]) for column in columns)] for one in stacks.values()])


def _table(rows: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _write(goals: list[Goal], stacks: dict[str, dict[str, Any]], seconds: float) -> None:
    found = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.platform(),
        "seconds": round(seconds),
        "goals": msgspec.to_builtins(goals),
        "stacks": stacks,
    }
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
