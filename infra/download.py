"""A file over HTTP that arrives whole or not at all: goes on where it broke off, and is checked against its SHA-256."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable
from hashlib import sha256
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError

if TYPE_CHECKING:
    from chalicelib.exports.export import ExportFile

_CHUNK = 1 << 18  # bytes
_TIMEOUT = 30  # seconds without a byte
_FRUITLESS = 5  # tries one after another that bring nothing new
_GONE = frozenset({404, 410})
_NOT_SATISFIABLE = 416


class DownloadFailed(Exception):
    """Says what is wrong with which file, and what to do."""


def is_whole(path: Path, file: ExportFile) -> bool:
    """Whether `path` holds exactly `file`."""
    return path.is_file() and path.stat().st_size == file.size and _digest(path) == file.sha256


def download(
    file: ExportFile,
    folder: Path,
    *,
    link: Callable[[], str],
    arrived: Callable[[int], None],
    pause: Callable[[float], None],
) -> None:
    """Put `file` into `folder`, unless it is there and whole.

    What has arrived lies in `NAME.part`, from where a later call goes on. `link` is asked anew for each request, since
    links expire; `arrived` hears how many bytes are there; `pause` waits seconds. Raises `DownloadFailed`.
    """
    target = folder / file.name
    if is_whole(target, file):
        arrived(file.size)
        return
    part = _Part(target.with_name(f"{file.name}.part"))
    if part.size > file.size:
        part.drop()
    most, fruitless = part.size, 0
    while part.size < file.size:
        cause = _go_on(part, file, link(), arrived)
        fruitless = 0 if part.size > most else fruitless + 1
        most = max(most, part.size)
        if fruitless == _FRUITLESS:
            message = f"{file.name} broke off at {part.size} of {file.size} bytes: {cause}. What has arrived is kept: "
            raise DownloadFailed(f"{message}run the command again to go on.")
        if part.size < file.size:
            pause(2.0**fruitless)
    part.path.touch()  # nothing has to arrive for an empty file
    if not is_whole(part.path, file):
        part.drop()
        raise DownloadFailed(f"{file.name} arrived damaged: its SHA-256 is not the manifest's. Run the command again.")
    part.path.replace(target)
    part.drop()
    arrived(file.size)


class _Part:
    """What has arrived, and beside it the ETag of what it is a part of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._etag = path.with_name(f"{path.name}.etag")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def etag(self) -> str:
        return self._etag.read_text().strip() if self._etag.is_file() else ""

    def begin(self, etag: str) -> None:
        self.drop()
        self._etag.write_text(etag)
        self.path.touch()

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        self._etag.unlink(missing_ok=True)


def _go_on(part: _Part, file: ExportFile, url: str, arrived: Callable[[int], None]) -> str:
    """One request for what is missing; gives why it ended early, empty if it did not."""
    have, etag = part.size, part.etag
    # Without an ETag nobody can say whether the rest belongs to what is here. A weak one does not promise equal bytes
    # (RFC 9110, "If-Range").
    headers = {"Range": f"bytes={have}-", "If-Range": etag} if have and etag and not etag.startswith("W/") else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT) as answer:  # noqa: S310 - a link of our own
            _take(part, file, answer, arrived)
    except HTTPError as error:
        error.close()
        if error.code in _GONE:
            raise DownloadFailed(f"{file.name} is no longer there: newer exports replace older ones.") from error
        if error.code == _NOT_SATISFIABLE:
            part.drop()
        return f"the server answers {error.code}"
    except (OSError, HTTPException) as error:
        return str(error) or type(error).__name__
    return "" if part.size >= file.size else "the connection ended"


def _take(part: _Part, file: ExportFile, answer: HTTPResponse, arrived: Callable[[int], None]) -> None:
    etag = answer.headers.get("ETag", "")
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
    total = span[2] if span else answer.headers.get("Content-Length", "*")
    if total not in {"*", str(file.size)}:
        part.drop()
        raise DownloadFailed(f"{file.name} has {total} bytes on the server, {file.size} in the manifest: not taken.")
    # S3 does not promise to heed If-Range: whose rest this is, its ETag says.
    if not span or int(span[1]) != part.size or etag != part.etag:
        part.begin(etag)
        if span:
            return
    with part.path.open("ab") as out:
        while out.tell() < file.size and (chunk := answer.read1(_CHUNK)):
            out.write(chunk)
            arrived(out.tell())


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
