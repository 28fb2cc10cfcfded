"""Hostile texts, and what a text is once it has been taken: design document "Interfaces", *Normalising*."""

from __future__ import annotations

import re
import unicodedata
from random import Random
from typing import Final

PIECES: Final = (
    "Grüne Höfe",
    "Gru\u0308ne Ho\u0308fe",
    "\ufb01",
    "Å",
    "\ud55c\uae00",
    "\ud55c\uae00",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0001d518\U0001d52b\U0001d526\U0001d520\U0001d52c\U0001d521\U0001d522",
    "\U0001f600",
    "\u05e9\u05dc\u05d5\u05dd",
    "\u0645\u0631\u062d\u0628\u0627",
    "\u202eevil\u202c",
    "\u2066x\u2069",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00ad",
    "\u2028",
    "\u2029",
    "\u0085",
    "\u00a0",
    "\u3000",
    "\x00",
    "\x07",
    "\x1b[31m",
    "\x7f",
    "\ufffe",
    "\U0010ffff",
    "Z\u0338\u0321\u0322\u0353\u0333\u031c\u032a\u031f\u0333\u0360a\u0334l\u0337g\u0338o\u0335",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "${7*7}",
    "%s%n%x",
    "%(name)s",
    "' OR 1=1 --",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1)",
    "\uff1d1",
    "\t=1",
    "../../etc/passwd",
    "\r\nBcc: a@b.example",
    "\\u0000",
    "\\",
    '"',
    "'",
    "&amp;",
    "\n\n\n",
    "\r",
    "\r\n",
    "  two  spaces ",
    "null",
    "NaN",
    "-0",
    "1e400",
    "#",
    ";",
    "|",
    "]]>",
)
_ADDRESSES: Final = (
    "\u0430nna@example.org",
    "anna@\u0435\u0445ample.org",
    "anna@exämple.org",
    '"a b"@example.org',
    "anna@[127.0.0.1]",
    "a@b@example.org",
    "anna@example..org",
    "anna@example.org\r\nBcc: x@example.org",
    "anna@example.org,zoe@example.org",
    "<anna@example.org>",
    "anna@localhost",
    "anna@.org",
    "@",
    "",
    "anna+" + "x" * 300 + "@example.org",
    "\uff21\uff2e\uff2e\uff21@example.org",
    "anna@example.org\x00",
    "anna@\u212fxample.org",
    "anna@xn--exmple-cua.org",
    "a" * 65 + "@example.org",
)
_ENDS: Final = re.compile("\r\n|[\r\x85\u2028\u2029]")


def hostile_text(random: Random, longest: int = 110) -> str:
    """A text of pieces; now and then a repetition or something far too long."""
    kind = random.random()
    if kind < 0.05:
        return random.choice(PIECES) * random.choice([1, 50, 5000])
    if kind < 0.08:
        return chr(random.randrange(0x10FFFF + 1)) * random.randrange(1, 20)
    pieces = [random.choice(PIECES) for _ in range(random.randrange(1, 6))]
    return random.choice(["", " ", "-"]).join(pieces)[:longest]


def decent_text(random: Random, longest: int = 110) -> str:
    """A strange text that nothing is wrong with: letters of all scripts, marks, signs, spaces, line ends."""
    letters = (chr(random.choice(_RANGES)[0] + random.randrange(200)) for _ in range(random.randrange(8, longest)))
    text = "".join(one for one in letters if unicodedata.category(one)[0] in "LMNPSZ" or one == "\n")
    return f"a{text}z"


_RANGES: Final = (
    (0x20, 0),
    (0x20, 0),
    (0xC0, 0),
    (0x300, 0),
    (0x370, 0),
    (0x5D0, 0),
    (0x627, 0),
    (0x900, 0),
    (0x1100, 0),
    (0x1E00, 0),
    (0x2190, 0),
    (0x4E00, 0),
    (0xAC00, 0),
    (0x1D400, 0),
    (0x1F600, 0),
)


def hostile_address(random: Random) -> str:
    """No address, or one that looks like another."""
    return random.choice(_ADDRESSES)


def taken(text: str, *, lines: bool) -> str:
    """What a text is when it comes back: NFC, trimmed; a single line without runs of white space."""
    text = unicodedata.normalize("NFC", text)
    if lines:
        return _ENDS.sub("\n", text).strip()
    return " ".join(text.split())
