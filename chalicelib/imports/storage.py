"""The bucket: a list while it is on its way, and what was found in it. Deleted when it is done, or after two weeks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chalicelib.errors import NotFound
from chalicelib.imports.likeness import Alike
from chalicelib.imports.rows import RowError
from chalicelib.imports.sheet import Sheet
from chalicelib.runtime.aws import aws_errors, s3
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from chalicelib.imports.taking import Import

T = TypeVar("T")


class Findings(Struct, frozen=True):
    """What a check found: every error, what looks like something else, and the first rows as they would come in.

    `found` has what would become of each row, as letters. No text of a row stands in the errors.
    """

    errors: list[RowError]
    alike: list[Alike]
    preview: list[tuple[int, dict[str, Any]]]
    found: str
    repeats: dict[str, int]
    numbers: tuple[int, ...]
    compared: int


def put_sheet(taking: Import, sheet: Sheet) -> None:
    """Store the list. Raises `Unavailable`."""
    _put(taking, "sheet.json", sheet)


def read_sheet(taking: Import) -> Sheet:
    """The list. Raises `NotFound` when it is deleted, `Unavailable`."""
    return _read(taking, "sheet.json", Sheet)


def put_findings(taking: Import, findings: Findings) -> None:
    """Store what a check found. Raises `Unavailable`."""
    _put(taking, "findings.json", findings)


def read_findings(taking: Import) -> Findings:
    """What a check found. Raises `NotFound` when it is deleted, `Unavailable`."""
    return _read(taking, "findings.json", Findings)


def forget_rows(taking: Import) -> None:
    """Delete the list, and what of its rows stands in the findings; harmless to repeat. Raises `Unavailable`.

    The bucket forgets what was deleted or overwritten a day later.
    """
    with aws_errors():
        s3().delete_object(Bucket=settings().exports_bucket, Key=_key(taking, "sheet.json"))
    if taking.checked is not None:
        with suppress(NotFound):
            put_findings(taking, replace(read_findings(taking), preview=[], alike=[]))


def _put(taking: Import, name: str, value: object) -> None:
    content = msgspec.json.encode(value)
    with aws_errors():
        s3().put_object(
            Bucket=settings().exports_bucket, Key=_key(taking, name), Body=content, ContentType="application/json"
        )


def _read(taking: Import, name: str, kind: type[T]) -> T:
    client = s3()
    with aws_errors():
        try:
            content = client.get_object(Bucket=settings().exports_bucket, Key=_key(taking, name))["Body"].read()
        except client.exceptions.NoSuchKey:
            raise NotFound from None
    return msgspec.json.decode(content, type=kind)


def _key(taking: Import, name: str) -> str:
    return f"imports/{taking.call}/{taking.id}/{name}"
