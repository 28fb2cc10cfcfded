"""`aufruf deploy`: what is asked, what is told, and what an interruption means."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from infra import smoke
from infra.archive import PackagingFailed
from infra.commands.target import console, fail
from infra.deploy import deploy as deploy_package
from infra.package import package
from infra.report import ConsoleReport
from infra.stack import api_address
from infra.stage import DeploymentFailed, defaults, read_parameters

if TYPE_CHECKING:
    from infra.package import Package


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said on the command line: `NAME=VALUE` and names of parameters, and how to go about it."""

    parameters: Sequence[str]
    defaults: Sequence[str]
    watch_minutes: int
    allow_data_loss: bool
    ask: bool


def deploy(stage: str, wishes: Wishes) -> None:
    """Package and deploy `stage`, and say where it answers. Raises `typer.Exit`."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = package(Path(folder), stage="prod" if stage != "dev" else "dev")
            outputs = _deploy(made, stage, wishes)
        except (PackagingFailed, DeploymentFailed) as error:
            raise fail(str(error)) from error
        except (BotoCoreError, ClientError) as error:
            message = (
                f"AWS does not do it: {error}\nCredentials come from AWS_PROFILE or the environment. "
                f"What has begun goes on; to go on from there: make deploy STAGE={stage}"
            )
            raise fail(message) from error
        except KeyboardInterrupt as error:
            message = (
                "Interrupted. CloudFormation finishes what it has begun, or takes it back. "
                f"To go on from there: make deploy STAGE={stage}"
            )
            raise fail(message) from error
    address = api_address(outputs, os.environ.get("AWS_ENDPOINT_URL"))
    console.print(f"Deployed. The app answers at {address}", highlight=False, soft_wrap=True)
    console.print(f"Publish a call: aufruf calls publish calls/NAME.yaml --stage {stage}", highlight=False)
    console.print(f"Look whether everything around it is right: aufruf doctor --stage {stage}", highlight=False)


def _deploy(made: Package, stage: str, wishes: Wishes) -> dict[str, str]:
    # An emulator, as every AWS tool is told of it.
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    declared = json.loads(made.template.read_text(encoding="utf-8"))["Parameters"]
    with ConsoleReport(console) as report:
        return deploy_package(
            made,
            stack=f"aufruf-{stage}",
            parameters={**defaults(declared, wishes.defaults), **read_parameters(wishes.parameters)},
            session=boto3.Session(),
            report=report,
            endpoint=endpoint,
            watch_minutes=wishes.watch_minutes,
            confirm=(lambda _changes: typer.confirm("Make this change?")) if wishes.ask else None,
            allow_data_loss=wishes.allow_data_loss,
            prove=lambda outputs: smoke.prove(api_address(outputs, endpoint)),
        )
