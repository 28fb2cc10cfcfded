"""Whoever only looks: every page and document of the app, found by its routes, so that a new one is looked at too."""

from __future__ import annotations

from typing import Final

import app
from tests.faults import people, team
from tests.faults.people import CALL, Expected
from tests.faults.settling import RestlessWorld
from tests.integration.world import BROWSER, JSON

PARTS: Final = {
    "look at the app's pages": lambda route: not route.startswith(("/calls/", "/organiser", "/receipts/")),
    "look at a call's pages": lambda route: route.startswith("/calls/"),
    "look at a receipt": lambda route: route.startswith("/receipts/"),
    "look at the team's pages": lambda route: route.startswith("/organiser") and "/calls/" not in route,
    "look at a call's pages as the team": lambda route: route.startswith("/organiser/calls/"),
}
_LOOKS: Final = ("GET", "OPTIONS")
_ENDS: Final = ("{token}", "{name}", "/edit")


def something_of_everything(world: RestlessWorld, expected: Expected) -> None:
    """A call with reports that were decided on, an export, a list that was brought, an announcement."""
    world.publish(people.call_to_try())
    for number in range(2):
        people.submit(world, expected, number)
    world.settle()
    people.confirm(world, expected, 0)
    people.decide(world, expected, "accept", 0, state="accepted")
    people.announce(world, expected)
    team.bring_list(world, expected)
    people.nightly(world, expected)
    world.settle()


def look_at(world: RestlessWorld, expected: Expected, part: str) -> None:
    """As a program and as a browser. Whoever follows a link that is no more is told so."""
    login, receipt = world.session(), people.receipt(world, expected, 0)
    names = _names(world, expected, receipt)
    for route in sorted(app.app.routes):
        if not PARTS[part](route):
            continue
        address = receipt + route.removeprefix("/receipts/{token}") if "receipts" in route else route.format(**names)
        for method in [one for one in _LOOKS if one in app.app.routes[route]]:
            for accept in (JSON, BROWSER):
                headers = {"Accept": accept} | (login if "organiser" in route else {})
                answer = world.insist(
                    lambda method=method, to=address, given=headers: world.request(method, to, headers=given)
                )
                # What there is not, or is not so any more, is said; all else is there.
                assert answer.status < 400 or (answer.status in {404, 409} and route.endswith(_ENDS)), (route, answer)


def _names(world: RestlessWorld, expected: Expected, receipt: str) -> dict[str, str]:
    """A value for each name in a route."""
    [taking] = [item["id"]["S"] for item in world.items("imports")]
    [export] = [item["export_id"]["S"] for item in world.items("exports") if "state" in item]
    reference = expected.references[0]
    return {
        "call": CALL, "token": receipt.rpartition("/")[2], "submission": reference, "shown": reference, "step": "all",
        "announcement": next(iter(expected.announced)), "export_id": export, "import_id": taking,
        "name": "submissions.csv",
    }  # fmt: skip
