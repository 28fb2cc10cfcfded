"""What may stand in a cell of a spreadsheet. Values only.

A text that a spreadsheet would take for a formula gets an apostrophe in front: one that begins, once spaces and control
characters are off, with `=`, `+`, `-` or `@` in any width, and one where a tab or a carriage return comes first (OWASP,
"CSV Injection"). That goes for `+49 231 …`, too: the exact text is in the JSON files.
"""

from __future__ import annotations

from unicodedata import category, normalize

_FORMULA = frozenset("=+-@")
_BREAKS = frozenset("\t\r")
MARK = "'"


def neutral(text: str) -> str:
    """`text` as no spreadsheet takes it for a formula."""
    if not text or text[0].isalnum():
        return text
    for character in text:
        if character in _BREAKS:
            return MARK + text
        if category(character)[0] in "ZC":
            continue
        return MARK + text if normalize("NFKC", character)[0] in _FORMULA else text
    return text
