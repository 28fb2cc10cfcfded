"""Which stack a command works on: the one that runs on this laptop, or one on AWS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import boto3
import msgspec
import typer
from rich.console import Console

from infra.stack import StackMissing, environment, outputs

LOCAL = "local"
Stage = Annotated[str, typer.Option("--stage", envvar="AUFRUF_STAGE", help="“local”, or the stage of a stack on AWS.")]
Data = Annotated[Path, typer.Option("--data", envvar="DATA", help="The folder of the local stack.")]
DATA = Path(".local")

console = Console()
complaints = Console(stderr=True)


def fail(message: str) -> typer.Exit:
    """Say what is wrong and give what to raise: the command ends with exit status 1."""
    complaints.print(message, style="red", highlight=False, soft_wrap=True)
    return typer.Exit(1)


def use_stage(stage: str, data: Path) -> dict[str, str]:
    """Let this process see what the stage's functions see; gives the stack's outputs.

    Call before anything that reads a table is imported: names of tables are read once. Raises `typer.Exit`.
    """
    if stage == LOCAL:
        running = read_running(data)
        found = running.outputs
        os.environ.update({
            "AWS_ENDPOINT_URL": running.endpoint,
            "AWS_ACCESS_KEY_ID": "000000000000",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "eu-central-1"),
        })  # fmt: skip
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
    else:
        stack = f"aufruf-{stage}"
        try:
            found = outputs(stack, session=boto3.Session())
        except StackMissing as error:
            raise fail(f"{error}. Deploy it first: make deploy STAGE={stage}") from error
    os.environ.update(environment(found))
    return found


class Running(msgspec.Struct):
    """What `aufruf run` writes about itself into `stack.json`."""

    endpoint: str
    url: str
    outputs: dict[str, str]
    pid: int


def read_running(data: Path) -> Running:
    """What the running local stack wrote about itself. Raises `typer.Exit` when none runs."""
    try:
        running = msgspec.json.decode((data / "stack.json").read_bytes(), type=Running)
        os.kill(running.pid, 0)
    except (OSError, msgspec.DecodeError) as error:
        raise fail("The local stack is not running. Start it in another terminal: make run") from error
    return running
