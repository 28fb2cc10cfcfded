"""What is vendored unchanged is unchanged."""

import re
from hashlib import sha256

import pytest

from chalicelib.web.static import FOLDER

ALTCHA = FOLDER / "vendor" / "altcha"
FILES = re.findall(
    r"^\| `([\w.-]+)` \|.*`([0-9a-f]{64})` \|$", (ALTCHA / "README.md").read_text(encoding="utf-8"), re.MULTILINE
)


@pytest.mark.parametrize(("name", "digest"), FILES)
def test_a_file_of_altchas_is_the_one_of_its_package(name: str, digest: str) -> None:
    assert sha256((ALTCHA / name).read_bytes()).hexdigest() == digest


def test_every_file_of_altchas_is_named() -> None:
    notes = {"README.md", "VERSION", "LICENCE.txt"}
    assert {path.name for path in ALTCHA.iterdir()} == {name for name, _ in FILES} | notes


def test_altchas_files_ask_no_other_host_for_anything() -> None:
    for name, _ in FILES:
        text = (ALTCHA / name).read_text(encoding="utf-8")
        assert not re.findall(r"url\((?!['\"]?data:)", text)
        assert "sourceMappingURL" not in text
