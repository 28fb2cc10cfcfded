"""A state machine over users, organisers, workers and faults: hypothesis looks for the order that breaks a promise.

Beside calls that go wrong: messages that come twice, late or not at all, a stream that is cut off, time that jumps.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.faults import people
from tests.faults.harness import MODES
from tests.faults.people import NAMES, Expected, call_to_try, decide
from tests.faults.promises import broken, torn
from tests.faults.random_worlds import mergeable, move, possible
from tests.faults.settling import QUEUES, STEP, RestlessWorld

PEOPLE = st.integers(0, len(NAMES) - 1)


class Faults(RuleBasedStateMachine):
    """Everybody does what they may do, in any order; at the end the world settles and every promise must hold."""

    @initialize(ses_events=st.booleans())
    def begin(self, ses_events: bool) -> None:
        self.world, self.expected = RestlessWorld(), Expected()
        self.world.__enter__()
        self.world.publish(call_to_try())
        self.world.forget_process()
        self.world.ses_events = ses_events

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.world.border.faults.clear()
            self.world.relay_down = False
            self.world.settle()
            assert broken(self.world, self.expected) == []
        finally:
            self.world.__exit__(None, None, None)

    @rule(number=PEOPLE, data=st.data())
    def somebody_acts(self, number: int, data: Any) -> None:
        acts = possible(self.world, self.expected, number)
        if acts:
            acts[data.draw(st.sampled_from(sorted(acts)), label="act")]()

    @precondition(lambda self: mergeable(self.expected))
    @rule()
    def merge(self) -> None:
        decide(self.world, self.expected, "merge", 0, 1, state="duplicate")

    @rule(mode=st.sampled_from(MODES), skip=st.integers(0, 12))
    def a_call_goes_wrong(self, mode: Any, skip: int) -> None:
        self.world.border.fail("*", mode.error(), after=mode.after, skip=skip)

    @rule(what=st.sampled_from(["relay", "reconcile", *QUEUES]))
    def something_moves(self, what: str) -> None:
        move(self.world, what)

    @rule()
    def the_night_comes(self) -> None:
        people.nightly(self.world, self.expected)

    @rule(steps=st.integers(1, 20))
    def time_goes_by(self, steps: int) -> None:
        self.world.pass_time(steps * STEP)

    @rule()
    def the_stream_is_cut_off(self) -> None:
        self.world.relay_down = True

    @rule(queue=st.sampled_from(["mail", "export"]))
    def messages_are_lost(self, queue: str) -> None:
        self.world.lose(queue)

    @rule(doubled=st.booleans())
    def messages_come_twice(self, doubled: bool) -> None:
        self.world.doubled = doubled

    @invariant()
    def the_export_that_is_shown_is_whole(self) -> None:
        if hasattr(self, "world"):
            assert torn(self.world) == []


def run_machines(count: int, start: int, *, steps: int = 12) -> None:
    """Run the machine `count` times, the runs decided by the seed `start`. Raises with the way to a broken promise."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        seed(start)(Faults),
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
