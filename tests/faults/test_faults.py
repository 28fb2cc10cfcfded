"""A part of `make faults`, always the same: some calls of some paths, some random worlds, half of the mistakes."""

import pytest

from tests.faults.harness import plan, run, sites_of
from tests.faults.machine import run_machines
from tests.faults.planted import MISTAKES, Mistake, caught_by
from tests.faults.random_worlds import run_world

# Each with how many of its cases there are between two that are tried: no divisor of the number of modes.
SOME = {"accept, without SES's events": 9, "erase": 101, "nightly export": 61}


@pytest.mark.parametrize("name", SOME)
def test_one_fault_anywhere_breaks_no_promise(name: str) -> None:
    cases = plan([(name, sites_of(name))])[name]
    some = cases[:: SOME[name]]
    assert len(some) > 1
    assert {str(case): outcome.broken for case, outcome in run(name, some) if outcome.broken} == {}


@pytest.mark.parametrize("seed", range(2))
def test_many_faults_at_once_break_no_promise(seed: int) -> None:
    assert run_world(seed) == []


def test_no_order_of_people_workers_and_faults_breaks_a_promise() -> None:
    run_machines(3, 0)


@pytest.mark.parametrize("mistake", MISTAKES[::2], ids=lambda mistake: mistake.name)
def test_a_planted_mistake_is_caught(mistake: Mistake) -> None:
    assert caught_by(mistake) != ""
