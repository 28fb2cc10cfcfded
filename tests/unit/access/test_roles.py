"""Who may do what in which call."""

import pytest

from chalicelib.access.roles import ROLES, Person, Role, Token
from tests.builders import NOON, later


@pytest.mark.parametrize("has", ROLES)
@pytest.mark.parametrize("needs", ROLES)
def test_a_role_may_what_those_before_it_may(has: Role, needs: Role) -> None:
    order = ["viewer", "moderator", "owner"]
    assert Person("x", has, ("small-call",)).may("small-call", needs) == (order.index(has) >= order.index(needs))


@pytest.mark.parametrize("call", ["other-call", "small-call-2", "small", "", "*"])
def test_nobody_may_anything_in_another_call(call: str) -> None:
    assert not Person("x", "owner", ("small-call",)).may(call, "viewer")


def test_a_person_for_all_calls_may_look_into_any() -> None:
    assert Person("x", "viewer", ("*",)).may("other-call", "viewer")
    assert not Person("x", "viewer", ("*",)).may("other-call", "moderator")


def test_a_person_for_no_call_may_nothing() -> None:
    assert not Person("x", "owner", ()).may("small-call", "viewer")


def test_a_token_is_good_until_its_last_second() -> None:
    token = Token("digest", Person("x", "owner", ()), "2026-05-04T12:00:00.000Z", expires_at=int(NOON.timestamp()) + 60)
    assert token.good(later(seconds=59))
    assert not token.good(later(seconds=60))
