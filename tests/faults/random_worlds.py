"""Many faults at once: people do things in a random order while AWS fails at random. By seed, so that each can be had
again: `python -m tests.faults --worlds 1 --seed N`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Final

from chalicelib.errors import Unavailable
from tests.aws import Call, Crash, Fault
from tests.faults import people
from tests.faults.harness import MODES
from tests.faults.people import NAMES, Expected, call_to_try, decide
from tests.faults.promises import broken, torn
from tests.faults.settling import QUEUES, RestlessWorld, Stuck

FAULTY: Final = 0.05  # of all calls
STEPS: Final = 10
_DECIDED: Final = {"accept": "accepted", "reject": "rejected"}


def run_world(seed: int) -> list[str]:
    """What of the promises is broken in the world of this seed."""
    random = Random(seed)
    with restless(seed) as (world, expected):
        world.ses_events, world.doubled = random.random() < 0.7, random.random() < 0.2
        try:
            for _ in range(STEPS):
                _step(world, expected, random)
            world.border.chaos = None
            world.settle()
        except Stuck as error:
            return [f"stuck: {error}"]
        except AssertionError as error:
            return [f"wrong: {str(error)[:200]}"]
        return broken(world, expected)


@contextmanager
def restless(seed: int) -> Iterator[tuple[RestlessWorld, Expected]]:
    """A world in which calls go wrong at random, decided by `seed` and the call itself, whatever else is going on."""
    with RestlessWorld() as world:
        world.publish(call_to_try())
        world.forget_process()
        world.watch = lambda: torn(world)
        made = Counter[tuple[str, tuple[str, ...]]]()

        def fault(call: Call) -> Fault | None:
            key = (call.operation, call.site)
            made[key] += 1
            random = Random(f"{seed} {key} {made[key]}")
            if random.random() >= FAULTY:
                return None
            mode = random.choice(MODES)
            return Fault(call.operation, mode.error(), mode.after, times=1, skip=0)

        world.border.chaos = fault
        yield world, Expected()


def possible(world: RestlessWorld, expected: Expected, number: int) -> dict[str, Callable[[], object]]:
    """What may happen to the report of a person now, by name."""
    state = expected.states.get(expected.references.get(number, ""))
    if state is None:
        return {"submit": lambda: people.submit(world, expected, number)}
    if state == "erased" or not people.has_mail(world, expected, number):
        return {}
    acts: dict[str, Callable[[], object]] = {"erase": lambda: people.erase(world, expected, number)}
    if state != "withdrawn":
        acts["withdraw"] = lambda: people.withdraw(world, expected, number)
    if state == "received":
        acts["confirm"] = lambda: people.confirm(world, expected, number)
    if state in {"confirmed", "accepted", "rejected"}:
        acts["change"] = lambda: people.change(world, expected, number)
    if state == "confirmed":
        for decision, becomes in _DECIDED.items():
            acts[decision] = lambda what=decision, to=becomes: decide(world, expected, what, number, state=to)
    if state in _DECIDED.values():
        acts["reopen"] = lambda: decide(world, expected, "reopen", number, state="confirmed")
    return acts


def mergeable(expected: Expected) -> bool:
    """Whether the first two reports can become one entry."""
    states = [expected.states.get(expected.references.get(number, "")) for number in (0, 1)]
    return states == ["confirmed", "confirmed"]


def move(world: RestlessWorld, what: str) -> None:
    """One thing that moves by itself; whoever dies is invoked again another time."""
    with suppress(Crash, Unavailable):
        if what == "relay":
            world.relay()
        elif what == "reconcile":
            world.reconcile()
        else:
            world.work(what)
    world.tell()
    world.look()


def _step(world: RestlessWorld, expected: Expected, random: Random) -> None:
    number = random.randrange(len(NAMES))
    acts = possible(world, expected, number)
    if acts and random.random() < 0.6:
        acts[random.choice(sorted(acts))]()
    elif mergeable(expected) and random.random() < 0.5:
        decide(world, expected, "merge", 0, 1, state="duplicate")
    elif random.random() < 0.15:
        people.nightly(world, expected)
    elif random.random() < 0.2:
        world.pass_time()
    else:
        move(world, random.choice(["relay", "reconcile", *QUEUES]))
