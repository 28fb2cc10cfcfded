"""API tokens that organisers make: for their own calls, at most with their own role, for a time. Values only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chalicelib.access.roles import ROLES, Person, Role
from chalicelib.calls.answers import AnswersInvalid
from chalicelib.errors import N_, FieldError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_NAME = 60
MOST_DAYS = 365
USUAL_DAYS = 90
MAKES_TOKENS: Role = "moderator"
_UNPRINTABLE = frozenset(map(chr, [*range(32), *range(127, 160)]))


class Wanted(Struct, frozen=True):
    """A token as asked for."""

    person: Person
    lifetime: timedelta


def may_make(person: Person) -> dict[str, Role]:
    """The calls that somebody may make tokens for, with the highest role of those."""
    return {call: role for call, role in person.roles.items() if person.may(call, MAKES_TOKENS)}


def read_wanted(given: Mapping[str, Any], maker: Person) -> Wanted:
    """`{name, role, calls, days}` as JSON or as a form. Raises `AnswersInvalid`, by field."""
    errors: list[FieldError] = []
    offered = may_make(maker)
    name, role, listed = given.get("name"), given.get("role", "viewer"), given.get("calls", [])
    calls = listed if isinstance(listed, list) else [listed]
    if not isinstance(name, str) or not name.strip():
        errors.append(FieldError("name", "required", N_("Please fill in this field.")))
    elif len(name) > LONGEST_NAME or not _UNPRINTABLE.isdisjoint(name):
        errors.append(
            FieldError("name", "too-long", N_("Please use at most %(most)d plain characters."), {"most": LONGEST_NAME})
        )
    if not calls:
        errors.append(FieldError("calls", "required", N_("Please choose at least one call.")))
    elif not all(isinstance(one, str) and one in offered for one in calls):
        errors.append(FieldError("calls", "not-yours", N_("You may make tokens for calls that you moderate or own.")))
    elif role not in ROLES or any(ROLES.index(role) > ROLES.index(offered[one]) for one in calls):
        errors.append(
            FieldError("role", "too-high", N_("A token may do at most what you may do in each of its calls."))
        )
    days = _whole(given.get("days", USUAL_DAYS))
    if days is None or not 1 <= days <= MOST_DAYS:
        errors.append(FieldError("days", "out-of-range", N_("Please choose 1 to %(most)d days."), {"most": MOST_DAYS}))
    if errors or days is None or role not in ROLES:
        raise AnswersInvalid(errors=errors)
    person = Person(name=f"{str(name).strip()} ({maker.name})", role=role, calls=tuple(dict.fromkeys(calls)))
    return Wanted(person=person, lifetime=timedelta(days=days))


def _whole(given: object) -> int | None:
    if isinstance(given, bool):
        return None
    if isinstance(given, int):
        return given
    sane = isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 5  # noqa: PLR2004
    return int(str(given)) if sane else None
