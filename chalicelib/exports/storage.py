"""The bucket: files written in parts as they grow, a pointer written last, links that live for a minute."""

from __future__ import annotations

from hashlib import sha256
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec
from msgspec import Struct

from chalicelib.errors import ChangedMeanwhile, Unavailable
from chalicelib.exports.export import Export, ExportFile
from chalicelib.runtime.aws import aws_errors, s3
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef

PART = 5 * 1024 * 1024  # bytes; S3 takes no smaller part but the last
LINK_SECONDS = 60
_POINTER_TRIES = 5


class Pointer(Struct, frozen=True):
    """`latest.json`: which export to look at. It alone makes an export visible."""

    call: str
    export_id: str
    snapshot_at: str
    manifest: str


class Upload:
    """A file that is written in parts: memory holds one part, and nothing is visible before the end.

    Use as a context manager: left by an exception, the upload is aborted. After the block `file` says what was written.
    """

    file: ExportFile

    def __init__(self, export: Export, name: str, content_type: str) -> None:
        self._name = name
        self._key = export.prefix + name
        self._content_type = content_type
        self._buffer = bytearray()
        self._parts: list[CompletedPartTypeDef] = []
        self._digest = sha256()
        self._size = 0

    def __enter__(self) -> Self:
        with aws_errors():
            started = s3().create_multipart_upload(Bucket=_bucket(), Key=self._key, ContentType=self._content_type)
        self._upload_id = started["UploadId"]
        return self

    def write(self, content: bytes) -> None:
        """Add to the file. Raises `Unavailable`."""
        self._digest.update(content)
        self._size += len(content)
        self._buffer += content
        if len(self._buffer) >= PART:
            self._send_part()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            if isinstance(error, Exception):
                self._abort()
            return
        try:
            self._send_part()
            with aws_errors():
                s3().complete_multipart_upload(
                    Bucket=_bucket(), Key=self._key, UploadId=self._upload_id, MultipartUpload={"Parts": self._parts}
                )
        except Unavailable:
            self._abort()
            raise
        self.file = ExportFile(name=self._name, size=self._size, sha256=self._digest.hexdigest())

    def _abort(self) -> None:
        with aws_errors():
            s3().abort_multipart_upload(Bucket=_bucket(), Key=self._key, UploadId=self._upload_id)

    def _send_part(self) -> None:
        number = len(self._parts) + 1
        with aws_errors():
            answer = s3().upload_part(
                Bucket=_bucket(), Key=self._key, UploadId=self._upload_id, PartNumber=number, Body=bytes(self._buffer)
            )
        self._parts.append({"ETag": answer["ETag"], "PartNumber": number})
        self._buffer.clear()


def put_manifest(export: Export, content: bytes) -> None:
    """Write the table of contents, after every file it names."""
    with aws_errors():
        s3().put_object(
            Bucket=_bucket(),
            Key=export.prefix + "manifest.json",
            Body=content,
            ContentType="application/json",
        )


def point_to(export: Export) -> bool:
    """Make `export` the latest, unless a later snapshot is already; gives whether it is the latest now.

    Two exports at once: each writes only over what it has read (`If-Match`), so the later snapshot wins.
    """
    pointer = Pointer(
        call=export.call,
        export_id=export.export_id,
        snapshot_at=export.snapshot_at,
        manifest=f"{export.prefix}manifest.json",
    )
    key = f"exports/{export.call}/latest.json"
    for _ in range(_POINTER_TRIES):
        known, etag = _read_pointer(key)
        if known is not None and (known.snapshot_at, known.export_id) >= (pointer.snapshot_at, pointer.export_id):
            return known.export_id == pointer.export_id
        if _put_pointer(key, pointer, etag):
            return True
    raise ChangedMeanwhile


def _read_pointer(key: str) -> tuple[Pointer | None, str | None]:
    client = s3()
    with aws_errors():
        try:
            answer = client.get_object(Bucket=_bucket(), Key=key)
            return msgspec.json.decode(answer["Body"].read(), type=Pointer), answer["ETag"]
        except client.exceptions.NoSuchKey:
            return None, None


def _put_pointer(key: str, pointer: Pointer, etag: str | None) -> bool:
    """Write over exactly what was read; false when somebody was quicker (412, or 409 while they write)."""
    from botocore.exceptions import ClientError

    with aws_errors():
        try:
            content = msgspec.json.encode(pointer)
            if etag is None:
                s3().put_object(
                    Bucket=_bucket(), Key=key, Body=content, ContentType="application/json", IfNoneMatch="*"
                )
            else:
                s3().put_object(Bucket=_bucket(), Key=key, Body=content, ContentType="application/json", IfMatch=etag)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalRequestConflict"}:
                return False
            raise
    return True


def download_link(export: Export, name: str) -> str:
    """A link to one file, good for a minute, that a browser saves under a name that says what it is."""
    shown = f"{export.call}-{export.export_id}-{name}"
    with aws_errors():
        return s3().generate_presigned_url(
            "get_object",
            Params={
                "Bucket": _bucket(),
                "Key": export.prefix + name,
                "ResponseContentDisposition": f'attachment; filename="{shown}"',
            },
            ExpiresIn=LINK_SECONDS,
        )


def _bucket() -> str:
    return settings().exports_bucket
