"""What strikes us about a submission that is being accepted. Values in, flags out; nothing is refused here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.calls.answers import Answers
    from chalicelib.calls.call import Call
    from chalicelib.submissions.flags import Flag

MOST_LINKS = 3
FAST_SECONDS = 10
_SHOUTED_LETTERS = 12  # fewer are a name: „VHS“, „KOSI-LAB“
_REPEATED_CHARACTERS = 20  # shorter lines come twice in honest texts
_WRITTEN = frozenset({"text", "textarea", "place"})
_LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)


def flags_of(call: Call, answers: Answers, *, proven: bool, age: float | None) -> tuple[Flag, ...]:
    """The flags of judged `answers`, in a fixed order.

    `proven`: a true proof of work came with them; `age` of the ticket in seconds, `None` where there was none.
    """
    types = [(call.fields[name].type, answer) for name, answer in answers.items() if isinstance(answer, str)]
    texts = [text for kind, text in types if kind in _WRITTEN]
    found: dict[Flag, bool] = {
        "many-links": sum(_links(text) for text in texts) > MOST_LINKS,
        "repeated-text": _repeated(texts),
        "all-capitals": any(_shouted(text) for text in texts),
        "one-word": any(kind == "textarea" and len(text.split(maxsplit=1)) == 1 for kind, text in types),
        "no-proof": call.policy.proof_of_work != "off" and not proven,
        "very-fast": age is not None and age < FAST_SECONDS,
    }
    return tuple(flag for flag, struck in found.items() if struck)


def _links(text: str) -> int:
    # Hardly any text has one, and to ask that first takes a tenth of the time.
    return len(_LINK.findall(text)) if "://" in text or "www." in text.lower() else 0


def _repeated(texts: list[str]) -> bool:
    """Whether a line comes twice, in one text or in two; case and white space do not count."""
    seen: set[str] = set()
    for text in texts:
        for line in text.splitlines():
            plain = " ".join(line.split()).casefold()
            if len(plain) >= _REPEATED_CHARACTERS:
                if plain in seen:
                    return True
                seen.add(plain)
    return False


def _shouted(text: str) -> bool:
    # The whole text first: it is asked in one step, and hardly any is all capitals.
    return text.isupper() and sum(one.isupper() for one in text) >= _SHOUTED_LETTERS
