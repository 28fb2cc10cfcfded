"""A file that somebody sends: as a part of a form, or as the body itself. Larger than the other bodies are."""

from __future__ import annotations

from io import BytesIO

from msgspec import Struct

from chalicelib.errors import N_
from chalicelib.web.bodies import BodyUnreadable, MediaTypeUnknown, read_header

OCTETS = "application/octet-stream"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_PARTS = 10


class Upload(Struct, frozen=True):
    """The name it had where it came from (empty where nobody says), and its bytes."""

    name: str
    content: bytes


def read_upload(content_type: str, body: bytes, *, field: str) -> Upload:
    """The file in the part `field` of a form, or in the whole body. API Gateway has limited its size already.

    Raises `MediaTypeUnknown`, `BodyUnreadable`; a form without a file gives an empty one.
    """
    kind, boundary = read_header(content_type)
    if kind in {OCTETS, CSV, XLSX}:
        return Upload("", body)
    if kind != "multipart/form-data":
        raise MediaTypeUnknown
    # Imported here: hardly any request is an upload.
    from multipart import MultipartError, MultipartParser

    if not boundary or not boundary.isascii():
        raise BodyUnreadable(N_("The multipart boundary is missing."))
    size = len(body)
    try:
        parser = MultipartParser(
            BytesIO(body), boundary, size, strict=True, part_limit=_MOST_PARTS, spool_limit=size, memory_limit=size
        )
        for part in parser:
            if part.name == field:
                return Upload(part.filename or "", part.raw)
    except (MultipartError, LookupError, UnicodeError) as error:
        raise BodyUnreadable(N_("This is no valid multipart content.")) from error
    return Upload("", b"")
