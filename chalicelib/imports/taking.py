"""Taking over a list: what was uploaded, how far it is, and what becomes of each row. Values only.

`uploaded` → (columns chosen) `checking` → `checked` → (started) `importing` → `done`; `cancelled` before it is done,
and `failed` where workers gave up. Choosing the columns anew leads back to `checking`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import msgspec
from msgspec import Struct

from chalicelib.errors import N_, Refusal
from chalicelib.imports.rows import Columns, RowError, RowInvalid, lenient, read_row
from chalicelib.submissions.reference import from_digest
from chalicelib.submissions.submission import ConsentRecord, Happening, Submission, fingerprint, shard_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chalicelib.calls.call import PublishedCall
    from chalicelib.imports.rows import Row
    from chalicelib.imports.sheet import Sheet
    from chalicelib.runtime.keys import Keys
    from chalicelib.submissions.outline import Standing

ImportState = Literal["uploaded", "checking", "checked", "importing", "done", "cancelled", "failed"]
RUNNING: Final = frozenset({"checking", "importing"})
ENDED: Final = frozenset({"done", "cancelled"})
KEPT = timedelta(days=14)  # as long as exports; the list itself goes as soon as it is done
MOST_ATTEMPTS = 5  # workers that begin and do not get on
PREVIEW = 10  # rows

Outcome = Literal["added", "there", "other", "erased", "repeated", "left", "invalid"]
"""What became of a row: taken over; there already; there under the same number with other content, and left so; erased
since it was taken over first; the same as an earlier row; left out by choice; not taken over because of errors."""
OUTCOMES: tuple[Outcome, ...] = ("added", "there", "other", "erased", "repeated", "left", "invalid")
_CODES: Final[dict[Outcome, str]] = {one: one[0] for one in OUTCOMES}


class NotImportable(Refusal):
    """The state of the import does not let this be done."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "not-importable"
    title: ClassVar[str] = N_("This cannot be done with this list now.")
    message: ClassVar[str] = N_("Please look at its page: it shows how far it is, and what can be done.")


class Checked(Struct, frozen=True):
    """What a check found: rows by what would become of them, and how many of them look like another report."""

    counts: dict[str, int]
    alike: int = 0


class Import(Struct, frozen=True):
    """One list on its way; times are UTC stamps, `expires_at` is epoch seconds.

    `form_version` is that of the check. `left` are the numbers of rows that were left out by choice. `outcomes` has a
    letter for each row that is through, in their order: how far the import is.
    """

    call: str
    id: str
    state: ImportState
    file: str
    names: tuple[str, ...]
    rows: int
    by: str
    created_at: str
    changed_at: str
    expires_at: int
    version: int = 1
    columns: Columns | None = None
    form_version: int = 0
    checked: Checked | None = None
    left: tuple[int, ...] = ()
    outcomes: str = ""
    attempts: int = 0
    cause: str = ""

    def counts(self) -> dict[str, int]:
        """How many rows had each outcome so far."""
        return {one: self.outcomes.count(_CODES[one]) for one in OUTCOMES}


class Planned(Struct, frozen=True):
    """A row that can be taken over, and the id it has whenever and in whatever file it comes."""

    row: Row
    id: str

    @property
    def fingerprint(self) -> str:
        """Of its answers."""
        return fingerprint(self.row.answers)


class Plan(Struct, frozen=True, dict=True):
    """All rows of a list in their order: planned, or the errors of one."""

    rows: tuple[Planned | list[RowError], ...]
    numbers: tuple[int, ...]

    @cached_property
    def repeats(self) -> dict[int, int]:
        """Places of rows that are the same as an earlier one: its number, by place."""
        first: dict[str, int] = {}
        found = {}
        for place, one in enumerate(self.rows):
            if isinstance(one, Planned):
                if one.id in first:
                    found[place] = first[one.id]
                else:
                    first[one.id] = one.row.number
        return found


def plan(published: PublishedCall, columns: Columns, sheet: Sheet, keys: Keys) -> Plan:
    """What the rows of a list are, as this version of the call takes them."""
    call = lenient(published.call)
    rows: list[Planned | list[RowError]] = []
    for number, cells in zip(sheet.numbers, sheet.rows, strict=True):
        try:
            row = read_row(call, columns, sheet.columns, cells, number)
        except RowInvalid as invalid:
            rows.append(invalid.errors)
        else:
            rows.append(Planned(row, identity(keys, call.call, row)))
    return Plan(tuple(rows), sheet.numbers)


def identity(keys: Keys, call: str, row: Row) -> str:
    """The id of a row: from the list's own number where it has one, else from what stands in it.

    What was chosen for all rows does not count, so that the same row stays the same when that is chosen otherwise.
    """
    if row.own:
        return from_digest(keys.digest("import", call, "number", row.own))
    return from_digest(keys.digest("import", call, "content", fingerprint(row.told)))


def outcome_of(one: Planned, standing: Standing | None, import_id: str) -> Outcome:
    """What becomes of a row, by what stands in its place. One that this import itself put there was added by it."""
    if standing is None or standing.source == import_id:
        return "added"
    if standing.state == "erased":
        return "erased"
    return "there" if not one.row.own or standing.fingerprint == one.fingerprint else "other"


def as_submission(published: PublishedCall, one: Planned, *, language: str, source: str, at: str) -> Submission:
    """A row as a submission that waits for a decision.

    Nobody confirmed an address and nobody agreed to anything: no time of confirmation, no consent (decision 28).
    """
    call = published.call
    return Submission(
        call=call.call,
        id=one.id,
        state="confirmed",
        shard=shard_of(one.id, call.policy.shards),
        answers=msgspec.json.encode(one.row.answers).decode(),
        fingerprint=one.fingerprint,
        language=language,
        form_version=published.version,
        submitted_at=at,
        changed_at=at,
        consents=ConsentRecord(given=(), privacy_version="", language=language, at=at),
        history=(Happening(at=at, event="imported"),),
        source=source,
    )


def written(outcomes: Sequence[Outcome]) -> str:
    """Outcomes as letters."""
    return "".join(_CODES[one] for one in outcomes)


def read_outcomes(letters: str) -> list[Outcome]:
    """Letters as outcomes."""
    named: Mapping[str, Outcome] = {code: one for one, code in _CODES.items()}
    return [named[letter] for letter in letters]


def import_name(now: datetime, chance: str) -> str:
    """The id of an import: sorts by time, and no two are alike."""
    return f"{now:%Y%m%dT%H%M%SZ}-{chance}"
