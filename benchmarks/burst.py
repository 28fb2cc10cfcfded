"""What a burst does: `python -m benchmarks.burst` simulates 10,000 submissions in ten seconds, and a million in a day.

Time goes by in steps of ten milliseconds; what a step lets through is what `limits.py` allows and what the measured
times of `results.json` make possible. Nothing is random, so the same numbers come out each time. Writes the tables in
`docs/scale.md`.
"""

import json
import re
import sys
from collections import deque
from pathlib import Path

from msgspec import Struct

from benchmarks import limits
from infra.package import PROJECT

STEP = 0.01  # seconds
DOCUMENT = PROJECT / "docs" / "scale.md"
RESULTS = Path(__file__).with_name("results.json")
_MEMORY_FACTOR = 1769 / 1024
_NEW_ENVIRONMENT = 0.15  # seconds until Lambda has fetched and unpacked a zip of this size; not ours to measure
_ANSWER = 0.005  # seconds, of DynamoDB to one request
RETRY = 1.0  # seconds after which a client that was turned away (429, 503) tries again


class Times(Struct, frozen=True):
    """Seconds that one thing takes on Lambda, and write units of one submission."""

    cold: float
    warm: float
    units: int


class Limits(Struct, frozen=True):
    """What changes between the scenarios."""

    scaling: float = limits.LAMBDA_SCALING / limits.LAMBDA_SCALING_SECONDS
    at_once: int = limits.LAMBDA_AT_ONCE
    concurrency: int = limits.LAMBDA_CONCURRENCY
    shards: int = 4
    table_units: int = limits.TABLE_WRITE_UNITS_NEW
    mail_rate: float = limits.SES_RATE


class Outcome(Struct, frozen=True):
    """Latencies in seconds from a person's first try to the 201; depth of the mail queue; seconds to the last mail."""

    accepted: int
    median: float
    p99: float
    longest: float
    turned_away: int
    environments: int
    deepest_queue: int
    last_mail: float


def simulate(arrivals: float, seconds: float, times: Times, given: Limits) -> Outcome:
    """`arrivals` submissions a second for `seconds`, from a stack at rest."""
    rate_units = min(given.table_units, given.shards * limits.PARTITION_WRITE_UNITS)
    now, allowance, units = 0.0, float(given.at_once), float(rate_units)
    waiting: deque[tuple[float, float]] = deque()  # (not before, first try)
    busy: deque[tuple[float, float]] = deque()  # (until, first try), in the order of ending
    idle, environments, turned_away, queue, deepest = 0, 0, 0, 0.0, 0
    latencies: list[float] = []
    total = round(arrivals * seconds)
    sent = 0.0
    arrived = 0
    while sent < total:
        due = min(total, round(arrivals * min(now + STEP, seconds)))
        while arrived < due:
            waiting.append((now, now))
            arrived += 1
        done = [one for one in busy if one[0] <= now]
        if done:
            busy = deque(one for one in busy if one[0] > now)
            idle += len(done)
            latencies += [until - first for until, first in done]
            queue += len(done)
        allowance = min(given.at_once, allowance + given.scaling * STEP)
        units = min(rate_units, units + rate_units * STEP)
        for _ in range(len(waiting)):
            ready, first = waiting.popleft()
            if ready > now:
                waiting.append((ready, first))
                continue
            if units < times.units:
                waiting.append((now + RETRY, first))
                turned_away += 1
            elif idle:
                idle -= 1
                units -= times.units
                busy.append((now + times.warm, first))
            elif allowance >= 1 and environments < given.concurrency:
                allowance -= 1
                environments += 1
                units -= times.units
                busy.append((now + times.cold, first))
            else:
                waiting.append((now + RETRY, first))
                turned_away += 1
        deepest = max(deepest, round(queue))
        mails = min(queue, given.mail_rate * STEP)
        queue -= mails
        sent += mails
        if total - sent < 1e-6 and arrived == total:
            break
        now += STEP
    latencies.sort()
    return Outcome(
        accepted=len(latencies),
        median=latencies[len(latencies) // 2],
        p99=latencies[int(len(latencies) * 0.99)],
        longest=latencies[-1],
        turned_away=turned_away,
        environments=environments,
        deepest_queue=deepest,
        last_mail=now,
    )


def measured() -> Times:
    """Times on Lambda, by what was measured here: CPU stretched by the memory's share of a core, and AWS's answers."""
    goals = {one["number"]: one["facts"] for one in json.loads(RESULTS.read_text(encoding="utf-8"))["goals"]}
    cold = goals[2]["ms"]["ours"] * _MEMORY_FACTOR / 1000 + _NEW_ENVIRONMENT + 3 * _ANSWER
    warm = goals[4]["ms_wire"]["ours"] * _MEMORY_FACTOR / 1000 + _ANSWER
    return Times(cold=round(cold, 3), warm=round(warm, 4), units=goals[1]["write_units"])


def report() -> str:
    """The tables of `docs/scale.md`."""
    times = measured()
    raised = Limits(shards=16, table_units=limits.TABLE_WRITE_UNITS, mail_rate=200)
    scenarios = [
        ("10,000 in 10 s, a new account", 1_000, 10, Limits()),
        ("10,000 in 10 s, 16 shards, a warmed table, SES at 200 a second", 1_000, 10, raised),
        ("the busiest hour of 1,000,000 a day (a tenth of the day in it)", 100_000 / 3600, 3600, raised),
    ]
    lines = [
        f"Cold start {times.cold * 1000:.0f} ms, warm accept {times.warm * 1000:.1f} ms, {times.units} write units.",
        "",
        "| | accepted in: median | 99 % | longest | turned away, again | functions | mails waiting | last mail after |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, arrivals, seconds, given in scenarios:
        one = simulate(arrivals, seconds, times, given)
        lines.append(
            f"| {name} | {one.median * 1000:.0f} ms | {one.p99 * 1000:.0f} ms | {one.longest * 1000:.0f} ms | "
            f"{one.turned_away:,} | {one.environments} | {one.deepest_queue:,} | {_duration(one.last_mail)} |"
        )
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds > 120 else f"{seconds:.0f} s"


def main() -> int:
    """Write the tables between the marks of `docs/scale.md`."""
    text = DOCUMENT.read_text(encoding="utf-8")
    marks = re.compile(r"(<!-- burst -->\n).*?(<!-- /burst -->)", re.DOTALL)
    DOCUMENT.write_text(marks.sub(lambda found: f"{found[1]}{report()}\n{found[2]}", text), encoding="utf-8")
    print(report())
    return 0


if __name__ == "__main__":
    sys.exit(main())
