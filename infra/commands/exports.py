"""`aufruf exports`: build, list and download exports, with progress and checked sums."""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.commands.target import DATA, LOCAL, Data, Stage, console, fail, use_stage

if TYPE_CHECKING:
    from chalicelib.exports.export import Export, ExportFile

app = typer.Typer(help="Build, list and download exports.", no_args_is_help=True)
_LOOK_SECONDS = 0.5
_CHUNK = 1 << 20


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


@app.command()
def download(
    call: str,
    export_id: Annotated[str | None, typer.Argument(help="Default: the newest that is ready.")] = None,
    to: Annotated[Path, typer.Option(help="The folder to put it in.")] = Path(),
    stage: Stage = LOCAL,
    data: Data = DATA,
) -> None:
    """Download all files of an export into a folder named after it; what is there already and whole is kept."""
    use_stage(stage, data)
    from chalicelib.exports.table import newest

    ready = [one for one in newest(call) if one.state == "ready" and export_id in (None, one.export_id)]
    if not ready or ready[0].summary is None:
        raise fail(f"There is no such export that is ready. See: aufruf exports list {call}")
    export = ready[0]
    folder = to / f"{call}-{export.export_id}"
    folder.mkdir(parents=True, exist_ok=True)
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=console) as progress:
        for one in ready[0].summary.files:
            _fetch(export, one, folder, progress)
    _fetch_manifest(export, folder)
    console.print(f"{folder}: {len(ready[0].summary.files) + 1} files, sums checked.", highlight=False)


def _fetch(export: Export, file: ExportFile, folder: Path, progress: Progress) -> None:
    from chalicelib.runtime.aws import s3
    from chalicelib.runtime.settings import settings

    target = folder / file.name
    task = progress.add_task(file.name, total=file.size)
    if target.exists() and _digest(target) == file.sha256:
        progress.update(task, completed=file.size)
        return
    partial = target.with_suffix(target.suffix + ".part")
    body = s3().get_object(Bucket=settings().exports_bucket, Key=export.prefix + file.name)["Body"]
    with partial.open("wb") as out:
        for chunk in body.iter_chunks(_CHUNK):
            out.write(chunk)
            progress.advance(task, len(chunk))
    if _digest(partial) != file.sha256:
        raise fail(f"{file.name} arrived damaged: its SHA-256 is not the manifest's. Run the command again.")
    partial.replace(target)


def _fetch_manifest(export: Export, folder: Path) -> None:
    from chalicelib.runtime.aws import s3
    from chalicelib.runtime.settings import settings

    answer = s3().get_object(Bucket=settings().exports_bucket, Key=f"{export.prefix}manifest.json")
    (folder / "manifest.json").write_bytes(answer["Body"].read())


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
