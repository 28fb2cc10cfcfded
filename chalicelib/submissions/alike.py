"""Which reports may be about the same: each with a score from 0 to 100, and with what makes it. Values only.

Names and descriptions are compared by their words (rapidfuzz), websites by their host. The score is a hint for people;
nothing is merged by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from chalicelib.calls.call import filter_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chalicelib.calls.call import Call
    from chalicelib.submissions.submission import Submission

Because = Literal["name", "text", "website", "district"]
LEAST = 55  # below it, reports of the same call that have nothing to do with each other abound
MOST = 5
# What a full likeness adds. A name alone reaches the mark when it is nearly the same; a website of one's own does, too.
_WEIGHT: dict[Because, float] = {"name": 65, "text": 30, "website": 60, "district": 5}
# A page there says nothing of two initiatives being one.
_SHARED_HOSTS = (
    "facebook.com", "instagram.com", "youtube.com", "linktr.ee", "wordpress.com", "google.com", "x.com", "twitter.com",
)  # fmt: skip
_NOISE = 55.0  # per cent: two German texts of the same length are that much alike by chance


class Alike(Struct, frozen=True):
    """Another report that may be about the same: `reasons` are what they share and how much of it (0 to 100)."""

    submission: Submission
    score: int
    reasons: dict[Because, int]


class Traits(Struct, frozen=True):
    """What is compared of a report."""

    name: str
    text: str
    host: str
    districts: frozenset[str]


def traits(call: Call, answers: Mapping[str, Any]) -> Traits:
    """What of these answers is compared."""
    fields = call.fields.values()
    text = next((one.id for one in fields if one.public and one.type == "textarea"), "")
    website = next((one.id for one in fields if one.type == "url"), "")
    district = filter_fields(call).get("district")
    where = answers.get(district.id) if district else None
    return Traits(
        name=_plain(str(answers.get(call.form.title_field, ""))),
        text=_plain(str(answers.get(text, ""))),
        host=_host(str(answers.get(website, ""))),
        districts=frozenset(where if isinstance(where, list) else [where] if where else []) - {"unknown", "citywide"},
    )


def compare(one: Traits, other: Traits) -> tuple[int, dict[Because, int]]:
    """The score of two reports, and what makes it."""
    # Imported here: only who looks at likely duplicates needs it.
    from rapidfuzz import fuzz

    reasons: dict[Because, int] = {}
    name = _above_chance(fuzz.token_sort_ratio(one.name, other.name)) if one.name and other.name else 0
    text = _above_chance(fuzz.token_set_ratio(one.text, other.text)) if one.text and other.text else 0
    if name:
        reasons["name"] = name
    if text:
        reasons["text"] = text
    if one.host and one.host == other.host:
        reasons["website"] = 100
    if one.districts & other.districts:
        reasons["district"] = 100
    score = sum(_WEIGHT[reason] * share / 100 for reason, share in reasons.items())
    return min(100, round(score)), reasons


def likely(call: Call, answers: Mapping[str, Any], candidates: Iterable[Submission]) -> list[Alike]:
    """The most alike of `candidates`, the likeliest first."""
    own = traits(call, answers)
    found = []
    for one in candidates:
        score, reasons = compare(own, traits(call, one.read_answers()))
        if score >= LEAST:
            found.append(Alike(one, score, reasons))
    return sorted(found, key=lambda alike: (-alike.score, alike.submission.id))[:MOST]


def _above_chance(per_cent: float) -> int:
    return round(max(0.0, per_cent - _NOISE) / (100 - _NOISE) * 100)


def _plain(text: str) -> str:
    letters = "".join(one if one.isalnum() else " " for one in text.casefold())
    return " ".join(letters.split())


def _host(address: str) -> str:
    try:
        host = (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    return "" if any(host == one or host.endswith("." + one) for one in _SHARED_HOSTS) else host
