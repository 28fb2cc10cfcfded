"""No parser breaks: it reads what it is given or refuses it by name.

`AUFRUF_FUZZ=100000` for so many texts to each (`make fuzz`).
"""

import contextlib
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.hostile.parsers import PARSERS, Parser
from tests.hostile.texts import PIECES

EACH = int(os.environ.get("AUFRUF_FUZZ", "40"))
WORDS = (
    "\ud800", "9" * 5000, "-", "1e999", "NaN", "null", "true", "[", "{" * 9, "}", '"', "\\", "\\ud800", ":", ",", ";",
    "=", "&", "%", "%00", "%ff", "\n", "\r\n", "--b", "--b--", ".", "/", "\x00", "\xff", "charset=", "boundary=",
    "multipart/form-data", "f\n", "m\n", "j\n", "PK\x03\x04", "0001-01-01", "9999-12-31", "+99:99", "2026-W01-1", "é",
    "٣", "[]", "{}", "K7Q49XMD2RTB", "http://[", "//", "&a", "*a", "!!x ", "  ", "\t",
)  # fmt: skip
_PART = some.sampled_from([*WORDS, *PIECES]) | some.text(max_size=4) | some.text(some.characters(), max_size=4)


@some.composite
def _near(draw: Any, parser: Parser) -> str:
    """A good text with something cut out, put in or doubled, up to four times; or anything at all."""
    if draw(some.integers(0, 9)) == 0:
        return "".join(draw(some.lists(_PART, max_size=8)))
    text: str = draw(some.sampled_from(parser.good))
    for _ in range(draw(some.integers(1, 4))):
        begin = draw(some.integers(0, len(text)))
        end = draw(some.integers(begin, min(len(text), begin + 12)))
        middle = draw(some.just(text[begin:end] * 2) | _PART | some.just(""))
        text = text[:begin] + middle + text[end:]
    return text


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_reads_or_refuses_by_name(name: str) -> None:
    parser = PARSERS[name]

    @settings(max_examples=EACH, suppress_health_check=list(HealthCheck), database=None)
    @given(_near(parser))
    def reads(text: str) -> None:
        with contextlib.suppress(*parser.refuses):
            parser.read(text)

    reads()


@pytest.mark.parametrize("name", PARSERS)
def test_what_the_fuzzer_begins_with_is_read(name: str) -> None:
    """Else it would only ever see the first look of a parser."""
    PARSERS[name].read(PARSERS[name].good[0])
