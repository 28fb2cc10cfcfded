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

import msgspec

from benchmarks.goals import Goal, first_four
from benchmarks.stage import stage

RESULTS = Path(__file__).with_name("results.json")


def main(arguments: list[str]) -> int:
    """Run what was asked for."""
    quick = "quick" in arguments
    began = time.perf_counter()
    with stage() as here:
        goals = first_four(here, cold_times=5 if quick else 15, warm_times=10 if quick else 30)
    _print(goals)
    seconds = time.perf_counter() - began
    if not quick:
        _write(goals, seconds)
    print(f"\n{sum(goal.met for goal in goals)} of {len(goals)} goals met")
    return 0


def _print(goals: list[Goal]) -> None:
    rows = [("#", "goal", "measured", "to reach", "")]
    rows += [(str(one.number), one.what, one.measured, one.goal, "pass" if one.met else "FAIL") for one in goals]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _write(goals: list[Goal], seconds: float) -> None:
    found = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.platform(),
        "seconds": round(seconds),
        "goals": msgspec.to_builtins(goals),
    }
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
