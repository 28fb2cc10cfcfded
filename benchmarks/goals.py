"""The goals, and how each is measured. Every function gives `Goal`s whose two sides come from one run."""

import json
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks import builds
from benchmarks.builds import Build
from benchmarks.lambda_runtime import Function
from benchmarks.stage import Stage
from benchmarks.units import written_units
from infra.package import PROJECT


class Goal(Struct, frozen=True):
    """One line of the table; `met` is judged on `measured`, `facts` are the numbers behind it."""

    number: int
    what: str
    measured: str
    goal: str
    met: bool
    facts: dict[str, Any]


USUAL = "chalice_pynamodb"


def interleaved(measure: dict[str, Callable[[], float]], times: int) -> dict[str, list[float]]:
    """Each measure `times` times in turns, so that what disturbs one disturbs the others."""
    found: dict[str, list[float]] = {name: [] for name in measure}
    for _ in range(times):
        for name, one in measure.items():
            found[name].append(one())
    return found


def medians(found: dict[str, list[float]]) -> dict[str, float]:
    """The median of each."""
    return {name: round(statistics.median(values), 3) for name, values in found.items()}


def calls_on_a_warm_accept(stage: Stage, ours: Build) -> Goal:
    """Goal 1: what goes over the wire for one more submission, and what writing it costs in DynamoDB."""
    with stage.function(ours) as function:
        stage.warm(function, 3)
        stage.wire.taken()
        stage.warm(function, 1)
        calls = stage.wire.taken()
    units = sum(written_units(call.sent["Item"]) for call in calls if call.operation == "PutItem")
    names = [f"{call.service}.{call.operation}" for call in calls]
    return Goal(
        1,
        "AWS calls of a warm accept; write units for 2 KB",
        f"{len(calls)}; {units}",
        "1; ≤ 4",
        len(calls) == 1 and units <= 4,
        {"calls": names, "write_units": units},
    )


def cold_start(stage: Stage, ours: Build, plain: Build, *, times: int) -> Goal:
    """Goal 2: CPU from the process's start to the first 201."""
    sides = {"ours": ours, "plain": plain, "bare": stage.bare()}
    found = medians(interleaved({name: cold_cpu(stage, build) for name, build in sides.items()}, times))
    ratio = found["ours"] / found["plain"]
    return Goal(
        2,
        "cold start to first 201, CPU, of plain `chalice package`",
        f"{ratio:.2f} × ({found['ours']:.0f} of {found['plain']:.0f} ms)",
        "≤ 0.35 ×",
        ratio <= 0.35,
        {"ms": found, "ratio": round(ratio, 3)},
    )


def cold_cpu(stage: Stage, build: Build) -> Callable[[], float]:
    """Measures one cold start."""
    return lambda: stage.cold(build).cpu


def size_of_the_zip(ours: Build, archive: Path, plain: Build) -> Goal:
    """Goal 3: the deployment zip; `package` has proven that it imports alone, or there would be none."""
    ratio = ours.zip_bytes / plain.zip_bytes
    with zipfile.ZipFile(archive) as whole:
        names = set(whole.namelist())
    tag = sys.implementation.cache_tag
    without = [name for name in names if name.endswith(".py") and _compiled(name, tag) not in names]
    tests = [name for name in names if {"test", "tests"} & set(name.split("/")[:-1])]
    return Goal(
        3,
        "deployment zip, of plain `chalice package`; modules without byte code",
        f"{ratio:.2f} × ({ours.zip_bytes / 1e6:.1f} of {plain.zip_bytes / 1e6:.1f} MB); {len(without)}",
        "≤ 0.25 ×; 0",
        ratio <= 0.25 and not without and not tests,
        {"bytes": {"ours": ours.zip_bytes, "plain": plain.zip_bytes}, "ratio": round(ratio, 3), "without": without},
    )


