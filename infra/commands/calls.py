"""`aufruf calls`: publish and list calls."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace
from rich.table import Table

from infra.call_files import CallFileInvalid, complaints, read_call_file
from infra.commands.target import DATA, LOCAL, Data, Stage, console, fail, use_stage

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall

app = typer.Typer(help="Publish and list calls.", no_args_is_help=True)


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="The call's YAML file.", exists=True, dir_okay=False)],
    stage: Stage = LOCAL,
    data: Data = DATA,
) -> None:
    """Check a call definition and publish it. Nothing happens when it is published as it is."""
    use_stage(stage, data)
    try:
        published, changed = publish_file(file)
    except CallFileInvalid as error:
        raise fail(f"{error}\nNothing was published.") from error
    verb = "published" if changed else "is already published as it is"
    console.print(f"{published.call.call} {verb}, version {published.version}.", highlight=False)


@app.command()
def check(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Check a call definition without publishing it."""
    try:
        call, _lines = read_call_file(file)
    except CallFileInvalid as error:
        raise fail(str(error)) from error
    console.print(f"{call.call}: {len(call.fields)} fields, {', '.join(call.languages)}: all good.", highlight=False)


@app.command("list")
def list_(stage: Stage = LOCAL, data: Data = DATA) -> None:
    """The published calls."""
    use_stage(stage, data)
    from chalicelib.calls.table import list_calls
    from chalicelib.runtime.clock import now

    calls = list_calls()
    if not calls:
        console.print("No call is published. Publish one: aufruf calls publish calls/NAME.yaml")
        return
    table = Table("Call", "Title", "Version", "Published", "State", box=None)
    for one in calls:
        call = one.call
        table.add_row(call.call, call.title[call.languages[0]], str(one.version), one.published_at, call.phase(now()))
    console.print(table)


def publish_file(file: Path) -> tuple[PublishedCall, bool]:
    """Publish the call in a file, unless it already is; gives it and whether anything changed.

    Raises `CallFileInvalid`, also for what may not change under a running call.
    """
    from chalicelib.calls.checks import check_change
    from chalicelib.calls.table import put_call, read_call
    from chalicelib.errors import Unavailable
    from chalicelib.jobs.messages import LandscapeJob
    from chalicelib.jobs.queues import send_landscape_job
    from chalicelib.runtime.clock import now, stamp

    call, lines = read_call_file(file)
    before = read_call(call.call)
    if before is not None and replace(before.call, full=False) == call:
        return before, False
    findings = check_change(before.call, call) if before is not None else []
    if findings:
        raise CallFileInvalid(complaints(file, findings, lines))
    published = put_call(call, after=before, published_at=stamp(now()))
    if before is not None:
        # An event that moved is to be seen at once; without this message reconcile sees to it some minutes later.
        with suppress(Unavailable):
            send_landscape_job(LandscapeJob(call=call.call, asked_at=stamp(now())))
    return published, True


def publish_folder(folder: Path) -> list[str]:
    """Publish every call in a folder; gives their names. Raises `CallFileInvalid`."""
    return [publish_file(file)[0].call.call for file in sorted(folder.glob("*.yaml"))]
