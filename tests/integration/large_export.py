"""A large export in a process of its own: AWS made of a generator and a folder, memory as the system counts it.

    python -m tests.integration.large_export COUNT FOLDER

Prints, as JSON, the peak of memory above the baseline (bytes), seconds, and what the manifest says. moto would hold
all of it in the same process, and take longer than what is measured.
"""

import json
import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from hashlib import md5
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import tests.conftest  # noqa: F401 - the environment of the functions
from chalicelib.exports import builder, finishing, reader, received, storage, uploads
from chalicelib.exports.export import Export
from chalicelib.runtime.aws import RAW
from chalicelib.runtime.clock import now, stamp
from chalicelib.submissions.reference import from_bits
from tests.builders import NOON, kosi, kosi_answers, published

PAGE = 500
SHARDS = 4
_SPREAD = 0x5851F42D4C957F2D


@dataclass
class Table:
    """A table of `count` submissions that is made while it is read, in the order of ids."""

    count: int

    def __post_init__(self) -> None:
        # Arrays of numbers, not objects: what stands here is the table, not the exporter.
        self._order = [array("Q") for _ in range(SHARDS)]
        for number in range(self.count):
            bits = (number * _SPREAD + 12345) % 2**55
            self._order[number % SHARDS].append(bits)
        text = "Viele Menschen aus der Nachbarschaft machen mit. " * 8
        answers = json.dumps(kosi_answers(summary=text, problem=text, novelty=text), ensure_ascii=False)
        same = {"state": {"S": "confirmed"}, "language": {"S": "de"}, "form_version": {"N": "1"}}
        self._same = json.dumps(same | {"answers": {"S": answers}}, ensure_ascii=False).encode()[1:]

    def query(self, **asked: Any) -> dict[str, bytes]:
        if asked.get("Select") == "COUNT":
            _, state, shard = asked["ExpressionAttributeValues"][":place"]["S"].split("#")
            return {RAW: json.dumps({"Count": len(self._order[int(shard)]) if state == "confirmed" else 0}).encode()}
        shard = int(asked["ExpressionAttributeValues"][":place"]["S"].rpartition("#")[2])
        begin = int(asked["ExclusiveStartKey"]["id"]["S"]) if "ExclusiveStartKey" in asked else 0
        page = self._order[shard][begin : begin + PAGE]
        more = begin + PAGE < len(self._order[shard])
        last = b',"LastEvaluatedKey":{"id":{"S":"%d"}}' % (begin + PAGE) if more else b""
        # In one piece, as it comes from the network: what the table's side of this holds is not the exporter's.
        return {RAW: b"".join((b'{"Items":[', *self._items(page), b"]", last, b"}"))}

    def _items(self, page: Sequence[int]) -> Iterator[bytes]:
        for place, bits in enumerate(page):
            at = stamp(NOON + timedelta(milliseconds=bits % 40_000_000))
            times = "".join(f'"{one}":{{"S":"{at}"}},' for one in ("submitted_at", "changed_at", "confirmed_at"))
            yield b"," if place else b""
            yield f'{{"id":{{"S":"{from_bits(bits)}"}},{times}'.encode()
            yield self._same

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, bytes]:  # noqa: N803 - boto3's name
        [(name, asked)] = RequestItems.items()
        mail = {"state": {"S": "delivered"}, "attempts": {"N": "1"}, "sent_at": {"S": "2026-05-04T12:00:00.000Z"}}
        return {RAW: json.dumps({"Responses": {name: [key | mail for key in asked["Keys"]]}}).encode()}


@dataclass
class Bucket:
    """Objects as files."""

    folder: Path

    def _path(self, key: str) -> Path:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def put_object(self, *, Key: str, Body: bytes, **_more: Any) -> dict[str, str]:  # noqa: N803
        self._path(Key).write_bytes(Body)
        return {"ETag": "x"}

    def create_multipart_upload(self, *, Key: str, **_more: Any) -> dict[str, str]:  # noqa: N803
        self._path(Key).unlink(missing_ok=True)
        return {"UploadId": Key}

    def upload_part(self, *, Key: str, Body: bytes, **_more: Any) -> dict[str, str]:  # noqa: N803
        with self._path(Key).open("ab") as file:
            file.write(Body)
        return {"ETag": md5(Body, usedforsecurity=False).hexdigest()}

    def complete_multipart_upload(self, **_more: Any) -> None:
        pass

    def get_object(self, *, Key: str, Range: str = "", **_more: Any) -> dict[str, Any]:  # noqa: N803
        path = self._path(Key)
        if Range:
            start, end = (int(one) for one in Range.removeprefix("bytes=").split("-"))
            with path.open("rb") as file:
                file.seek(start)
                content = file.read(end - start + 1)
            return {"Body": SimpleNamespace(read=lambda: content)}
        return {"Body": SimpleNamespace(iter_chunks=lambda size: self._chunks(path, size))}

    def _chunks(self, path: Path, size: int) -> Iterator[bytes]:
        with path.open("rb") as file:
            while chunk := file.read(size):
                yield chunk


def main(count: int, folder: Path) -> None:
    """Export so many submissions and print what that took."""
    source, bucket = Table(count), Bucket(folder)
    export = Export(
        "kosi-lab-dortmund", "20260505T010000Z-x", "building", "2026-05-05T01:00:00.000Z", "x", 1, 1, owner="x"
    )
    told = SimpleNamespace(report=_nothing, keep=_nothing, finish=lambda export, *_, **__: export)
    # Functions, and no Mocks: a Mock keeps every call, and would be what grows.
    replaced: list[tuple[Any, str, object]] = [
        (reader, "raw_dynamodb", lambda: source),
        (received, "raw_dynamodb", lambda: source),
        (storage, "s3", lambda: bucket),
        (uploads, "s3", lambda: bucket),
        (builder, "table", told),
        (finishing, "landscape_files", lambda *_, **__: []),
        (finishing, "MOST_ROWS", 0),
        (storage, "point_to", _nothing),
        (storage, "clear_work", _nothing),
    ]
    with ExitStack() as stack:
        for where, name, new in replaced:
            stack.enter_context(mock.patch.object(where, name, new))
        baseline = _memory()
        begun = time.monotonic()
        builder.build(export, published(kosi()), clock=now, enough=lambda: True)
        seconds = time.monotonic() - begun
    manifest = json.loads((folder / export.prefix / "manifest.json").read_text())
    peak = _memory() - baseline
    print(json.dumps({"peak": peak, "seconds": seconds, "balance": manifest["balance"], "files": manifest["files"]}))  # noqa: T201


def _nothing(*_: object) -> None:
    """What is not part of what is measured."""


def _memory() -> int:
    """The peak so far, in bytes. `getrusage` would count what the process was forked from."""
    [line] = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
