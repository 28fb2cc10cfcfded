"""The dashboard, a call's overview and statistics: figures of a moment, and what they cost to look at."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from chalicelib.exports import table as exports
from chalicelib.ledger import overdue
from chalicelib.mail import table as mail_table
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.keys import keys
from tests.aws import throttled
from tests.builders import answers, call_of
from tests.integration.world import BROWSER, World

CALL = "/organiser/calls/small-call"
TODAY = datetime.now(ZoneInfo("Europe/Berlin")).date().isoformat()


@pytest.fixture(autouse=True)
def call(world: World) -> None:
    world.publish()
    keys()


def confirmed(world: World, **given: Any) -> None:
    world.submit(answers(**given))
    world.drain()
    [receipt] = {mail.receipt for mail in world.mails if mail.tags["kind"] == "confirm"} - _seen
    _seen.add(receipt)
    assert world.post(f"{receipt}/confirm").status == 200


_seen: set[str] = set()


def counted(world: World, login: dict[str, str]) -> None:
    world.get(CALL, login)
    world.drain()


def test_the_first_look_has_the_call_counted_and_the_second_shows_it(world: World) -> None:
    confirmed(world, name="Eins", relation="knows", themes=["green", "work"])
    world.submit(answers(name="Zwei"))
    login = world.session("viewer@example.org")
    first = world.get(CALL, login)
    assert (first.status, first.json["as_of"], first.json["total"]) == (200, None, 0)
    assert "gerade ausgezählt" in world.get(CALL, login, accept=BROWSER).body
    world.drain()
    seen = world.get(CALL, login).json
    assert (seen["total"], seen["waiting"], seen["role"], seen["phase"]) == (2, 1, "viewer", "open")
    assert seen["counts"]["received"] == 1
    assert seen["days"] == {TODAY: 2}
    assert seen["mails"]["sent"] >= 2
    assert seen["last_export"] is None
    page = world.get(f"{CALL}?lang=de", login, accept=BROWSER).body
    assert "Meldungen im Zeitverlauf" in page
    assert 'submissions?state=confirmed"><strong>1</strong>' in page
    assert "style=" not in page


def test_the_newest_export_stands_beside(world: World) -> None:
    confirmed(world)
    world.nightly()
    world.drain()
    world.submit(answers(name="Later"))
    login = world.session()
    counted(world, login)
    seen = world.get(CALL, login).json
    assert (seen["last_export"]["state"], seen["last_export"]["exported"], seen["came_since"]) == ("ready", 1, 1)
    assert "Seither eingegangen: 1." in world.get(f"{CALL}?lang=de", login, accept=BROWSER).body


def test_a_balance_that_does_not_add_up_is_said_where_organisers_look_first(world: World) -> None:
    confirmed(world)
    [asked] = world.nightly()
    world.drain()
    login = world.session()
    with world.border.aside():
        export = exports.find("small-call", asked["export_id"])
        assert export is not None
        assert export.summary is not None
        exports.keep(export, replace(export.summary, differences=("received 2, stored 1",)))
    counted(world, login)
    assert world.get(CALL, login).json["last_export"]["adds_up"] is False
    for address in (CALL, "/organiser"):
        page = world.get(f"{address}?lang=de", login, accept=BROWSER).body
        assert "Die Bilanz des letzten Exports geht nicht auf." in page


def test_mails_that_are_stuck_are_said_where_organisers_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed(world)
    world.relay()
    world.border.fail("SendEmail", throttled(), times=99)
    world.work("mail")
    login = world.session()
    stuck = "Etwas stockt; die Betreiber wurden benachrichtigt"
    with world.border.aside():
        assert overdue.count_overdue("small-call", now()) == 0, "it waits for a moment only"
        assert overdue.count_overdue("small-call", now() + timedelta(hours=2)) == 1
    assert stuck not in world.get(f"{CALL}/mails?lang=de", login, accept=BROWSER).body
    monkeypatch.setattr(overdue, "PATIENCE", -timedelta(hours=1))
    world.get(CALL, login)
    world.work("export")
    assert world.get(CALL, login).json["mails_overdue"] == 1
    for address in (CALL, "/organiser", f"{CALL}/mails"):
        assert stuck in world.get(f"{address}?lang=de", login, accept=BROWSER).body
    with world.border.aside():
        mail_table.stop(mail_table.switch(), cause="bounces", at=stamp(now()))
    assert stuck not in world.get(f"{CALL}/mails?lang=de", login, accept=BROWSER).body, "that has words of its own"


def test_a_look_costs_the_same_whatever_there_is(world: World) -> None:
    login = world.session()
    world.get("/organiser", login)
    costs = []
    for number in (1, 6):
        for _ in range(number):
            world.submit(answers(name=f"{number}"))
        counted(world, login)
        world.border.forget()
        for page in ("/organiser", CALL, f"{CALL}/statistics"):
            assert world.get(page, login).status == 200
        costs.append(sorted(world.border.operations))
    assert costs[0] == costs[1]
    assert set(costs[0]) <= {"GetItem", "BatchGetItem", "Scan"}
    assert len(costs[0]) <= 7


def test_what_is_new_is_asked_for_once_however_many_look(world: World) -> None:
    login = world.session()
    for _ in range(5):
        world.get(CALL, login)
        world.get("/organiser", login)
    assert len(world.messages("export")) == 1


def test_the_dashboard_shows_the_calls_that_are_ones_own(world: World) -> None:
    world.publish(call_of(name="other-call", organisers=()))
    login = world.session("moderator@example.org")
    world.get("/organiser", login)
    world.drain()
    [seen] = world.get("/organiser", login).json["calls"]
    assert (seen["call"], seen["role"]) == ("small-call", "moderator")
    page = world.get("/organiser", login, accept=BROWSER).body
    assert "other-call" not in page
    assert {one["call"] for one in world.get("/organiser", world.token()).json["calls"]} == {"small-call", "other-call"}


def test_the_statistics_count_what_was_chosen(world: World) -> None:
    confirmed(world, name="Eins", relation="knows", themes=["green", "work"])
    confirmed(world, name="Zwei", relation="part_of", contact="x@example.org", themes=["green"])
    world.submit(answers(name="Drei", themes=["other"], theme_other="Lärm"))
    login = world.session("viewer@example.org")
    counted(world, login)
    seen = world.get(f"{CALL}/statistics", login).json
    assert {name: one["reports"] for name, one in seen["fields"]["themes"].items()} == {
        "green": 2,
        "work": 1,
        "other": 0,
    }
    assert seen["fields"]["relation"]["part_of"] == {"reports": 1, "accepted": 0}
    assert seen["languages"] == {"de": {"reports": 2, "accepted": 0}, "en": {"reports": 0, "accepted": 0}}
    assert seen["typical_wait"] is None
    page = world.get(f"{CALL}/statistics?lang=de", login, accept=BROWSER).body
    assert "green (deutsch)" in page
    assert "<svg" in page
    assert "style=" not in page


def test_the_time_to_a_decision_is_counted(world: World) -> None:
    confirmed(world, name="Eins")
    login = world.session("moderator@example.org")
    [reference] = {one["id"]["S"] for one in world.items("submissions")}
    decided = world.post(f"{CALL}/decisions", {"decision": "accept", "submissions": [reference]}, login)
    assert decided.status == 200, decided.body
    counted(world, login)
    seen = world.get(f"{CALL}/statistics", login).json
    assert (seen["waits"]["1"], seen["states"]["accepted"], seen["fields"]["themes"]["green"]["accepted"]) == (1, 1, 1)
    assert "weniger als eine Stunde" in world.get(f"{CALL}/statistics?lang=de", login, accept=BROWSER).body


def test_counting_twice_or_in_the_wrong_order_does_no_harm(world: World) -> None:
    login = world.session()
    world.get(CALL, login)
    [job] = world.messages("export")
    for _ in range(2):
        world.put("export", job["body"])
    world.put("export", '{"call": "no-such-call", "figures_at": "2026-05-05T08:00:00.000Z"}')
    world.drain()
    assert world.get(CALL, login).json["as_of"]
    assert world.dead("export") == []


def test_a_count_that_fails_is_asked_for_again_later(world: World) -> None:
    login = world.session()
    world.get(CALL, login)
    world.border.fail("Query", throttled(), times=9)
    world.work("export")
    assert world.get(CALL, login).json["as_of"] is None
    world.border.faults.clear()
    world.drain()
    assert world.get(CALL, login).json["as_of"]
