"""Files that are written in parts: memory holds one part, and nothing is visible before the end.

A file that fits into one part is put there in one go. One that does not can be left and gone on with later, by another
process: S3 keeps the parts, and the bytes that do not fill one yet are put away beside them.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from chalicelib.exports import storage
from chalicelib.exports.checkpoint import Unfinished
from chalicelib.exports.export import Export, ExportFile
from chalicelib.runtime.aws import aws_errors, s3
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef

PART = 5 * 1024 * 1024  # bytes; S3 takes no smaller part but the last


class Upload:
    """One file of an export, as it grows. Give what `leave` said to go on with it."""

    def __init__(self, export: Export, name: str, content_type: str, left: Unfinished | None = None) -> None:
        self.name = name
        self._export = export
        self._key = export.prefix + name
        self._content_type = content_type
        self._upload_id = left.upload_id if left else ""
        self._etags = list(left.etags) if left else []
        self._size = left.size if left else 0
        # Of its full size from the start, and used again for each part: what grows and goes leaves holes in memory.
        self._buffer, self._filled = bytearray(PART), 0
        if left and left.rest:
            self._fill(memoryview(storage.get_work(export, left.rest)))
        # A hash cannot be put away: of a file that was left the sum is taken of what S3 has in the end.
        self._digest = None if left else sha256()

    def write(self, content: bytes) -> None:
        """Add to the file. Raises `Unavailable`."""
        if self._digest is not None:
            self._digest.update(content)
        self._size += len(content)
        rest = memoryview(content)
        while rest:
            rest = self._fill(rest)
            if self._filled == len(self._buffer):
                self._send_part(self._buffer)

    def leave(self, mark: str) -> Unfinished:
        """Put away what S3 does not have yet; `mark` makes the name of that its own. Raises `Unavailable`."""
        rest = f"{mark}-{self.name}" if self._filled else ""
        if rest:
            storage.put_work(self._export, rest, self._held())
        return Unfinished(self.name, self._upload_id, self._etags, self._size, rest)

    def close(self) -> ExportFile:
        """The file is whole. Raises `Unavailable`."""
        if not self._upload_id:
            storage.put_file(self._export, self.name, self._held(), self._content_type)
        else:
            if self._filled:
                self._send_part(self._held())
            parts: list[CompletedPartTypeDef] = [
                {"ETag": etag, "PartNumber": number} for number, etag in enumerate(self._etags, start=1)
            ]
            with aws_errors():
                s3().complete_multipart_upload(
                    Bucket=_bucket(), Key=self._key, UploadId=self._upload_id, MultipartUpload={"Parts": parts}
                )
        self._buffer = bytearray()
        return ExportFile(name=self.name, size=self._size, sha256=self._sum())

    def abort(self) -> None:
        """Take back what was sent, if anything was. Raises `Unavailable`."""
        if self._upload_id:
            with aws_errors():
                s3().abort_multipart_upload(Bucket=_bucket(), Key=self._key, UploadId=self._upload_id)

    def _fill(self, content: memoryview) -> memoryview:
        """Take as much as there is room for; gives the rest."""
        taken = content[: len(self._buffer) - self._filled]
        self._buffer[self._filled : self._filled + len(taken)] = taken
        self._filled += len(taken)
        return content[len(taken) :]

    def _held(self) -> bytes:
        return bytes(memoryview(self._buffer)[: self._filled])

    def _sum(self) -> str:
        if self._digest is None:
            self._digest = sha256()
            for chunk in storage.read_file(self._export, self.name):
                self._digest.update(chunk)
        return self._digest.hexdigest()

    def _send_part(self, content: bytes | bytearray) -> None:
        with aws_errors():
            if not self._upload_id:
                started = s3().create_multipart_upload(Bucket=_bucket(), Key=self._key, ContentType=self._content_type)
                self._upload_id = started["UploadId"]
            answer = s3().upload_part(
                Bucket=_bucket(),
                Key=self._key,
                UploadId=self._upload_id,
                PartNumber=len(self._etags) + 1,
                Body=content,  # type: ignore[arg-type] # what is bytes-like will do, and a copy is 5 MB
            )
        self._etags.append(answer["ETag"])
        self._filled = 0


def _bucket() -> str:
    return settings().exports_bucket
