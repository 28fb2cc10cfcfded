"""The log of a call: who did what, found again, and changed by nobody."""

from datetime import timedelta
from typing import Any

import pytest

import app
from chalicelib.access.check import audit
from chalicelib.access.roles import Person
from chalicelib.access.table import AuditRecord, audit_of, audit_record
from chalicelib.organisers.audit_trail import LOOKED_AT, PAGE
from chalicelib.runtime.clock import now, stamp
from tests.integration.world import BROWSER, World

AUDIT = "/organiser/calls/small-call/audit"
EVA = Person("Eva", "owner", ("*",))


@pytest.fixture(autouse=True)
def call(world: World) -> None:
    world.publish()


def happened(world: World, number: int, event: str = "export-requested", who: Person = EVA, **ago: float) -> None:
    """So many lines, a second apart, 25 a request: one by one two thousand would take longer than what is looked at."""
    begin = now() - timedelta(**ago)
    with world.border.aside(), AuditRecord.batch_write() as batch:
        for one in range(number):
            at = f"{stamp(begin + timedelta(seconds=one))}#{one:06d}"
            batch.save(audit_record(subject="call#small-call", at=at, who=who.name, event=event, detail=str(one)))


def lines(world: World, query: str = "", **login: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get(f"{AUDIT}{query}", world.session("viewer@example.org")).json["lines"]
    return found


def test_the_log_is_read_newest_first_page_by_page_while_new_lines_come_in(world: World) -> None:
    happened(world, PAGE + 7, days=2)
    login = world.session("viewer@example.org")
    first = world.get(AUDIT, login).json
    happened(world, 3, days=1)
    second = world.get(f"{AUDIT}?before={first['next'].replace('#', '%23')}", login).json
    assert [int(one["detail"]) for one in first["lines"] + second["lines"]] == list(range(PAGE + 6, -1, -1))
    assert "next" not in second


def test_it_is_filtered_by_who_and_what_and_when(world: World) -> None:
    happened(world, 2, days=3)
    happened(world, 1, "export-downloaded", Person("Adam <adam@example.org>", "owner", ()), days=1)
    assert [one["who"] for one in lines(world, "?who=ADAM")] == ["Adam <adam@example.org>"]
    assert {one["event"] for one in lines(world, "?event=export-requested")} == {"export-requested"}
    day = (now() - timedelta(days=3)).date()
    assert len(lines(world, f"?from={day - timedelta(days=1)}&until={day + timedelta(days=1)}")) == 2
    assert lines(world, f"?until={day - timedelta(days=2)}") == []
    assert len(lines(world, "?from=nonsense&until=2026-99-99&before=x")) == 3


def test_what_is_rare_is_looked_for_in_a_bounded_number_of_steps(world: World) -> None:
    happened(world, 1, "logged-in", days=9)
    happened(world, LOOKED_AT * 4 + 10, days=8)
    login = world.session("viewer@example.org")
    world.border.forget()
    first = world.get(f"{AUDIT}?event=logged-in", login).json
    assert world.border.operations.count("Query") == 4
    assert first["lines"] == []
    second = world.get(f"{AUDIT}?event=logged-in&before={first['next'].replace('#', '%23')}", login).json
    assert [one["event"] for one in second["lines"]] == ["logged-in"]


def test_a_page_for_people_says_it_in_their_words(world: World) -> None:
    happened(world, PAGE + 1)
    page = world.get(f"{AUDIT}?lang=de&who=e", world.session(), accept=BROWSER).body
    assert "Export angefordert" in page
    assert "Ältere Zeilen" in page
    assert "who=e&amp;before=" in page


def test_what_stands_in_a_line_is_shown_as_text(world: World) -> None:
    happened(world, 1, who=Person("<script>alert(1)</script>", "owner", ()))
    page = world.get(f"{AUDIT}?who=%3Cb%3E", world.session(), accept=BROWSER).body
    assert "<script>alert" not in page
    assert "<b>" not in page


def test_nobody_can_change_it(world: World) -> None:
    happened(world, 1)
    methods = {method for route, methods in app.app.routes.items() if "audit" in route for method in methods}
    assert methods == {"GET", "HEAD"}
    before = world.items("audit")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert world.request(method, AUDIT, headers=world.session() | {"Accept": "application/json"}).status == 405
    assert world.items("audit") == before


def test_a_line_about_a_submission_stands_with_it_too(world: World) -> None:
    reference = world.submit().json["reference"]
    [item] = world.items("submissions")
    with world.border.aside():
        audit(EVA, "submission-read", call="small-call", detail=None, now=now(), submission=item["id"]["S"])
        assert [(who, event) for _, who, event, _ in audit_of(f"submission#{item['id']['S']}")] == [
            ("Eva", "submission-read")
        ]
    assert [one["detail"] for one in lines(world)] == [reference]
