"""Static files: a name that changes with the content, so that a browser may keep them for ever."""

from functools import cache
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from chalicelib.errors import NotFound
from chalicelib.web.reply import Reply, text_reply

FOLDER = Path(__file__).parent / "static"


@cache
def _by_hashed_name() -> dict[str, Path]:
    files = (path for path in FOLDER.iterdir() if path.suffix in {".css", ".js", ".svg", ".woff2", ".png"})
    return {f"{path.stem}.{sha256(path.read_bytes()).hexdigest()[:10]}{path.suffix}": path for path in files}


@cache
def static_name(plain: str) -> str:
    """The hashed name of a file: `site.css` → `site.1f3a….css`. Raises `KeyError` for a file that is not there."""
    return {path.name: hashed for hashed, path in _by_hashed_name().items()}[plain]


def static_reply(hashed: str) -> Reply:
    """The file of a hashed name. Raises `NotFound`."""
    path = _by_hashed_name().get(hashed)
    if path is None:
        raise NotFound
    kind = guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    content = path.read_bytes()
    body = content.decode() if kind.startswith("text/") or path.suffix == ".svg" else content
    return text_reply(body, kind, headers={"Cache-Control": "public, max-age=31536000, immutable"})
