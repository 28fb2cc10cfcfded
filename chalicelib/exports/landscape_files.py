"""The files of the landscape, whole: what goes into an export, and what the live landscape is refreshed with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from chalicelib.exports.event_page import event_page
from chalicelib.exports.landscape import entries_of, landscape_document
from chalicelib.exports.landscape_geojson import landscape_geojson
from chalicelib.runtime.clock import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from chalicelib.calls.call import PublishedCall
    from chalicelib.submissions.submission import Submission


class LandscapeFile(Struct, frozen=True):
    """One file: its name, its media type, its bytes."""

    name: str
    content_type: str
    content: bytes


def landscape_files(
    published: PublishedCall,
    submissions: Iterable[Submission],
    *,
    base: str,
    read_at: datetime,
    running: bool | None = None,
    live: bool = False,
) -> list[LandscapeFile]:
    """Every file of the landscape. `submissions` may be all there are, in any order: what is not public is left out.

    `base` is the app's public address, `read_at` when the reading began; `running` whether the call takes
    reports (then, if it is not said); `live` files are kept current where they are. Memory grows with the public
    entries alone, by some 10 KB each.
    """
    entries = entries_of(published.call, submissions)
    at = stamp(read_at)
    document = landscape_document(published, entries, base=base, updated_at=at)
    features = landscape_geojson(published, entries, base=base, updated_at=at)
    if running is None:
        running = published.call.phase(read_at) == "open"
    page = event_page(published, entries, base=base, updated_at=at, running=running, live=live)
    return [
        LandscapeFile("landscape.html", "text/html; charset=utf-8", page.encode()),
        LandscapeFile("landscape.geojson", "application/geo+json", _json(features)),
        LandscapeFile("landscape.json", "application/json", _json(document)),
    ]


def _json(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document) + b"\n"
