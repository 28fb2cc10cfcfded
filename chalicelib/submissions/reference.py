"""The reference of a submission: 11 characters of chance, a check character, read in three groups: `K7Q4-9XMD-2RTB`.

Alphabet: Crockford's base 32 (no I, L, O, U). Check character: Damm's scheme over GF(2^5), which finds every wrong
character and every swap of neighbours; Crockford's own check needs five signs that no one can type on a telephone.
"""

from __future__ import annotations

from collections.abc import Callable
from secrets import randbits

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
BITS = 5 * (LENGTH - 1)
_VALUES = {character: value for value, character in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}


def from_bits(bits: int) -> str:
    """The id (12 characters, no hyphens) of the lowest 55 bits."""
    characters = [ALPHABET[(bits >> shift) & 31] for shift in range(BITS - 5, -1, -5)]
    return "".join(characters) + ALPHABET[_check([_VALUES[character] for character in characters])]


def from_chance(random_bits: Callable[[int], int] = randbits) -> str:
    """A fresh id."""
    return from_bits(random_bits(BITS))


def from_digest(digest: bytes) -> str:
    """The id that a digest (at least 7 bytes) always gives."""
    return from_bits(int.from_bytes(digest[:7], "big"))


def read(written: str) -> str | None:
    """The id that a person wrote, however they grouped and cased it; `None` when it cannot be one."""
    compact = written.upper().replace("-", "").replace(" ", "")
    if len(compact) != LENGTH or any(character not in _VALUES for character in compact):
        return None
    values = [_VALUES[character] for character in compact]
    return "".join(ALPHABET[value] for value in values) if _check(values) == 0 else None


def show(submission_id: str) -> str:
    """The id as people read it."""
    return "-".join(submission_id[start : start + 4] for start in range(0, LENGTH, 4))


def _check(values: list[int]) -> int:
    """Damm's interim digit after `values`: x * y = 2x + y in GF(32); 0 when the last value is the right check."""
    interim = 0
    for value in values:
        interim = _double(interim ^ value)
    # x*y as 2(x+y) has 0 on its diagonal, so appending the interim itself closes to 0.
    return interim


def _double(value: int) -> int:
    """Times 2 in GF(2^5) with x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 32 else value
