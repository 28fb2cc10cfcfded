"""Cut fonts to the letters that a European administration meets: names and words in every Latin alphabet of Europe."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Inclusive ranges of code points.
_LETTERS = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x017F),  # Latin-1 and Latin Extended-A: German to Turkish, Maltese, Polish, Latvian, Sorbian
    (0x018F, 0x018F), (0x0259, 0x0259),  # Ə ə
    (0x01B7, 0x01B7), (0x01C4, 0x01CC), (0x01E4, 0x01EF), (0x0292, 0x0292),  # Croatian digraphs, Skolt Sami
    (0x01FA, 0x01FF), (0x0218, 0x021B), (0x021E, 0x021F), (0x0226, 0x0233),  # Danish, Romanian, Romani, Livonian
    (0x0300, 0x0304), (0x0306, 0x030C), (0x0326, 0x0328),  # accents that arrive on their own
    (0x02C6, 0x02C7), (0x02D8, 0x02DD),
    (0x1E02, 0x1E03), (0x1E0A, 0x1E0B), (0x1E1E, 0x1E1F), (0x1E40, 0x1E41), (0x1E56, 0x1E57),  # Irish as it was
    (0x1E60, 0x1E61), (0x1E6A, 0x1E6B), (0x1E80, 0x1E85), (0x1E9E, 0x1E9E), (0x1EF2, 0x1EF3),  # Welsh, and ẞ
)  # fmt: skip
_SIGNS = "\u2007\u2009\u200a\u2010\u2011\u2012\u2013\u2014\u2015‘’‚‛“”„†‡•…\u202f‰′″‹›⁄€№™←↑→↓−≈≠≤≥"  # noqa: RUF001 - meant

# Spacing, ligatures, accents in their place, local forms, figures of one width (a reference is read aloud by figures).
_FEATURES = ["kern", "liga", "ccmp", "mark", "mkmk", "locl", "tnum", "case"]


def code_points() -> set[int]:
    """Every letter and sign that is kept, where the font has it."""
    return {point for first, last in _LETTERS for point in range(first, last + 1)} | {ord(sign) for sign in _SIGNS}


def cut_font(font: Path) -> bytes:
    """`font` as WOFF2 with the kept letters only. Its copyright and licence entries stay."""
    # fontTools takes a second to import: only who cuts fonts pays.
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    options = Options()
    options.layout_features = _FEATURES
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    options.hinting = False
    options.flavor = "woff2"
    with TTFont(font, recalcTimestamp=False) as opened:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=code_points())
        subsetter.subset(opened)
        opened.flavor = "woff2"
        target = io.BytesIO()
        opened.save(target, reorderTables=False)
    return target.getvalue()


def letters_of(font: Path) -> set[int]:
    """The code points that `font` has a glyph for."""
    from fontTools.ttLib import TTFont

    with TTFont(font) as opened:
        return set(opened.getBestCmap())
