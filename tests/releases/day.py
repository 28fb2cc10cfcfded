"""A day of a call in which everything happens that leaves something in a table."""

import json
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from chalicelib.calls.call import Call, Consents, Event
from chalicelib.exports.export import FORMAT
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.settings import settings
from tests.builders import answers, call_of, texts
from tests.integration.world import BROWSER, World

CALL = "/organiser/calls/small-call"


def tables() -> list[str]:
    """The tables, as the settings name them."""
    return [name.removesuffix("_table") for name in type(settings()).__struct_fields__ if name.endswith("_table")]


def call() -> Call:
    """The small call with an event to be invited to."""
    begins = now().replace(tzinfo=None, microsecond=0) + timedelta(days=30)
    event = Event(
        title=texts("The event"), place=texts("Town hall"), starts_at=begins, ends_at=begins + timedelta(hours=3)
    )
    consents = Consents(privacy="privacy", publication="publish", invitation="invite")
    made = call_of()
    return replace(made, event=event, form=replace(made.form, consents=consents))


def day() -> dict[str, Any]:
    """Live it in a world of its own; what is in the tables afterwards, and what the app says of it."""
    with World() as world:
        world.publish(call())
        references, receipts = _reports(world)
        _team(world, references)
        [night] = world.nightly()
        world.drain()
        manifest = json.loads(world.file(f"exports/small-call/{night['export_id']}/manifest.json"))
        submissions = json.loads(world.file(f"exports/small-call/{night['export_id']}/submissions.json"))
        # Begun, and never finished: what is there for hours only.
        world.post("/calls/small-call/links", {"email": "person-1@example.org"})
        world.post_form("/organiser/login", {"email": "owner@example.org"}, accept=BROWSER)
        world.session()
        return {
            "taken_at": stamp(now()),
            "format": FORMAT,
            "receipts": receipts,
            "manifest": manifest,
            "submissions": submissions,
            "items": {name: world.items(name) for name in tables()},
        }


def _reports(world: World) -> tuple[list[str], list[str]]:
    """Ten reports, most of them confirmed; one changed, one withdrawn, one erased. References and receipts."""
    references, receipts = [], []
    for number in range(10):
        given = answers(name=f"Grüne Höfe {number}", email=f"person-{number}@example.org", invite=True)
        references.append(world.submit(given, key=f"report-{number}").json["reference"])
        world.drain()
        receipts.append(world.mails[-1].receipt)
    for receipt in receipts[:9]:
        assert world.post(f"{receipt}/confirm").status == 200
    changed = answers(name="Neue Höfe", email="person-0@example.org", invite=True)
    assert world.post(f"{receipts[0]}/change", {"answers": changed}).status == 200
    assert world.post(f"{receipts[7]}/withdraw").status == 200
    assert world.post(f"{receipts[8]}/erase", {"confirm": True}).status == 200
    world.drain()
    return references, receipts


def _team(world: World, references: list[str]) -> None:
    """What organisers do: decide, merge, note, announce, look at figures."""
    login = world.token()
    for reference, decision in zip(references, ("accept", "accept", "reject"), strict=False):
        told = world.post(f"{CALL}/submissions/{reference}/decisions", {"decision": decision}, login)
        assert told.json["outcomes"][0]["outcome"] == "done", told.body
    merge = {"decision": "merge", "submissions": references[3:5], "primary": references[3]}
    assert world.post(f"{CALL}/decisions", merge, login).status == 200
    assert world.post(f"{CALL}/submissions/{references[5]}/notes", {"text": "Rückfrage"}, login).status in {200, 201}
    words = {"subject_de": "Einladung", "body_de": "Kommen Sie!", "subject_en": "Invitation", "body_en": "Do come!"}
    written = world.post(f"{CALL}/announcements", {**words, "invited": True, "with_event": True}, login)
    assert written.status == 201, written.body
    world.drain()
    announcement = f"{CALL}/announcements/{written.json['announcement']}"
    count = world.get(announcement, login).json["count"]
    assert count > 0
    assert world.post(f"{announcement}/send", {"count": str(count)}, login).status in {200, 202}
    assert world.get(CALL, login).status == 200  # figures are counted for who looks
    world.drain()
