"""Cold start and warm accept beside the stacks that a Python team would pick instead."""

from typing import Any

from benchmarks import builds
from benchmarks.builds import Build
from benchmarks.goals import cold_cpu, interleaved, medians, warm
from benchmarks.stage import Stage

NAMES = {
    "aufruf": "Aufruf",
    "chalice_pynamodb": "chalice + pynamodb transaction + SQS",
    "powertools_boto3": "powertools resolver + boto3",
    "flask_wsgi": "flask + serverless-wsgi + boto3",
    "fastapi_mangum": "fastapi + mangum + boto3",
}


def compare(stage: Stage, ours: Build, *, cold_times: int, warm_times: int) -> dict[str, dict[str, Any]]:
    """By stack: CPU ms of a cold start as packaged and with byte code added, of a warm accept stubbed and on the wire,
    and the bytes of its zip. Ours has byte code as packaged.
    """
    shipped = {"aufruf": ours} | {one.name: one for one in builds.others(stage.folder)}
    compiled = {one.name.removesuffix("-compiled"): one for one in builds.others(stage.folder, compiled=True)}
    everything = shipped | {f"{name}, compiled": one for name, one in compiled.items()}
    cold = medians(interleaved({name: cold_cpu(stage, one) for name, one in everything.items()}, cold_times))
    sides = shipped | {"bare": stage.bare()}
    stubbed = warm(stage, sides, times=warm_times, batch=40, stubbed=True)
    wired = warm(stage, sides, times=warm_times, batch=40, stubbed=False)
    return {
        name: {
            "stack": NAMES[name],
            "cold_ms": cold[name],
            "cold_compiled_ms": cold.get(f"{name}, compiled", cold[name]),
            "warm_ms": stubbed[name],
            "warm_wire_ms": wired[name],
            "zip_bytes": one.zip_bytes,
        }
        for name, one in sorted(shipped.items(), key=lambda item: cold[item[0]])
    }
