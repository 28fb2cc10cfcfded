"""`aufruf demo`: fill the first call with invented reports, the way people would."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.commands.target import DATA, Data, console, fail, read_running
from infra.demo.people import DemoFailed, confirm, read_samples, send


def demo(
    data: Data = DATA,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the mails.", min=1)] = 120,
) -> None:
    """Send the sample reports through the web interface and confirm most of them through their mails.

    Running it again sends nothing twice.
    """
    url = read_running(data).url
    samples = read_samples()
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    to_confirm: set[str] = set()
    known = 0
    try:
        with Progress(*columns, console=console) as progress:
            sending = progress.add_task("Reporting", total=len(samples))
            for sample in samples:
                reference, before = send(url, sample)
                known += before
                if sample.confirm:
                    to_confirm.add(reference)
                progress.advance(sending)
            confirming = progress.add_task("Confirming", total=len(to_confirm))
            left = confirm(url, to_confirm, seconds=wait, each=lambda _reference: progress.advance(confirming))
    except DemoFailed as error:
        raise fail(str(error)) from error
    console.print(
        f"{len(samples)} reports sent ({known} of them were there already), {len(to_confirm) - len(left)} confirmed.",
        highlight=False,
    )
    if left:
        raise fail(f"{len(left)} mails did not come within {wait:.0f} s. Look at {url}/_local/mailbox and try again.")