def _compiled(name: str, tag: str | None) -> str:
    folder, _, module = name.rpartition("/")
    return f"{folder}/__pycache__/".lstrip("/") + f"{module.removesuffix('.py')}.{tag}.pyc"


def warm_accept(stage: Stage, ours: Build, usual: Build, *, times: int, batch: int) -> Goal:
    """Goal 4: CPU of a warm accept over that of a function which does nothing, below signing and on the wire."""
    sides = {"ours": ours, "usual": usual, "bare": stage.bare()}
    stubbed = warm(stage, sides, times=times, batch=batch, stubbed=True)
    wired = warm(stage, sides, times=times, batch=batch, stubbed=False)
    ratio = stubbed["ours"] / stubbed["usual"]
    return Goal(
        4,
        "warm accept, CPU, of chalice + pynamodb transaction + SQS",
        f"{ratio:.2f} × ({stubbed['ours'] * 1000:.0f} of {stubbed['usual'] * 1000:.0f} µs)",
        "≤ 0.40 ×",
        ratio <= 0.40,
        {"ms_stubbed": stubbed, "ms_wire": wired, "ratio": round(ratio, 3),
         "ratio_wire": round(wired["ours"] / wired["usual"], 3)},
    )  # fmt: skip


def warm(stage: Stage, sides: dict[str, Build], *, times: int, batch: int, stubbed: bool) -> dict[str, float]:
    """CPU ms of one warm accept of each side, what Lambda's client and Python take (`bare`) taken off."""
    functions = {name: stage.function(build, stubbed=stubbed and name != "bare") for name, build in sides.items()}
    try:
        for function in functions.values():
            stage.warm(function, batch)
        found = medians(interleaved({name: _warm(stage, one, batch) for name, one in functions.items()}, times))
    finally:
        for function in functions.values():
            function.end()
    return {name: round(value - found["bare"], 3) for name, value in found.items() if name != "bare"} | {
        "bare": found["bare"]
    }


def _warm(stage: Stage, function: Function, batch: int) -> Callable[[], float]:
    return lambda: stage.warm(function, batch)


class Measured(Struct, frozen=True):
    """What goes on from the first four goals to the others."""

    goals: list[Goal]
    ours: Build
    usual: Build


def first_four(stage: Stage, *, cold_times: int, warm_times: int) -> Measured:
    """Goals 1 to 4."""
    ours, archive = builds.ours(stage.folder)
    plain = builds.plain(stage.folder)
    [usual] = builds.others(stage.folder / "usual", only=USUAL)
    goals = [
        calls_on_a_warm_accept(stage, ours),
        cold_start(stage, ours, plain, times=cold_times),
        size_of_the_zip(ours, archive, plain),
        warm_accept(stage, ours, usual, times=warm_times, batch=50),
    ]
    return Measured(goals, ours, usual)


def inbox(*, times: int) -> Goal:
    """Goal 6: the first page of an inbox over 1,000 and over 100,000 submissions: its AWS calls and its CPU time."""

    def measure(count: int) -> Callable[[], float]:
        return lambda: _one_inbox(count)["ms"]

    found = medians(interleaved({"1k": measure(1_000), "100k": measure(100_000)}, times))
    calls = {name: _one_inbox(count)["calls"] for name, count in {"1k": 1_000, "100k": 100_000}.items()}
    ratio = found["100k"] / found["1k"]
    return Goal(
        6,
        "inbox page over 100,000, of the same over 1,000; AWS calls of each",
        f"{ratio:.2f} × ({found['100k']:.0f} of {found['1k']:.0f} ms); "
        f"{sum(calls['100k'].values())}, {sum(calls['1k'].values())}",
        "≤ 2 ×; the same",
        ratio <= 2 and calls["100k"] == calls["1k"],
        {"ms": found, "calls": calls, "ratio": round(ratio, 3)},
    )


def _one_inbox(count: int) -> Any:
    program = [sys.executable, "-m", "benchmarks.inbox", str(count)]
    done = subprocess.run(program, cwd=PROJECT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
