"""What people and schedules do in a world where calls go wrong: each insists until there is an answer.

`Expected` remembers what they were told, and so may rely on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

import app
from chalicelib.calls.call import Call, Consents, Event, Policy
from chalicelib.runtime.settings import settings
from chalicelib.submissions.reference import read
from tests.builders import answers, call_of, texts
from tests.faults.settling import BEGIN, RestlessWorld, Stuck
from tests.integration.world import CONTEXT, Answer, schedule_event

CALL = "small-call"
HERE = f"/organiser/calls/{CALL}"
NAMES = ("Grüne Höfe", "Rote Höfe", "Blaue Höfe")
ANNOUNCED = {"subject_de": "Einladung", "body_de": "Kommen Sie!", "subject_en": "Invitation", "body_en": "Do come!"}


@dataclass
class Expected:
    """What the people in the world were told."""

    references: dict[int, str] = field(default_factory=dict)  # by the number of the person
    addresses: dict[int, str] = field(default_factory=dict)  # where a person other than `person…` has their mail
    states: dict[str, str] = field(default_factory=dict)  # of each reference the state it must be in, or `erased`
    names: dict[str, str] = field(default_factory=dict)  # of each reference the name it must have
    audited: list[str] = field(default_factory=list)  # references that somebody decided on
    again: dict[tuple[str, str], int] = field(
        default_factory=dict
    )  # of mails: how often an organiser had it sent again
    announced: dict[str, int] = field(default_factory=dict)  # of each announcement that was sent: to how many
    login: dict[str, str] = field(default_factory=dict)  # the headers of an organiser
    batch: str = ""  # of the last decision
    exports: int = 0
    full: bool = False


def call_to_try(**policy: Any) -> Call:
    """The small call, with an event and with invitations to it; every decision is told at once, but for a refusal."""
    begins = BEGIN.replace(tzinfo=None) + timedelta(days=30)
    event = Event(
        title=texts("The event"), place=texts("Town hall"), starts_at=begins, ends_at=begins + timedelta(hours=3)
    )
    call = call_of(policy=Policy(**({"tickets": "optional", "shards": 2} | policy)))
    consents = Consents(privacy="privacy", publication="publish", invitation="invite")
    return replace(call, event=event, form=replace(call.form, consents=consents))


def must(answer: Answer) -> Any:
    """What an answer that is none of the refusals says."""
    assert answer.status < 300, answer.body
    return answer.json


# Whoever reports


def email(expected: Expected, number: int) -> str:
    return expected.addresses.get(number, f"person{number}@example.org")


def submit(world: RestlessWorld, expected: Expected, number: int = 0) -> None:
    """Somebody reports an initiative."""
    reference = str(must(world.insist(lambda: post(world, expected, number)))["reference"])
    expected.references[number] = reference
    expected.states[reference] = "received"
    expected.names[reference] = NAMES[number % len(NAMES)]


def post(world: RestlessWorld, expected: Expected, number: int) -> Answer:
    """The one request that reports what a person has to report."""
    given = answers(name=NAMES[number % len(NAMES)], email=email(expected, number), invite=True)
    return world.submit(given, key=f"key-{number}")


def submit_step_by_step(world: RestlessWorld, expected: Expected) -> None:
    """Somebody fills in the form page by page, thinks better of it, and begins once more."""
    address, given = f"/calls/{CALL}/form/all", answers(email=email(expected, 0), privacy="on", publish="on")
    kept = world.insist(lambda: world.post_form(address, given))
    assert kept.status == 303, kept.body
    draft = {"Cookie": kept.headers["Set-Cookie"].partition(";")[0]}
    assert world.insist(lambda: world.post_form(address, given | {"name": "Rote Höfe"}, draft)).status == 303
    thrown_away = world.insist(lambda: world.post_form(f"/calls/{CALL}/form/discard", {}, draft))
    assert thrown_away.status == 303, thrown_away.body


def receipt(world: RestlessWorld, expected: Expected, number: int) -> str:
    """The path of a receipt, as its mail names it."""
    wanted = (email(expected, number), read(expected.references[number]))
    found = (mail for mail in world.mails if (mail.to, mail.tags["submission"]) == wanted)
    return next(mail.receipt for mail in found if mail.tags["kind"] == "confirm")


def has_mail(world: RestlessWorld, expected: Expected, number: int) -> bool:
    """Whether somebody has the link to their report."""
    return any(call.done for call in world.border.calls if _goes_to(call, expected, number))


def _goes_to(call: Any, expected: Expected, number: int) -> bool:
    return call.operation == "SendEmail" and call.parameters["Destination"]["ToAddresses"] == [email(expected, number)]


def confirm(world: RestlessWorld, expected: Expected, number: int = 0) -> None:
    """Somebody confirms their address."""
    link = receipt(world, expected, number)
    must(world.insist(lambda: world.post(f"{link}/confirm")))
    expected.states[expected.references[number]] = "confirmed"


def change(world: RestlessWorld, expected: Expected, number: int = 0, name: str = "Neue Höfe") -> None:
    """Somebody changes their answers."""
    link, reference = receipt(world, expected, number), expected.references[number]
    document = {"answers": answers(name=name, email=email(expected, number), invite=True)}
    must(world.insist(lambda: world.post(f"{link}/change", document)))
    if expected.names[reference] != name and expected.states[reference] in {"accepted", "rejected", "duplicate"}:
        expected.states[reference] = "confirmed"
    expected.names[reference] = name


def withdraw(world: RestlessWorld, expected: Expected, number: int = 0) -> None:
    """Somebody withdraws their report."""
    link = receipt(world, expected, number)
    must(world.insist(lambda: world.post(f"{link}/withdraw")))
    _gone(world, expected, number, "withdrawn")


def erase(world: RestlessWorld, expected: Expected, number: int = 0) -> None:
    """Somebody has their report erased."""
    link = receipt(world, expected, number)
    must(world.insist(lambda: world.post(f"{link}/erase", {"confirm": True})))
    _gone(world, expected, number, "erased")
    del expected.names[expected.references[number]]


def _gone(world: RestlessWorld, expected: Expected, number: int, state: str) -> None:
    """When the report that leads an entry is gone, the others are to be decided again."""
    reference = expected.references[number]
    expected.states[reference] = state
    if number == 0:
        expected.states |= {one: "confirmed" for one, is_ in expected.states.items() if is_ == "duplicate"}


def ask_for_links(world: RestlessWorld, expected: Expected, number: int = 0) -> None:
    """Somebody has lost the mail."""
    must(world.insist(lambda: world.post(f"/calls/{CALL}/links", {"email": email(expected, number)})))


def unsubscribe(world: RestlessWorld, expected: Expected) -> None:
    """Somebody wants no more announcements."""
    [mail, *_] = [one for one in world.mails if one.tags["kind"].startswith("announcement")]
    headers = {one["Name"]: one["Value"] for one in mail.parameters["Content"]["Simple"]["Headers"]}
    link = headers["List-Unsubscribe"].strip("<>").removeprefix(settings().public_url)
    must(world.insist(lambda: world.post_form(link, {"List-Unsubscribe": "One-Click"}, accept="*/*")))


# Whoever organises


def organiser(world: RestlessWorld, expected: Expected) -> dict[str, str]:
    """The headers of a moderator."""
    if not expected.login:
        expected.login = world.token("owner", CALL)
    return expected.login


def decide(world: RestlessWorld, expected: Expected, decision: str, *numbers: int, state: str) -> None:
    """An organiser decides; to merge, the first leads."""
    references = [expected.references[number] for number in numbers]
    document: dict[str, Any] = {"decision": decision, "submissions": list(references)}
    if decision == "merge":
        document["primary"] = references.pop(0)
    login = organiser(world, expected)
    done = must(world.insist(lambda: world.post(f"{HERE}/decisions", document, login)))
    expected.batch = done.get("batch") or expected.batch
    expected.states |= dict.fromkeys(references, state)
    expected.audited += references


def undo(world: RestlessWorld, expected: Expected, number: int = 0) -> None:
    """An organiser takes the last decision back; whoever repeats that hears that it is over."""
    reference = expected.references[number]
    document = {"decision": "undo", "submissions": [reference], "batch": expected.batch}
    login = organiser(world, expected)
    world.insist(lambda: world.post(f"{HERE}/decisions", document, login))
    expected.states[reference] = "confirmed"


def edit(world: RestlessWorld, expected: Expected, number: int = 0) -> None:
    """An organiser words what the public sees."""
    address, login = f"{HERE}/submissions/{expected.references[number]}/published", organiser(world, expected)
    document = {"published": {"name": "Unsere Höfe", "themes": ["green"]}}
    must(world.insist(lambda: world.post(address, document, login)))


def write_note(world: RestlessWorld, expected: Expected, number: int = 0) -> None:
    """An organiser writes a note."""
    address, login = f"{HERE}/submissions/{expected.references[number]}/notes", organiser(world, expected)
    must(world.insist(lambda: world.post(address, {"text": "Bitte anrufen: Grüne Höfe."}, login)))


def announce(world: RestlessWorld, expected: Expected) -> None:
    """An organiser writes to everybody who asked for that: the draft is counted, then it is sent."""
    login, document = organiser(world, expected), ANNOUNCED | {"invited": True, "with_event": True}
    announcements = f"{HERE}/announcements"
    name = str(must(world.insist(lambda: world.post(announcements, document, login)))["announcement"])
    send_announcement(world, expected, name)


def send_announcement(world: RestlessWorld, expected: Expected, name: str) -> None:
    """An organiser types how many people get it, a second time where they were counted too long ago."""
    login, announcement = organiser(world, expected), f"{HERE}/announcements/{name}"
    for _ in range(2):
        world.settle()
        count = must(world.insist(lambda: world.get(announcement, login)))["count"]
        sent = world.insist(lambda count=count: world.post(f"{announcement}/send", {"count": str(count)}, login))
        if sent.status != 409:
            break
    must(sent)
    expected.announced[name] = count


def let_go(world: RestlessWorld, expected: Expected) -> None:
    """An organiser lets the mails go that wait for that."""
    login = organiser(world, expected)
    must(world.insist(lambda: world.post(f"{HERE}/mails/send", {"all": "prepared"}, login)))


def log_in(world: RestlessWorld, expected: Expected) -> None:
    """An organiser asks for a link, follows it, looks around and leaves."""
    must(world.insist(lambda: world.post("/organiser/login", {"email": "owner@example.org"})))
    world.one_round()
    for _ in range(3):
        links = re.findall(rf"{settings().public_url}(/organiser/session/\S+)", _texts(world))
        if links:
            break
        world.pass_time()  # a message whose worker died comes back
        world.one_round()
    else:
        raise Stuck("no link to log in")
    opened = world.insist(lambda: world.post(links[-1]))
    if opened.status == 404:
        return  # used, and the answer with the session was lost: they ask for another one
    cookie = {"Cookie": opened.headers["Set-Cookie"].partition(";")[0], "Origin": settings().public_url}
    must(world.insist(lambda: world.get(HERE, cookie)))
    left = world.insist(lambda: world.post("/organiser/logout", None, cookie))
    assert left.status in {200, 204, 303, 401}, left.body


def _texts(world: RestlessWorld) -> str:
    return "\n".join(mail.text for mail in world.mails if mail.to == "owner@example.org")


def make_token(world: RestlessWorld, expected: Expected) -> None:
    """An owner makes a token for a program, and revokes whatever there is then."""
    login = world.session("owner@example.org")
    document = {"name": "data desk", "role": "viewer", "calls": [CALL], "days": 30}
    must(world.insist(lambda: world.post("/organiser/tokens", document, login)))
    for one in must(world.insist(lambda: world.get("/organiser/tokens", login)))["tokens"]:
        must(world.insist(lambda one=one: world.post("/organiser/tokens/revoke", {"id": one["id"]}, login)))
    assert must(world.insist(lambda: world.get("/organiser/tokens", login)))["tokens"] == []


# Schedules and what organisers start by hand


def nightly(world: RestlessWorld, expected: Expected) -> None:
    """The nightly schedule runs; where it failed three times over, there is another night."""
    expected.exports += bool(world.schedule(world.nightly))


def export_now(world: RestlessWorld, expected: Expected) -> None:
    """An organiser wants an export now."""
    login = organiser(world, expected)
    must(world.insist(lambda: world.post(f"{HERE}/exports", None, login)))
    expected.exports += 1


def digest(world: RestlessWorld, expected: Expected) -> None:
    """The morning's schedule: the team hears what happened."""
    world.schedule(lambda: app.digest(schedule_event("2026-05-05T05:00:00Z"), CONTEXT))
