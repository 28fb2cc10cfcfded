"""The bucket: files and what a builder puts away, a pointer written last, links that live for a minute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from chalicelib.errors import ChangedMeanwhile
from chalicelib.exports.export import Export
from chalicelib.runtime.aws import aws_errors, s3
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

_MOST_DELETED = 1000  # DeleteObjects takes no more
WORK = "work/"  # below the export: what its builder has put away
_CHUNK = 256 * 1024  # bytes
LINK_SECONDS = 60
_POINTER_TRIES = 5


class Pointer(Struct, frozen=True):
    """`latest.json`: which export to look at. It alone makes an export visible."""

    call: str
    export_id: str
    snapshot_at: str
    manifest: str


class NotCopied(Exception):
    """The other bucket, or S3 for it, refused the copy; `cause` is one of `refused`, `no-bucket`, `other`."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


_REFUSALS = {"AccessDenied": "refused", "AllAccessDisabled": "refused", "NoSuchBucket": "no-bucket"}


def put_file(export: Export, name: str, content: bytes | bytearray, content_type: str) -> None:
    """Write a file in one go. Raises `Unavailable`."""
    with aws_errors():
        s3().put_object(Bucket=_bucket(), Key=export.prefix + name, Body=content, ContentType=content_type)  # type: ignore[arg-type]


def read_file(export: Export, name: str) -> Iterator[bytes]:
    """A file of the export, a chunk at a time. Raises `Unavailable`."""
    with aws_errors():
        body = s3().get_object(Bucket=_bucket(), Key=export.prefix + name)["Body"]
        yield from body.iter_chunks(_CHUNK)


def copy_out(export: Export, name: str, *, bucket: str, key: str) -> None:
    """Copy a file to another bucket, whose owner gets it. Raises `Unavailable`, `NotCopied`."""
    from botocore.exceptions import ClientError

    try:
        with aws_errors():
            # Up to 5 GB (S3 API reference, "CopyObject"): two million submissions.
            s3().copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": _bucket(), "Key": export.prefix + name})
    except ClientError as error:
        raise NotCopied(_REFUSALS.get(error.response["Error"]["Code"], "other")) from error


def put_work(export: Export, name: str, content: bytes | bytearray) -> None:
    """Put something away that the builder needs again: no part of the export, gone when it is ready."""
    put_file(export, WORK + name, content, "application/octet-stream")


def clear_work(export: Export) -> None:
    """Delete for good what was put away. Raises `Unavailable`."""
    delete_all(f"{export.prefix}{WORK}")


def delete_all(prefix: str) -> None:
    """Delete every version of every object below `prefix`, and every upload begun there. Raises `Unavailable`."""
    # What was deleted is listed no more, so that the next look begins at the front again.
    while found := _versions(prefix):
        with aws_errors():
            s3().delete_objects(Bucket=_bucket(), Delete={"Objects": found, "Quiet": True})
    with aws_errors():
        while begun := s3().list_multipart_uploads(Bucket=_bucket(), Prefix=prefix).get("Uploads", []):
            for one in begun:
                s3().abort_multipart_upload(Bucket=_bucket(), Key=one["Key"], UploadId=one["UploadId"])


def _versions(prefix: str) -> list[ObjectIdentifierTypeDef]:
    """A page of versions below `prefix`, markers of deleted objects among them: they are versions, too."""
    with aws_errors():
        page = s3().list_object_versions(Bucket=_bucket(), Prefix=prefix)
    listed = [(one["Key"], one["VersionId"]) for one in page.get("Versions", [])]
    listed += [(one["Key"], one["VersionId"]) for one in page.get("DeleteMarkers", [])]
    return [{"Key": key, "VersionId": version} for key, version in listed[:_MOST_DELETED]]


def get_work(export: Export, name: str, start: int = 0, end: int | None = None) -> bytes:
    """What was put away, from byte `start` to before `end`. Raises `Unavailable`."""
    reach = "" if end is None else str(end - 1)
    with aws_errors():
        answer = s3().get_object(Bucket=_bucket(), Key=export.prefix + WORK + name, Range=f"bytes={start}-{reach}")
        return answer["Body"].read()


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


def read_latest(call: str, name: str) -> bytes | None:
    """A file of the export that the pointer names, whole; `None` while there is none. Raises `Unavailable`."""
    pointer, _ = _read_pointer(f"exports/{call}/latest.json")
    if pointer is None:
        return None
    client = s3()
    with aws_errors():
        try:
            key = pointer.manifest.removesuffix("manifest.json") + name
            return client.get_object(Bucket=_bucket(), Key=key)["Body"].read()
        except client.exceptions.NoSuchKey:
            return None


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
