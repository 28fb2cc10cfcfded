"""A worker hands mails to SES no faster than its share of the rate."""

from chalicelib.mail.pace import Pace


class Time:
    """A clock that only moves when somebody sleeps, or a test says so."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, per_second: float) -> Pace:
        return Pace(per_second, clock=lambda: self.now, sleep=self.sleep)


def test_mails_are_spread_evenly() -> None:
    time = Time()
    pace = time.pace(4)
    for _ in range(9):
        pace.wait()
    assert time.now == 102.0
    assert time.slept == [0.25] * 8


def test_who_was_slow_anyway_does_not_wait_and_does_not_catch_up() -> None:
    time = Time()
    pace = time.pace(4)
    pace.wait()
    time.now += 10
    pace.wait()
    assert time.slept == []
    pace.wait()
    assert time.slept == [0.25]


def test_without_a_pace_nobody_waits() -> None:
    time = Time()
    pace = time.pace(0)
    for _ in range(100):
        pace.wait()
    assert time.slept == []
