"""What else organisers do in a world where calls go wrong: bring lists, see to announcements, have mails sent again."""

from __future__ import annotations

from msgspec.structs import replace

from chalicelib.calls.call import Exports, Push
from chalicelib.runtime.settings import settings
from chalicelib.submissions.reference import read
from tests.builders import texts
from tests.faults.people import (
    ANNOUNCED,
    CALL,
    HERE,
    NAMES,
    Expected,
    call_to_try,
    must,
    organiser,
    send_announcement,
)
from tests.faults.promises import CITY
from tests.faults.settling import RestlessWorld
from tests.integration.world import JSON, client

_WAS = "Höfe werden grün.;green"
_LIST = f"Titel;Was;Thema;E-Mail\n{NAMES[1]};{_WAS};person1@example.org\n{NAMES[2]};{_WAS};\n"
_COLUMNS = {"name": "Titel", "summary": "Was", "themes": "Thema", "email": "E-Mail"}


def bring_list(world: RestlessWorld, expected: Expected) -> str:
    """An owner brings a list and says what its columns are; its address."""
    login = organiser(world, expected) | {"Accept": JSON, "Content-Type": "text/csv"}
    imports, body = f"{HERE}/imports", _LIST.encode()
    brought = must(world.insist(lambda: world.request("POST", imports, body=body, headers=login)))
    address = f"{imports}/{brought['import_id']}"
    must(world.insist(lambda: world.post(f"{address}/columns", {"columns": _COLUMNS}, organiser(world, expected))))
    world.settle()
    return address


def import_list(world: RestlessWorld, expected: Expected) -> None:
    """An owner takes a list over; its rows wait for a decision as reports do."""
    address, login = bring_list(world, expected), organiser(world, expected)
    must(world.insist(lambda: world.post(f"{address}/start", {"declared": True}, login)))
    world.settle()
    found = must(world.insist(lambda: world.get(f"{HERE}/submissions?state=confirmed", login)))["submissions"]
    assert sorted(one["title"] for one in found) == sorted(NAMES[1:]), found
    for number, one in enumerate(found, 10):
        expected.references[number] = one["reference"]
        expected.states[one["reference"]] = "confirmed"
        expected.names[one["reference"]] = one["title"]


def cancel_list(world: RestlessWorld, expected: Expected) -> None:
    """An owner thinks better of it: nothing is taken over, and the list goes."""
    address, login = bring_list(world, expected), organiser(world, expected)
    must(world.insist(lambda: world.post(f"{address}/cancel", None, login)))


def see_to_announcement(world: RestlessWorld, expected: Expected) -> None:
    """An organiser writes a draft anew, has it counted again and drops it."""
    login, document = organiser(world, expected), ANNOUNCED | {"invited": True, "with_event": True}
    drafts = f"{HERE}/announcements"
    name = str(must(world.insist(lambda: world.post(drafts, document, login)))["announcement"])
    must(world.insist(lambda: world.post(f"{drafts}/{name}", document | {"body_de": "Bitte kommen Sie!"}, login)))
    must(world.insist(lambda: world.post(f"{drafts}/{name}/count", None, login)))
    must(world.insist(lambda: world.post(f"{drafts}/{name}/cancel", None, login)))
    expected.announced[name] = 0


def event_moves(world: RestlessWorld, expected: Expected) -> None:
    """The event moves: an update prepares itself, and goes out once an organiser says so."""
    call = call_to_try()
    assert call.event is not None
    world.publish(replace(call, event=replace(call.event, place=texts("Elsewhere"))))
    world.settle()
    send_announcement(world, expected, "event-1")


def send_again(world: RestlessWorld, expected: Expected) -> None:
    """An organiser has the mails that came back sent again."""
    login = organiser(world, expected)
    must(world.insist(lambda: world.post(f"{HERE}/mails/send", {"all": "bounced"}, login)))
    expected.again[read(expected.references[0]) or "", "confirm"] = 1


def send_one_again(world: RestlessWorld, expected: Expected) -> None:
    """An organiser has one mail that came back sent again; whoever repeats that hears that there is nothing to send."""
    login, mail = organiser(world, expected), f"{expected.references[0]}:confirm"
    world.insist(lambda: world.post(f"{HERE}/mails/send", {"mails": [mail]}, login))
    expected.again[read(expected.references[0]) or "", "confirm"] = 1


def decide_on_one(world: RestlessWorld, expected: Expected) -> None:
    """An organiser decides on a report's own page."""
    reference, login = expected.references[0], organiser(world, expected)
    address = f"{HERE}/submissions/{reference}/decisions"
    must(world.insist(lambda: world.post(address, {"decision": "accept"}, login)))
    expected.states[reference] = "accepted"
    expected.audited.append(reference)


def end_sessions(world: RestlessWorld, expected: Expected) -> None:
    """An organiser ends all sessions but the one at hand."""
    world.session()
    login = world.session()
    must(world.insist(lambda: world.post("/organiser/account", {"session": "others"}, login)))
    left = must(world.insist(lambda: world.get("/organiser/account", login)))["sessions"]
    assert [one["current"] for one in left] == [True], left


def take_ticket(world: RestlessWorld, expected: Expected) -> None:
    """A form page takes a ticket."""
    must(world.insist(lambda: world.post(f"/calls/{CALL}/tickets")))


def publish_for_city(world: RestlessWorld, expected: Expected) -> None:
    """A call whose nightly exports go to a bucket of the city's own."""
    with world.border.aside():
        place = {"LocationConstraint": settings().region}
        client("s3").create_bucket(Bucket=CITY, CreateBucketConfiguration=place)
    world.publish(replace(call_to_try(), exports=Exports(push=Push(CITY, "open-data"))))
