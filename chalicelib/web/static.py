"""Static files: a name that changes with the content, so that a browser may keep them for ever."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from chalicelib.errors import NotFound
from chalicelib.web.compression import is_text, pack, takes_gzip
from chalicelib.web.reply import Reply, text_reply

FOLDER = Path(__file__).parent / "static"
# Not the system's table: it differs between machines, and Lambda has none.
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
# What a style sheet names in its own folder: `url("FiraSans-Regular.woff2")`.
_NAMED = re.compile(rb'url\("([A-Za-z0-9._-]+)"\)')


@cache
def _by_hashed_name() -> dict[str, Path]:
    return {static_name(path.relative_to(FOLDER).as_posix()): path for path in FOLDER.rglob("*") if _serves(path)}


def _serves(path: Path) -> bool:
    return path.suffix in _KINDS and path.is_file()


@cache
def static_name(plain: str) -> str:
    """The hashed name of a file below `static/`: `site.css` → `site.1f3a….css`, `vendor/kern/kern.css` → `kern.….css`.

    Raises `KeyError` for a file that is not there.
    """
    path = FOLDER / plain
    if not _serves(path):
        raise KeyError(plain)
    return f"{path.stem}.{sha256(_content(path)).hexdigest()[:10]}{path.suffix}"


@cache
def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix != ".css":
        return content
    # All files are served side by side under their hashed names.
    beside = path.parent.relative_to(FOLDER)
    return _NAMED.sub(lambda found: b'url("%s")' % static_name(str(beside / found[1].decode())).encode(), content)


@cache
def _packed(path: Path) -> bytes:
    return pack(_content(path))


def static_reply(hashed: str, headers: Mapping[str, str]) -> Reply:
    """The file of a hashed name, packed once for all clients that take gzip. Raises `NotFound`."""
    path = _by_hashed_name().get(hashed)
    if path is None:
        raise NotFound
    kind = _KINDS[path.suffix]
    if not is_text(kind):
        return text_reply(_content(path), kind, headers=_FOR_EVER)
    named = _FOR_EVER | {"Vary": "Accept-Encoding"}
    if takes_gzip(headers):
        return text_reply(_packed(path), kind, headers=named | {"Content-Encoding": "gzip"})
    return text_reply(_content(path).decode(), kind, headers=named)
