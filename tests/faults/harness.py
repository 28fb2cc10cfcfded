"""Each AWS call of each path goes wrong in each of five ways, and the world settles.

Which calls there are is found by walking each path once with nothing going wrong: a new call is covered by itself. A
world is prepared once for each path; each fault then happens to a copy of it, in a process of its own (`fork`).
"""

from __future__ import annotations

import gc
import os
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from chalice.app import EventSourceHandler

import app
from tests.aws import Call, Crash, Fault, throttled, timed_out, unreachable
from tests.faults.paths import PATHS, Path
from tests.faults.people import Expected
from tests.faults.promises import broken, torn
from tests.faults.settling import RestlessWorld, Stuck

_READS: Final = {
    "Query", "Scan", "GetItem", "BatchGetItem", "HeadObject", "GetObject", "GetSecretValue", "ListObjectVersions",
}  # fmt: skip
_WALKED: Final[set[str]] = set()  # the paths that this process has walked


@dataclass(frozen=True)
class Mode:
    """One way for a call to go wrong: before AWS has seen it, or after AWS has done it."""

    name: str
    error: Callable[[], BaseException]
    after: bool


MODES: Final = (
    Mode("crash before", Crash, after=False),
    Mode("crash after", Crash, after=True),
    Mode("throttled", throttled, after=False),
    Mode("unreachable", unreachable, after=False),
    Mode("timed out after", timed_out, after=True),
)


@dataclass(frozen=True)
class Site:
    """A call as the app makes it: the operation, the lines it comes from, and which time (from 0) it is made there.

    Shards are read side by side, so the order of all calls tells them apart less well.
    """

    operation: str
    lines: tuple[str, ...]
    time: int

    def __str__(self) -> str:
        return f"{self.operation} at {' > '.join(self.lines[-3:])}, time {self.time + 1}"


@dataclass(frozen=True)
class Case:
    """One call of a path that goes wrong, and how. By names, so that it can be handed to another process."""

    path: str
    site: Site
    mode: str

    def __str__(self) -> str:
        return f"{self.path} / {self.site} / {self.mode}"


@dataclass(frozen=True)
class Outcome:
    """What of the promises is broken, and which mails went out twice where they may."""

    broken: tuple[str, ...]
    doubled: tuple[str, ...] = ()
    looks: int = 0  # how often the export pointer was looked at


def path_of(name: str) -> Path:
    [found] = [one for one in PATHS if one.name == name]
    return found


@contextmanager
def prepared(path: Path) -> Iterator[tuple[RestlessWorld, Expected]]:
    """A world in which the path can start, in a fresh process of the app."""
    with path.among(), RestlessWorld() as world:
        expected = Expected()
        path.begin(world, expected)
        world.forget_process()
        world.watch = lambda: torn(world)
        yield world, expected


def sites_of(name: str) -> list[Site]:
    """The AWS calls of a path when nothing goes wrong, until the world is at rest."""
    return walk(name)[0]


def walk(name: str) -> tuple[list[Site], set[str]]:
    """The AWS calls of a path when nothing goes wrong, and which routes and functions of the app it takes.

    Of those that the same lines of the app make again and again, the first and the last: a loop over shards is one
    place where things go wrong, at its beginning or at its end.
    """
    path = path_of(name)
    with prepared(path) as (world, expected):
        before = len(world.border.calls)
        path.walk(world, expected)
        world.settle()
        found = broken(world, expected)
        assert not found, f"{name}, with nothing going wrong: {found}"
        times = Counter((call.operation, call.site) for call in world.border.calls[before:])
    _WALKED.add(name)
    return [Site(*key, time) for key, count in times.items() for time in sorted({0, count - 1})], world.walked


def not_walked(walked: set[str]) -> list[str]:
    """The routes and functions of the app that no path takes: there are none, or calls would go untried."""
    routes = {
        f"{method} {route}" for route, methods in app.app.routes.items() for method in methods if method != "HEAD"
    }
    functions = {name for name, one in vars(app).items() if isinstance(one, EventSourceHandler)}
    return sorted((routes | functions) - walked)


def plan(found: Iterable[tuple[str, list[Site]]]) -> dict[str, list[Case]]:
    """The cases of each path, from the calls of each.

    A call that writes goes wrong in every mode, on the first two paths that make it from the same lines of the app. One
    that only reads leaves nothing behind: for it before and after are the same, and one path is enough.
    """
    tried = Counter[tuple[str, tuple[str, ...]]]()
    cases: dict[str, list[Case]] = {}
    for name, sites in found:
        cases[name] = []
        for site in sites:
            reads = site.operation in _READS
            if tried[site.operation, site.lines] >= (1 if reads else 2) or (reads and site.time):
                continue
            modes = [mode for mode in MODES if not (reads and mode.after)]
            cases[name] += [Case(name, site, mode.name) for mode in modes]
        tried.update({(site.operation, site.lines) for site in sites})
    return cases


def strike(world: RestlessWorld, site: Site, mode: Mode) -> None:
    """Let the call at `site` go wrong; the others go well."""
    made = Counter[tuple[str, tuple[str, ...]]]()

    def fault(call: Call) -> Fault | None:
        key = (call.operation, call.site)
        made[key] += 1
        if key != (site.operation, site.lines) or made[key] != site.time + 1:
            return None
        return Fault(call.operation, mode.error(), mode.after, times=1, skip=0)

    world.border.chaos = fault


def outcome_of(path: Path, world: RestlessWorld, expected: Expected, site: Site, mode: Mode) -> Outcome:
    """What of the promises is broken when this one call goes wrong."""
    strike(world, site, mode)
    try:
        path.walk(world, expected)
        world.settle()
    except Stuck as error:
        return Outcome((f"stuck: {error}",))
    except AssertionError as error:
        return Outcome((f"wrong: {str(error)[:200]}",))
    return Outcome(tuple(broken(world, expected)), tuple(world.twice), world.looks)


def run(name: str, cases: Iterable[Case]) -> Iterator[tuple[Case, Outcome]]:
    """Cases of one path, each with what came of it."""
    path, modes = path_of(name), {mode.name: mode for mode in MODES}
    if name not in _WALKED:
        sites_of(name)  # what is slow at first is done in this process, so that its copies find it done
    with prepared(path) as (world, expected):
        for case in cases:
            yield case, in_a_copy(lambda case=case: outcome_of(path, world, expected, case.site, modes[case.mode]))


def in_a_copy(work: Callable[[], Any]) -> Any:
    """What `work` gives in a copy of this process, which ends then. Raises `AssertionError` with its error, if any."""
    ours, theirs = os.pipe()
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        try:
            answer: tuple[bool, Any] = (True, work())
        except BaseException as error:  # noqa: BLE001 - it is told on the other side
            answer = (False, f"{type(error).__name__}: {error}")
        with os.fdopen(theirs, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    assert told, "the copy died"
    good, answer = pickle.loads(told)
    assert good, answer
    return answer
