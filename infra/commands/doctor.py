"""`aufruf doctor`: what is wrong with a stack and what is around it, and how to mend it."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from infra.commands.target import DATA, LOCAL, Data, Stage, console, fail, read_running
from infra.doctor.examination import examine
from infra.doctor.place import Place
from infra.local import emulator
from infra.local.stack import NAME, LocalStack
from infra.stack import StackMissing, api_address, outputs

if TYPE_CHECKING:
    from pathlib import Path


def doctor(stage: Stage = LOCAL, data: Data = DATA) -> None:
    """Look at a stack and what is around it: what is wrong, and how to mend it. Reads only."""
    place = _local(data) if stage == LOCAL else _on_aws(stage)
    wrong = 0
    for result in examine(place, folder=data if stage == LOCAL else data.parent):
        if result.not_here:
            console.print(Text(f"-  {result.title}: {result.not_here}", "dim"))
        elif not result.findings:
            console.print(Text.assemble(("✓", "green"), f"  {result.title}"))
        for one in result.findings:
            wrong += 1
            console.print(Text.assemble(("✗", "red"), f"  {one.subject}: {one.wrong}"), soft_wrap=True)
            console.print(Text(f"   → {one.mend}"), soft_wrap=True)
    if wrong:
        raise fail(f"{wrong} to mend.")
    console.print("All is well.")


def _local(data: Path) -> Place:
    running = read_running(data)
    stack = LocalStack(endpoint=running.endpoint, url=running.url, outputs=running.outputs)
    return Place(NAME, LOCAL, client=partial(emulator.client, endpoint=stack.endpoint), api=stack.api, local=True)


def _on_aws(stage: str) -> Place:
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    session = boto3.Session()
    name = f"aufruf-{stage}"
    try:
        found = outputs(name, session=session)
    except StackMissing as error:
        raise fail(f"{error}. Deploy it first: make deploy STAGE={stage}") from error
    except (BotoCoreError, ClientError) as error:
        raise fail(f"AWS cannot be asked: {error}. Credentials come from AWS_PROFILE or the environment.") from error
    return Place(
        name,
        stage,
        client=session.client,  # type: ignore[arg-type]
        api=api_address(found),
        local=False,
    )
