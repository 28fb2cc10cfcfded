"""Every organiser route asks who is there: read off the app, so that a new one is held to the same."""

from collections.abc import Iterator

import pytest

import app
from chalicelib.runtime.settings import settings
from tests.integration.world import BROWSER, JSON, World

# The way in itself.
OPEN = {"/organiser/login", "/organiser/login/sent", "/organiser/session/{token}", "/organiser/logout"}
ROUTES = sorted(
    (route, method)
    for route, methods in app.app.routes.items()
    for method in methods
    if route.startswith("/organiser") and route not in OPEN and method != "OPTIONS"
)
OF_ONE_CALL = [(route, method) for route, method in ROUTES if "{call}" in route]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as world:
        world.publish()
        yield world


def address(route: str) -> str:
    return route.replace("{call}", "small-call").replace("{", "").replace("}", "")


def test_there_are_organiser_routes() -> None:
    assert len(OF_ONE_CALL) >= 20
    assert set(app.app.routes) >= OPEN


@pytest.mark.parametrize(("route", "method"), ROUTES)
@pytest.mark.parametrize("login", [{}, {"Authorization": "Bearer aufruf_guessed"}], ids=["nobody", "a guess"])
def test_an_organiser_route_lets_nobody_in_without_a_login(
    world: World, route: str, method: str, login: dict[str, str]
) -> None:
    before = {
        table: world.items(table.removesuffix("_table"))
        for table in settings().__struct_fields__
        if table.endswith("_table")
    }
    answer = world.request(method, address(route), headers={"Accept": JSON} | login)
    assert answer.status == 401
    browser = world.request(method, address(route), headers={"Accept": BROWSER} | login)
    assert browser.status in {401, 303}
    after = {table: world.items(table.removesuffix("_table")) for table in before}
    assert after == before


@pytest.mark.parametrize(("route", "method"), OF_ONE_CALL)
def test_an_organiser_route_tells_a_stranger_nothing(world: World, route: str, method: str) -> None:
    stranger = world.token("owner", "other-call")
    assert world.request(method, address(route), headers={"Accept": JSON} | stranger).status == 404
