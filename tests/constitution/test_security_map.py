"""The map of docs/security.md: no requirement without an answer, no answer without a test or a reason."""

import re
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# OWASP ASVS 5.0: how many requirements of each section are of level 1 or 2 (they come before those of level 3). V10 and
# V17 are about what is not here.
LEVEL_2 = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 11, "6.3": 3, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "11.1": 2, "11.2": 3, "11.3": 3,
    "11.4": 4, "11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3,
    "16.5": 3,
}  # fmt: skip
TO = "\N{EN DASH}"
SHORTEST_REASON = 30  # characters


@cache
def rows() -> list[tuple[str, str, str]]:
    """What is required, how it is met, what shows it."""
    text = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| ((?:API)?\d[^|]*) \| ([^|]*) \| ([^|]*) \|$", text, re.MULTILINE)
    return [(required.strip(), met.strip(), shown.strip()) for required, met, shown in lines]


def named(required: str) -> list[str]:
    """The requirements of a row; a range, and names apart by commas, are several."""
    found = []
    for part in required.split(", "):
        first, _, last = part.partition(TO)
        section, _, number = first.rpartition(".")
        until = last.rpartition(".")[2] or number
        found += [f"{section}.{one}" for one in range(int(number), int(until) + 1)]
    return found


def test_every_requirement_of_level_two_is_answered_once() -> None:
    answered = [one for required, _, _ in rows() if not required.startswith("API") for one in named(required)]
    assert sorted(answered) == sorted(
        f"{section}.{one}" for section, many in LEVEL_2.items() for one in range(1, many + 1)
    )


def test_each_of_the_ten_is_answered() -> None:
    ten = [required.split()[0] for required, _, _ in rows() if required.startswith("API")]
    assert ten == [f"API{number}" for number in range(1, 11)]


def test_no_row_lacks_a_test_that_is_there_or_an_argued_reason() -> None:
    missing = []
    for required, met, shown in rows():
        assert met, required
        tests = re.findall(r"`([\w/]+\.py)::(\w+)`", shown)
        if not tests:
            assert shown.startswith("No test: "), required
            assert len(shown) >= SHORTEST_REASON, required
        for file, name in tests:
            path = PROJECT / "tests" / file
            if not path.is_file() or f"def {name}(" not in path.read_text(encoding="utf-8"):
                missing.append(f"{required}: {file}::{name}")
    assert missing == []
