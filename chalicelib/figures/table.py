"""Figures in their table: the newest snapshot of each call."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.update import Action

from chalicelib.figures.figures import Figures
from chalicelib.runtime.settings import settings
from chalicelib.runtime.table import ConditionFailed, Record, TableMeta, table_errors


class FiguresRecord(Record):
    """The figures of one call (JSON), and when they were last asked for."""

    class Meta(TableMeta):
        table_name = settings().figures_table

    call = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(null=True)
    figures = UnicodeAttribute(null=True)
    asked_at = UnicodeAttribute(null=True)


def find(call: str) -> Figures | None:
    """The newest figures of a call, or `None` where nobody has counted yet."""
    return find_many([call]).get(call)


def find_many(calls: Iterable[str]) -> dict[str, Figures]:
    """The newest figures of many calls, in one request for each hundred."""
    with table_errors():
        records = list(FiguresRecord.batch_get(list(dict.fromkeys(calls))))
    return {one.call: msgspec.json.decode(one.figures, type=Figures) for one in records if one.figures}


def put(call: str, figures: Figures) -> None:
    """Store figures, unless newer ones are there."""
    older = FiguresRecord.at.does_not_exist() | (FiguresRecord.at < figures.at)
    actions: list[Action] = [
        FiguresRecord.at.set(figures.at),
        FiguresRecord.figures.set(msgspec.json.encode(figures).decode()),
    ]
    try:
        with table_errors():
            FiguresRecord(call).update(actions, condition=older)
    except ConditionFailed:
        return


def note_asked(call: str, *, at: str, unless_since: str) -> bool:
    """Write down that somebody asks for new figures; false where somebody did since the stamp `unless_since`."""
    long_ago = FiguresRecord.asked_at.does_not_exist() | (FiguresRecord.asked_at < unless_since)
    try:
        with table_errors():
            FiguresRecord(call).update([FiguresRecord.asked_at.set(at)], condition=long_ago)
    except ConditionFailed:
        return False
    return True
