"""Goal 7: USD for a million submissions without the mail, counted from calls, bytes and milliseconds.

Prices: eu-central-1, on demand, as published at aws.amazon.com in 2026; no free tier. What both sides pay alike is left
in: the gateway's requests weigh on both.
"""

import json
from typing import Any

from benchmarks.builds import Build
from benchmarks.goals import Goal
from benchmarks.stage import Stage
from benchmarks.units import written_units

MILLION = 1_000_000
WRITE = 0.705 / MILLION  # a write unit (DynamoDB on demand, after the price cut of November 2024)
# Reading a stream for a trigger is free.
SQS = 0.40 / MILLION  # a request: send, receive, delete
LAMBDA_REQUEST = 0.20 / MILLION
LAMBDA_GB_SECOND = 0.0000133334  # arm64
GATEWAY = 3.70 / MILLION  # REST API, the first 333 million
LOG_GB = 0.63
OUT_GB = 0.09
MEMORY_GB = 1.0  # of the HTTP function, both sides
_LOGGED = 600  # bytes of Lambda's own lines and two of ours; the other side gets the same
_TIMES_SLOWER = 1769 / 1024  # a function of 1 GB has as much less of a core (Lambda developer guide, "Memory")


def money(facts: dict[str, Any]) -> Goal:
    """What accepting costs, by what `observe` saw of both sides."""
    ours, usual = _costs(facts["ours"]), _costs(facts["usual"])
    total, other = sum(ours.values()), sum(usual.values())
    ratio = total / other
    return Goal(
        7,
        "USD for a million submissions, of the usual build (without mail)",
        f"{ratio:.2f} × ({total:.2f} of {other:.2f} USD)",
        "≤ 0.60 ×",
        ratio <= 0.6,
        {"ours": _rounded(ours), "usual": _rounded(usual), "ratio": round(ratio, 3), "observed": facts},
    )


def _costs(side: dict[str, Any]) -> dict[str, float]:
    seconds = side["cpu_ms"] * _TIMES_SLOWER / 1000 + side["wait_ms"] / 1000
    return {
        "gateway": GATEWAY * MILLION,
        "writes": side["write_units"] * WRITE * MILLION,
        # The usual build sends one message for each submission, ours ten at a time, from the stream. Both are received
        # and deleted by the worker, ten at a time.
        "queue": (side["sent"] + 0.2) * SQS * MILLION,
        "function": (LAMBDA_REQUEST + seconds * MEMORY_GB * LAMBDA_GB_SECOND) * MILLION,
        "relay": side["relay_batches"] * (LAMBDA_REQUEST + 0.05 * 0.25 * LAMBDA_GB_SECOND) * MILLION,
        "logs": side["log_bytes"] * LOG_GB / 1e9 * MILLION,
        "traffic": side["answer_bytes"] * OUT_GB / 1e9 * MILLION,
    }


def _rounded(costs: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in costs.items()} | {"total": round(sum(costs.values()), 2)}


# Waiting for AWS, in ms: medians of single requests inside a region as AWS and others publish them. A transaction is
# two rounds of agreement.
WAITS = {"PutItem": 5.0, "TransactWriteItems": 12.0, "SendMessage": 8.0}


def of_one_accept(stage: Stage, ours: Build, usual: Build, cpu_ms: dict[str, float]) -> Goal:
    """Goal 7; `cpu_ms` of one warm accept on the wire, by side (`ours`, `usual`)."""
    facts = {}
    for name, build in {"ours": ours, "usual": usual}.items():
        with stage.function(build) as function:
            stage.warm(function, 2)
            stage.wire.taken()
            answer = function.ask(stage.event())
            answer_bytes = len(json.dumps(answer))
            facts[name] = observe(stage.wire.taken(), cpu_ms[name], answer_bytes=answer_bytes, log_bytes=_LOGGED)
    facts["ours"] |= {"sent": 0.1, "relay_batches": 0.02}  # ten messages a request; 50 records a batch
    return money(facts)


def observe(calls: list[Any], cpu_ms: float, *, answer_bytes: int, log_bytes: int) -> dict[str, Any]:
    """What one accept took: its calls as the wire saw them, and its CPU time."""
    units = 0
    for call in calls:
        if call.operation == "PutItem":
            units += written_units(call.sent["Item"])
        elif call.operation == "TransactWriteItems":
            # DynamoDB writes every item of a transaction twice: to prepare, and to commit.
            items = [one["Put"]["Item"] for one in call.sent["TransactItems"]]
            units += sum(2 * written_units(item) for item in items)
    return {
        "calls": [call.operation for call in calls],
        "write_units": units,
        "sent": sum(call.operation == "SendMessage" for call in calls),
        "relay_batches": 0.0,
        "cpu_ms": cpu_ms,
        "wait_ms": sum(WAITS[call.operation] for call in calls),
        "answer_bytes": answer_bytes,
        "log_bytes": log_bytes,
    }
