"""Tokens that organisers make: at most what they may do themselves."""

from typing import Any

import pytest

from chalicelib.access.roles import Person, Role
from chalicelib.calls.answers import AnswersInvalid
from chalicelib.organisers.handing_on import may_make, read_wanted

EVA = Person("eva@example.org", "viewer", (), {"a": "owner", "b": "moderator", "c": "viewer"}, "session", "digest")


def wanted(**changes: Any) -> dict[str, Any]:
    return {"name": " Nightly ", "role": "viewer", "calls": ["a"], "days": 30} | changes


def test_a_token_says_what_it_is_for_and_whose_it_is() -> None:
    token = read_wanted(wanted(calls=["a", "b", "a"], days="365"), EVA)
    assert token.person == Person("Nightly (eva@example.org)", "viewer", ("a", "b"))
    assert token.lifetime.days == 365


def test_tokens_are_for_calls_that_one_moderates_or_owns() -> None:
    assert set(may_make(EVA)) == {"a", "b"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"calls": []}, "calls"),
        ({"calls": ["c"]}, "calls"),
        ({"calls": ["a", "*"]}, "calls"),
        ({"calls": "nowhere"}, "calls"),
        ({"calls": ["b"], "role": "owner"}, "role"),
        ({"calls": ["a", "b"], "role": "owner"}, "role"),
        ({"role": "king"}, "role"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"days": True}, "days"),
        ({"days": "9" * 9}, "days"),
        ({"days": "-1"}, "days"),
    ],
    ids=str,
)
def test_what_reaches_too_far_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(AnswersInvalid) as refused:
        read_wanted(wanted(**changes), EVA)
    assert [one.field for one in refused.value.errors] == [field]


@pytest.mark.parametrize("role", ["viewer", "moderator"])
def test_ones_own_role_is_the_most(role: Role) -> None:
    assert read_wanted(wanted(calls="b", role=role), EVA).person.role == role
