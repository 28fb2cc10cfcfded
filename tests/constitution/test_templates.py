"""Every template can be read, and every page renders in both languages, with nothing left undefined."""

from collections.abc import Iterator

import pytest

import app
from chalicelib.submissions.reference import from_bits, show
from chalicelib.web.languages import languages
from chalicelib.web.templating import ROOMS, environment
from tests.integration.world import BROWSER, World

PAGES = sorted(route for route, methods in app.app.routes.items() if "GET" in methods)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as world:
        world.publish()
        world.submit()
        world.drain()
        yield world


def address(route: str, world: World) -> str:
    """Where a route leads to something, as far as it needs no more than these names."""
    names = {
        "{call}": "small-call",
        "{step}": "all",
        "{shown}": show(from_bits(7)),
        "{submission}": show(from_bits(7)),
        "{token}": world.mails[0].receipt.rpartition("/")[2],
    }
    for placeholder, value in names.items():
        route = route.replace(placeholder, value)
    return route.replace("{", "").replace("}", "")


def templates() -> list[str]:
    found = []
    for folder in sorted(ROOMS.glob("*/templates")):
        found += [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    return found


def test_no_two_rooms_have_a_template_of_the_same_name() -> None:
    assert len(templates()) == len(set(templates())) > 8


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("template", templates())
def test_a_template_can_be_read(template: str, language: str) -> None:
    environment(language).get_template(template)


def test_every_template_is_used() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in ROOMS.rglob("*.py"))
    markup = "\n".join(path.read_text(encoding="utf-8") for path in ROOMS.glob("*/templates/**/*.*"))
    unused = [one for one in templates() if f'"{one}"' not in code + markup and not one.startswith("mail/")]
    assert unused == []


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("route", PAGES)
def test_every_page_renders_in_the_language_asked_for(world: World, route: str, language: str) -> None:
    login = world.session() if route.startswith("/organiser") else {}
    answer = world.get(f"{address(route, world)}?lang={language}", login, accept=BROWSER)
    assert answer.status < 500
    if answer.kind == "text/html":
        assert f'<html lang="{language}"' in answer.body
        assert "%(" not in answer.body
