"""A field: one question of a call's form. Values only."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Texts = dict[str, str]  # by language
FieldType = Literal["text", "textarea", "choice", "choices", "year", "url", "email", "tel", "date", "consent", "place"]

# Longest answers where the call names no limit of its own, in characters. 254: RFC 5321's longest address.
LONGEST = {"text": 200, "place": 200, "textarea": 2000, "url": 300, "email": 254, "tel": 40}


class Choice(Struct, frozen=True, forbid_unknown_fields=True):
    """One possible answer."""

    id: str
    label: Texts


class Condition(Struct, frozen=True, forbid_unknown_fields=True, rename={"is_": "is"}):
    """`show_if`: the field is asked when another one `is` a choice, or `has` it among several."""

    field: str
    is_: str | None = None
    has: str | None = None


class Field(Struct, frozen=True, forbid_unknown_fields=True):
    """One question. Lengths are characters (Unicode code points); `min` and `max` are years."""

    id: str
    type: FieldType
    label: Texts
    help: Texts = field(default_factory=dict)
    required: bool = False
    min_length: int | None = None
    max_length: int | None = None
    min: int | None = None
    max: int | None = None
    choices: tuple[Choice, ...] = ()
    min_choices: int | None = None
    max_choices: int | None = None
    show_if: Condition | None = None
    public: bool = False
    personal: bool = False
    autocomplete: str = ""

    @property
    def longest(self) -> int | None:
        """The longest answer in characters, for fields that hold text."""
        return self.max_length or LONGEST.get(self.type)
