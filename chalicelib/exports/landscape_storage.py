"""The live landscape in the bucket: `landscape/<call>/<file>`, each written over only by what was read later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chalicelib.errors import ChangedMeanwhile
from chalicelib.runtime.aws import aws_errors, s3
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from chalicelib.exports.landscape_files import LandscapeFile

LINK_SECONDS = 60
LARGEST = 5_000_000
"""Bytes of a file that a function hands on itself: Lambda's answers are 6 MB at most."""

_TRIES = 5


class TooLarge(Exception):
    """The file is to be fetched by a link."""


class Stored(Struct, frozen=True):
    """What is known of a stored file: when the reading for it began (UTC stamp), what it was made with (a digest),
    and which version of the object it is.
    """

    read_at: str
    recipe: str
    etag: str
    version: str | None
    size: int


def look(call: str, name: str) -> Stored | None:
    """What is stored under a file's name, or `None`. Raises `Unavailable`."""
    from botocore.exceptions import ClientError

    with aws_errors():
        try:
            return _stored(s3().head_object(Bucket=_bucket(), Key=_key(call, name)))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return None
            raise


def read(call: str, name: str) -> bytes | None:
    """The bytes of a file, or `None`. Raises `TooLarge`, `Unavailable`."""
    client = s3()
    with aws_errors():
        try:
            answer = client.get_object(Bucket=_bucket(), Key=_key(call, name))
        except client.exceptions.NoSuchKey:
            return None
        if answer["ContentLength"] > LARGEST:
            answer["Body"].close()
            raise TooLarge
        return answer["Body"].read()


def write(call: str, file: LandscapeFile, *, read_at: str, recipe: str) -> bool:
    """Store a file, unless what is there was read later; gives whether it was stored.

    Two builders at once: each writes only over what it has seen (`If-Match`), so the later reading wins. What it
    replaces is deleted for good: somebody may have asked for that. Raises `ChangedMeanwhile`, `Unavailable`.
    """
    for _ in range(_TRIES):
        known = look(call, file.name)
        if known is not None and known.read_at > read_at:
            return False
        if _put(call, file, known, {"read-at": read_at, "recipe": recipe}):
            if known is not None and known.version is not None:
                _forget(call, file.name, known.version)
            return True
    raise ChangedMeanwhile


def link(call: str, name: str) -> str:
    """A link to a file that is too large for a function's answer, good for a minute."""
    with aws_errors():
        return s3().generate_presigned_url(
            "get_object", Params={"Bucket": _bucket(), "Key": _key(call, name)}, ExpiresIn=LINK_SECONDS
        )


def _put(call: str, file: LandscapeFile, known: Stored | None, metadata: dict[str, str]) -> bool:
    """Write over exactly what was seen; false when somebody was quicker (412, or 409 while they write)."""
    from botocore.exceptions import ClientError

    only: dict[str, str] = {"IfNoneMatch": "*"} if known is None else {"IfMatch": known.etag}
    with aws_errors():
        try:
            s3().put_object(
                Bucket=_bucket(),
                Key=_key(call, file.name),
                Body=file.content,
                ContentType=file.content_type,
                CacheControl="no-cache",
                Metadata=metadata,
                **only,  # type: ignore[arg-type]
            )
        except ClientError as error:
            # 404: what was seen is gone again.
            if error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"}:
                return False
            raise
    return True


def _forget(call: str, name: str, version: str) -> None:
    with aws_errors():
        s3().delete_object(Bucket=_bucket(), Key=_key(call, name), VersionId=version)


def _stored(answer: Any) -> Stored:
    metadata = answer.get("Metadata", {})
    version = answer.get("VersionId")
    return Stored(
        read_at=metadata.get("read-at", ""),
        recipe=metadata.get("recipe", ""),
        etag=answer["ETag"],
        version=None if version in (None, "null") else version,
        size=answer["ContentLength"],
    )


def _key(call: str, name: str) -> str:
    return f"landscape/{call}/{name}"


def _bucket() -> str:
    return settings().exports_bucket
