"""`aufruf tokens`: API tokens for organisers and programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import typer

from infra.commands.target import DATA, LOCAL, Data, Stage, complaints, console, use_stage

app = typer.Typer(help="Make API tokens.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Who or what will use it; stands in the audit trail.")],
    role: Annotated[Literal["viewer", "moderator", "owner"], typer.Option()] = "viewer",
    call: Annotated[list[str] | None, typer.Option(help="A call it is for; may be repeated. Default: all.")] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it lives.")] = 90,
    stage: Stage = LOCAL,
    data: Data = DATA,
) -> None:
    """Make a token and show it, once: only its digest is stored. The token goes to stdout, the rest to stderr."""
    use_stage(stage, data)
    token = issue(name, role, tuple(call or ["*"]), days)
    complaints.print(f"A token for {name} ({role}), good for {days} days. It is shown this once:", highlight=False)
    console.print(token, highlight=False, soft_wrap=True)


def issue(name: str, role: Literal["viewer", "moderator", "owner"], calls: tuple[str, ...], days: int) -> str:
    """A fresh token."""
    from chalicelib.access.roles import Person
    from chalicelib.access.tokens import issue_token
    from chalicelib.runtime.clock import now

    return issue_token(Person(name=name, role=role, calls=calls), now=now(), lifetime=timedelta(days=days))
