"""What is vendored unchanged is unchanged."""

import re
from hashlib import sha256

import pytest

from chalicelib.web.static import FOLDER

UNCHANGED = ("altcha", "htmx")


def files(package: str) -> list[tuple[str, str]]:
    """The names and check sums that its README tells."""
    text = (FOLDER / "vendor" / package / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([\w.-]+)` \|.*`([0-9a-f]{64})` \|$", text, re.MULTILINE)


FILES = [(package, name, digest) for package in UNCHANGED for name, digest in files(package)]


@pytest.mark.parametrize(("package", "name", "digest"), FILES)
def test_a_vendored_file_is_the_one_of_its_package(package: str, name: str, digest: str) -> None:
    assert sha256((FOLDER / "vendor" / package / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("package", UNCHANGED)
def test_every_vendored_file_is_named(package: str) -> None:
    notes = {"README.md", "VERSION", "LICENCE.txt"}
    there = {path.name for path in (FOLDER / "vendor" / package).iterdir()}
    assert there == {name for name, _ in files(package)} | notes


def test_vendored_files_ask_no_other_host_for_anything() -> None:
    for package, name, _ in FILES:
        text = (FOLDER / "vendor" / package / name).read_text(encoding="utf-8")
        assert not re.findall(r"url\((?!['\"]?data:)", text)
        assert "sourceMappingURL" not in text
