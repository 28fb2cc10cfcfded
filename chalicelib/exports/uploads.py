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
        self._buffer = bytearray(storage.get_work(export, left.rest) if left and left.rest else b"")
        # A hash cannot be put away: of a file that was left the sum is taken of what S3 has in the end.
        self._digest = None if left else sha256()

    def write(self, content: bytes) -> None:
        """Add to the file. Raises `Unavailable`."""
        if self._digest is not None:
            self._digest.update(content)
        self._size += len(content)
        self._buffer += content
        if len(self._buffer) >= PART:
            self._send_part()

    def leave(self, mark: str) -> Unfinished:
        """Put away what S3 does not have yet; `mark` makes the name of that its own. Raises `Unavailable`."""
        rest = f"{mark}-{self.name}" if self._buffer else ""
        if rest:
            storage.put_work(self._export, rest, bytes(self._buffer))
        return Unfinished(self.name, self._upload_id, self._etags, self._size, rest)

    def close(self) -> ExportFile:
        """The file is whole. Raises `Unavailable`."""
        if not self._upload_id:
            storage.put_file(self._export, self.name, bytes(self._buffer), self._content_type)
        else:
            if self._buffer:
                self._send_part()
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

    def _sum(self) -> str:
        if self._digest is None:
            self._digest = sha256()
            for chunk in storage.read_file(self._export, self.name):
                self._digest.update(chunk)
        return self._digest.hexdigest()

    def _send_part(self) -> None:
        with aws_errors():
            if not self._upload_id:
                started = s3().create_multipart_upload(Bucket=_bucket(), Key=self._key, ContentType=self._content_type)
                self._upload_id = started["UploadId"]
            answer = s3().upload_part(
                Bucket=_bucket(),
                Key=self._key,
                UploadId=self._upload_id,
                PartNumber=len(self._etags) + 1,
                Body=self._buffer,  # type: ignore[arg-type] # what is bytes-like will do, and a copy is 5 MB
            )
        self._etags.append(answer["ETag"])
        # Not cleared but replaced: whoever sent the part may still hold it.
        self._buffer = bytearray()


def _bucket() -> str:
    return settings().exports_bucket
