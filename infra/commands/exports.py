"""`aufruf exports`: build, list and download exports, with progress and checked sums."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.request import urlopen

import msgspec
import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from chalicelib.exports.export import Export, ExportFile
from infra.commands.target import DATA, LOCAL, Data, Stage, console, fail, use_stage
from infra.download import DownloadFailed, download, is_whole

app = typer.Typer(help="Build, list and download exports.", no_args_is_help=True)
_LOOK_SECONDS = 0.5
_TIMEOUT = 30  # seconds


@app.command()
def build(call: str, stage: Stage = LOCAL, data: Data = DATA) -> None:
    """Ask for an export now and wait until it is ready. Ctrl-C stops the waiting, not the export."""
    use_stage(stage, data)
    from chalicelib.calls.table import get_call
    from chalicelib.errors import NotFound
    from chalicelib.exports.nightly import request_export
    from chalicelib.runtime.clock import now

    try:
        export = request_export(get_call(call), export_id=None, requested_by="operator", now=now())
    except NotFound as error:
        raise fail(f"There is no call “{call}”. See: aufruf calls list") from error
    finished = _watch(export)
    if finished.state != "ready":
        raise fail(f"{finished.export_id} {finished.state}: {finished.cause or 'see the logs of the export worker'}")
    console.print(f"{finished.export_id} is ready. Download it: aufruf exports download {call}", highlight=False)


def _watch(export: Export) -> Export:
    from chalicelib.exports import table

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[written]} submissions"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(export.export_id, total=None, written=0)
        while not table.ended(export):
            time.sleep(_LOOK_SECONDS)
            export = table.find(export.call, export.export_id) or export
            done = export.progress
            progress.update(task, total=done.shards or None, completed=done.shards_done, written=done.written)
    return export


@app.command("list")
def list_(call: str, stage: Stage = LOCAL, data: Data = DATA) -> None:
    """The newest exports of a call."""
    use_stage(stage, data)
    from chalicelib.exports.table import newest

    exports = newest(call)
    if not exports:
        console.print(f"{call} has no export yet. Build one: aufruf exports build {call}", highlight=False)
        return
    table = Table("Export", "State", "Snapshot", "Submissions", "Asked for by", box=None)
    for one in exports:
        held = sum(one.summary.counts.values()) if one.summary else one.progress.written
        table.add_row(one.export_id, one.state, one.snapshot_at, str(held), one.requested_by)
    console.print(table)


@app.command("download")
def download_export(
    call: str,
    export_id: Annotated[str | None, typer.Argument(help="Default: the newest that is ready.")] = None,
    to: Annotated[Path, typer.Option(help="The folder to put it in.")] = Path(),
    stage: Stage = LOCAL,
    data: Data = DATA,
) -> None:
    """Download all files of an export into a folder named after it. An interrupted download goes on where it was."""
    use_stage(stage, data)
    from chalicelib.exports.table import newest

    ready = [one for one in newest(call) if one.available and export_id in (None, one.export_id)]
    if not ready:
        raise fail(f"There is no such export that is ready. See: aufruf exports list {call}")
    folder = to / f"{call}-{ready[0].export_id}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        count = _fetch_all(ready[0], folder)
    except (DownloadFailed, OSError) as error:
        raise fail(str(error)) from error
    said = f"{count} files, sums checked." if count else "all files are there already, sums checked."
    console.print(f"{folder}: {said}", highlight=False)


class _Manifest(msgspec.Struct):
    files: list[ExportFile]


def _fetch_all(export: Export, folder: Path) -> int:
    """Fetch what is missing, the manifest last: where it lies, everything was there; gives how many files that were.

    Raises `DownloadFailed` and `OSError`.
    """
    from chalicelib.exports.storage import download_link

    known = folder / "manifest.json"
    if known.is_file():
        manifest = known.read_bytes()
    else:
        with urlopen(download_link(export, known.name), timeout=_TIMEOUT) as answer:  # noqa: S310 - a link of our own
            manifest = answer.read()
    try:
        files = msgspec.json.decode(manifest, type=_Manifest).files
    except msgspec.DecodeError as error:
        raise DownloadFailed(f"{known.name} is damaged. Delete it and run the command again.") from error
    missing = [one for one in files if not is_whole(folder / one.name, one)]
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as progress:
        for one in missing:
            task = progress.add_task(one.name, total=one.size)
            download(
                one,
                folder,
                link=partial(download_link, export, one.name),
                arrived=partial(_show, progress, task),
                pause=time.sleep,
            )
    if not missing and known.is_file():
        return 0
    half = folder / "manifest.json.part"
    half.write_bytes(manifest)
    half.replace(known)
    return len(files) + 1


def _show(progress: Progress, task: TaskID, size: int) -> None:
    progress.update(task, completed=size)
