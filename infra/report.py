"""What a deployment tells the person who started it."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that a deployment adds, modifies or removes."""

    action: str
    name: str
    type: str
    replacement: str
    """`True`, `Conditional` (only CloudFormation can tell, while it does it), `False`, or empty."""


class Report(Protocol):
    """Where a deployment says what it does. Every method returns at once."""

    def step(self, text: str) -> None:
        """Say what happens next."""

    def changes(self, changes: Sequence[Change]) -> None:
        """Show what is about to change, before anything does."""

    def progress(self, done: int, total: int, text: str) -> None:
        """`done` of `total` resources are finished; `text` names the latest one."""


class SilentReport:
    """Says nothing."""

    def step(self, text: str) -> None:
        """Nothing."""

    def changes(self, changes: Sequence[Change]) -> None:
        """Nothing."""

    def progress(self, done: int, total: int, text: str) -> None:
        """Nothing."""


class ConsoleReport:
    """Tells a person at a terminal. A context manager, which tidies the progress bar up."""

    _COLOURS = {"Add": "green", "Remove": "red", "Modify": "yellow"}  # noqa: RUF012 - never changed

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, TextColumn("{task.description}"), console=self._console, transient=True)
        self._task = self._progress.add_task("", total=None, visible=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def step(self, text: str) -> None:
        """Say what happens next."""
        self._console.print(text)

    def changes(self, changes: Sequence[Change]) -> None:
        """Show a table of what is about to change."""
        table = Table("", "Resource", "Type", "Replaced")
        for change in changes:
            replaced = {"True": "[red]yes[/]", "Conditional": "[red]perhaps[/]"}.get(change.replacement, "")
            colour = self._COLOURS.get(change.action, "white")
            table.add_row(f"[{colour}]{change.action}[/]", change.name, change.type, replaced)
        self._console.print(table)

    def progress(self, done: int, total: int, text: str) -> None:
        """Move the bar on."""
        self._progress.start()
        self._progress.update(self._task, completed=done, total=total, description=text, visible=True)
