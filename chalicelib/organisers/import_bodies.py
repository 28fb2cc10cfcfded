"""What is posted about a list: what its columns are, and which rows are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.errors import N_, FieldError
from chalicelib.imports.rows import read_columns
from chalicelib.web.bodies import BodyUnreadable, gathered, media_type, parse_json, read_members, read_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chalicelib.calls.call import Call
    from chalicelib.imports.rows import Columns
    from chalicelib.web.request import Request

COLUMN, FIXED = "column-", "fixed-"
_LONGEST_NUMBER = 7  # digits of a row's number


class Chosen(Struct, frozen=True):
    """What somebody chose, as it came in: names of columns and answers for all rows by field id."""

    columns: dict[str, str]
    fixed: dict[str, str]
    language: str = ""

    def read(self, call: Call, names: Sequence[str]) -> Columns:
        """As the import takes it. Raises `AnswersInvalid`."""
        return read_columns(call, names, self.columns, self.fixed, self.language)


def read_chosen(request: Request, names: Sequence[str]) -> Chosen:
    """A JSON object, or the form of the page, whose columns are numbers. Raises `BodyUnreadable` and its like."""
    kind = request.headers.get("content-type", "")
    if media_type(kind, request.body)[0] == "application/json":
        document = parse_json(request.body)
        if not isinstance(document, dict) or document.keys() - {"columns", "fixed", "language"}:
            raise BodyUnreadable(N_("A JSON object with the member “columns” was expected."))
        columns, fixed = _texts(document.get("columns")), _texts(document.get("fixed", {}))
        language = document.get("language", "")
        return Chosen(columns, fixed, language if isinstance(language, str) else "")
    form = {name: value for name, value in gathered(read_pairs(kind, request.body)).items() if isinstance(value, str)}
    places = {str(place): column for place, column in enumerate(names)}
    return Chosen(
        {
            name.removeprefix(COLUMN): places[value]
            for name, value in form.items()
            if name.startswith(COLUMN) and value in places
        },
        {name.removeprefix(FIXED): value for name, value in form.items() if name.startswith(FIXED)},
        form.get("language", ""),
    )


def read_start(request: Request) -> frozenset[int]:
    """The numbers of the rows that are left out.

    Raises `AnswersInvalid` without the word that these reports may be stored, `BodyUnreadable` and its like.
    """
    members = read_members(request.headers.get("content-type", ""), request.body, "leave", "declared")
    if members.get("declared") not in (True, "on", "true", "1"):
        message = N_("Please confirm that you may hand on these reports.")
        raise AnswersInvalid(N_("Nothing was taken over yet."), errors=[FieldError("declared", "required", message)])
    given = members.get("leave", [])
    return frozenset(_number(one) for one in (given if isinstance(given, list) else [given]))


def _number(given: object) -> int:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= _LONGEST_NUMBER:
        return int(given)
    raise AnswersInvalid(errors=[FieldError("leave", "wrong-type", N_("Please give numbers of rows."))])


def _texts(given: Any) -> dict[str, str]:
    members: Mapping[Any, Any] = given if isinstance(given, dict) else {None: None}
    if not all(isinstance(one, str) for one in members.values()):
        raise BodyUnreadable(N_("A JSON object with the member “columns” was expected."))
    return dict(members)
