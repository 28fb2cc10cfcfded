"""Every organiser route by everybody who might come. Read off the doors: a new route is held to the same.

What role a route needs is seen in what it asks of the one access check; so each cell follows, and none is left out.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from chalicelib.access.roles import ROLES, Person, Role
from chalicelib.access.sessions import IDLE
from chalicelib.access.table import drop_token
from chalicelib.access.tokens import digest_of
from chalicelib.calls.call import Organiser
from chalicelib.runtime.settings import settings
from chalicelib.web.door import everything_served
from tests.builders import call_of
from tests.integration.world import JSON, Answer, World

CELLS = [(one.path, method) for one in everything_served() if one.about and one.about.login for method in one.methods]
NOT_IN = ("nobody", "a guess", "submitter", "expired session", "revoked token", "token of one taken off the list")
STRANGERS = ("stranger's session", "stranger's token")
ROLE_OF: dict[str, Role] = {f"{role}'s {way}": role for role in ROLES for way in ("session", "token", "own token")}
EVERYBODY = (*NOT_IN, *STRANGERS, *ROLE_OF)

# About no single call: whoever is logged in is asked what they may do themselves.
FOR_SESSIONS_ONLY = {("/organiser/account", "POST"), ("/organiser/tokens", "GET"), ("/organiser/tokens", "POST"),
                     ("/organiser/tokens/revoke", "POST")}  # fmt: skip
# Who only looks may have files made of what they see; everything else that changes something takes a moderator.
A_VIEWER_MAY = {"exports"}


class Matrix:
    """A world with something behind every address, and somebody of each kind."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.publish()
        world.publish(call_of(name="other-call", organisers=(Organiser("stranger@example.org", "owner"),)))
        world.submit()
        world.drain()
        [export] = [one for one in world.nightly() if one["call"] == "small-call"]
        world.drain()
        [item] = world.items("submissions")
        bring = {"Accept": JSON, "Content-Type": "text/csv"} | world.token("owner")
        brought = world.request("POST", "/organiser/calls/small-call/imports", body=b"name\nGarten\n", headers=bring)
        self.names = {
            "call": "small-call",
            "export_id": export["export_id"],
            "import_id": brought.json["import_id"],
            "name": "manifest.json",
            "id": item["id"]["S"],
            "reference": item["id"]["S"],
            "shown": item["id"]["S"],
            "submission": item["id"]["S"],
        }
        self.logins = {who: self._login(who) for who in EVERYBODY}
        self.asked: list[tuple[str, Role]] = []

    def _login(self, who: str) -> dict[str, str]:
        world = self.world
        if who in ROLE_OF:
            return self._organiser(who, ROLE_OF[who])
        if who == "revoked token":
            login = world.token("owner", "small-call")
            with world.border.aside():
                drop_token(digest_of(login["Authorization"].removeprefix("Bearer ")))
            return login
        others = {
            "nobody": dict,
            "a guess": lambda: {"Authorization": "Bearer aufruf_guessed"},
            "submitter": lambda: {"Authorization": f"Bearer {world.receipt().rpartition('/')[2]}"},
            "expired session": lambda: world.session("owner@example.org", since=IDLE),
            "token of one taken off the list": lambda: self._own_token("former@example.org", "owner"),
            "stranger's session": lambda: world.session("stranger@example.org"),
            "stranger's token": lambda: world.token("owner", "other-call"),
        }
        login = others[who]()
        return dict(login)

    def _organiser(self, who: str, role: Role) -> dict[str, str]:
        if who.endswith("own token"):
            return self._own_token(f"{role}@example.org", "owner")  # says owner, and reaches no further than its maker
        world = self.world
        return world.session(f"{role}@example.org") if who.endswith("session") else world.token(role, "small-call")

    def _own_token(self, email: str, role: Role) -> dict[str, str]:
        from chalicelib.access.tokens import issue_token
        from chalicelib.runtime.clock import now
        from chalicelib.runtime.keys import keys
        from chalicelib.submissions.links import address_digest

        with self.world.border.aside():
            person = Person("a program", role, ("small-call",))
            token = issue_token(person, now=now(), maker=address_digest(keys(), email), lifetime=timedelta(days=1))
        return {"Authorization": f"Bearer {token}"}

    def ask(self, route: str, method: str, who: str) -> Answer:
        """One request; `asked` then holds what was asked of the access check."""
        self.asked.clear()
        may = Person.may

        def watched(person: Person, call: str, role: Role) -> bool:
            self.asked.append((call, role))
            return may(person, call, role)

        path = re.sub(r"{(\w+)}", lambda found: self.names.get(found[1], "x"), route)
        headers = {"Accept": JSON, "Content-Type": JSON} | self.logins[who]
        with mock.patch.object(Person, "may", watched):
            return self.world.request(method, path, body=b"{}" if method == "POST" else b"", headers=headers)

    def stored(self) -> dict[str, list[dict[str, Any]]]:
        """What is in the tables, but for when sessions and tokens were last seen."""
        names = [one.removesuffix("_table") for one in settings().__struct_fields__ if one.endswith("_table")]
        return {name: self.world.items(name) for name in names if name not in {"access", "figures"}}


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    with World() as world:
        yield Matrix(world)


def test_there_is_something_to_ask() -> None:
    assert len(CELLS) >= 14


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize(("route", "method"), CELLS, ids=[f"{method} {path}" for path, method in CELLS])
def test_everybody_gets_what_is_theirs_and_nothing_else(matrix: Matrix, route: str, method: str, who: str) -> None:
    before = matrix.stored()
    answer = matrix.ask(route, method, who)
    if who in NOT_IN and not ("{call}" in route and who == "token of one taken off the list"):
        assert (answer.status, answer.json["code"]) == (401, "login-needed")
        assert matrix.stored() == before
        return
    if is_allowed(matrix, route, method, who):
        assert answer.status not in {401, 403}, answer.body
        if answer.status == 404:
            assert "x" in [matrix.names.get(name, "x") for name in re.findall(r"{(\w+)}", route)] or method == "POST"
        return
    assert (answer.status, answer.json["code"]) == (404, "not-found")
    assert matrix.stored() == before
    assert "small-call" not in answer.body


def is_allowed(matrix: Matrix, route: str, method: str, who: str) -> bool:
    """Whether somebody who is logged in may, by what the route asked of the access check."""
    role: Role = ROLE_OF.get(who, "owner")
    if "{call}" not in route:
        by_session = who.endswith("session")
        makes_tokens = ROLES.index(role) >= ROLES.index("moderator") or "tokens" not in route
        return (by_session and makes_tokens) or (route, method) not in FOR_SESSIONS_ONLY
    call, needed = matrix.asked[0]
    assert call == "small-call", "the call that the address names, and no other"
    if method == "POST" and not any(f"/{part}" in route for part in A_VIEWER_MAY):
        assert needed != "viewer", "what changes something takes a moderator; if not, say so in A_VIEWER_MAY"
    return who in ROLE_OF and ROLES.index(role) >= ROLES.index(needed)


def test_a_stranger_sees_nothing_of_a_call_where_no_call_is_named(matrix: Matrix) -> None:
    for route, method in CELLS:
        if "{call}" not in route:
            assert "small-call" not in matrix.ask(route, method, "stranger's session").body
