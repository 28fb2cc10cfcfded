"""What each release left in the tables: written once when it is made, read by every version after it.

    python -m tests.releases

writes `tests/releases/VERSION.json` for the version in `pyproject.toml`. A release that is out is not written again.
"""

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent


def version() -> str:
    """The version that would be released now."""
    return str(tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def versions() -> list[str]:
    """All that have left something, oldest first."""
    return sorted((path.stem for path in FOLDER.glob("*.json")), key=lambda one: [int(part) for part in one.split(".")])


@cache
def read(release: str) -> dict[str, Any]:
    """What a release left: its tables (`tables`), what was in them (`items`), and what it said of it."""
    found: dict[str, Any] = json.loads((FOLDER / f"{release}.json").read_text(encoding="utf-8"))
    return found


def shape(document: Any, place: str = "") -> set[str]:
    """Every place in a JSON document, list items alike: what a reader may count on."""
    if isinstance(document, dict):
        return set().union(*({f"{place}/{name}"} | shape(value, f"{place}/{name}") for name, value in document.items()))
    if isinstance(document, list):
        return set().union(*(shape(value, f"{place}[]") for value in document))
    return set()
