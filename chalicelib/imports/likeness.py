"""Which rows of a list may be about what is there already, or about what an earlier row is about. Values only.

The rules are those of likely duplicates (`submissions/alike.py`). To compare each row with each would take a quarter of
an hour for a long list, so only those are compared whose names share enough groups of three letters, or whose websites
are on the same host.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chalicelib.submissions.alike import LEAST, Traits, compare, traits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chalicelib.calls.call import Call
    from chalicelib.submissions.submission import Submission

_MOST_ALIKE = 4  # that are compared, of each kind
_COMMON = 200  # a group of letters that so many names have says nothing
_SHARE = 0.4  # of a name's groups of letters


class Alike(Struct, frozen=True):
    """A row that looks like a report (`reference`) or like an earlier row (`other`, its number; 0 where it is none).

    `title` is what that is called, `score` 0 to 100, `reasons` what they share.
    """

    row: int
    own_title: str
    title: str
    score: int
    reasons: dict[str, int]
    reference: str = ""
    other: int = 0


class _Index:
    """What was seen so far, found by its name and its website."""

    def __init__(self) -> None:
        self.seen: list[tuple[Traits, str, str, int]] = []
        self._groups: dict[str, list[int]] = defaultdict(list)
        self._hosts: dict[str, list[int]] = defaultdict(list)

    def add(self, one: Traits, title: str, reference: str, number: int) -> None:
        place = len(self.seen)
        self.seen.append((one, title, reference, number))
        for group in _groups(one.name):
            self._groups[group].append(place)
        if one.host:
            self._hosts[one.host].append(place)

    def near(self, one: Traits) -> list[int]:
        groups = _groups(one.name)
        shared: Counter[int] = Counter()
        for group in groups:
            places = self._groups.get(group, ())
            if len(places) <= _COMMON:
                shared.update(places)
        close = [place for place, many in shared.most_common(_MOST_ALIKE) if many >= _SHARE * len(groups)]
        same_host = self._hosts.get(one.host, [])[:_MOST_ALIKE] if one.host else []
        return list(dict.fromkeys([*close, *same_host]))


def alike_rows(
    call: Call, rows: Iterable[tuple[int, Mapping[str, Any]]], submissions: Sequence[Submission]
) -> list[Alike]:
    """For each of `rows` (number and answers) what is most alike, where anything is; the likeliest first."""
    index = _Index()
    for one in submissions:
        answers = one.read_answers()
        index.add(traits(call, answers), _title(call, answers), one.reference, 0)
    found = []
    for number, told in rows:
        own = traits(call, told)
        best: Alike | None = None
        for place in index.near(own):
            other, title, reference, earlier = index.seen[place]
            score, reasons = compare(own, other)
            if score >= LEAST and (best is None or score > best.score):
                named = {str(reason): share for reason, share in reasons.items()}
                best = Alike(number, _title(call, told), title, score, named, reference, earlier)
        if best is not None:
            found.append(best)
        index.add(own, _title(call, told), "", number)
    return sorted(found, key=lambda one: (-one.score, one.row))


def _title(call: Call, answers: Mapping[str, Any]) -> str:
    return str(answers.get(call.form.title_field, ""))


def _groups(name: str) -> set[str]:
    return {
        word[start : start + 3]
        for word in (f" {one} " for one in name.split())
        for start in range(max(1, len(word) - 2))
    }
