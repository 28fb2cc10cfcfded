"""Whatever reads what comes from outside is fuzzed: by `tests/hostile/parsers.py`, or for a reason elsewhere."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FUZZED = (PROJECT / "tests" / "hostile" / "parsers.py").read_text(encoding="utf-8")
# What is stored was ours before: tables and files in the bucket are written by no one else.
STORED = {"table.py", "storage.py", "landscape_storage.py", "reader.py"}
ELSEWHERE = {
    "read_request": "every request of tests/integration/test_hostile.py goes through it",
    "read_page": "every request of tests/integration/test_hostile.py, with cursors",
    "read_just_decided": "every request of tests/integration/test_hostile.py, with queries",
    "read_token": "looks up a digest: `digest_of` is fuzzed",
    "read_session": "looks up a digest of the cookie: tests/integration/test_hostile.py",
    "read_outcomes": "letters that the worker wrote itself",
}


def test_every_parser_is_fuzzed_or_says_where() -> None:
    found = {
        (path.name, name)
        for path in (PROJECT / "chalicelib").rglob("*.py")
        if path.name not in STORED
        for name in re.findall(r"^def ((?:read|parse)(?:_\w+)?)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(found) > 20
    fuzzed = {name for _, name in found if re.search(rf"\b{name}\b", FUZZED)}
    assert {name for _, name in found} - fuzzed == ELSEWHERE.keys()
