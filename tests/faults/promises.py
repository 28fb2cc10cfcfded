"""What is promised, as checks of a world at rest. Each says what is broken, in words that begin with a kind:

`lost` (a report, a change, a mail, an export), `stuck`, `doubled` (a mail), `torn` (an export), `wrong` (what the
public sees), `left` (of what was erased), `told` (personal data in a log, a message or a key).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from chalicelib.calls.table import read_call
from chalicelib.imports.taking import RUNNING
from chalicelib.jobs.consequences import mails_owed, when_to_send
from chalicelib.ledger.entry import OPEN
from chalicelib.submissions.submission import Submission
from tests.aws import Call
from tests.faults.people import CALL, NAMES, Expected
from tests.faults.settling import QUEUES, RestlessWorld

CITY: Final = "city-of-dortmund"  # the bucket that gets copies
KINDS: Final = ("lost", "stuck", "doubled", "torn", "wrong", "left", "told")
_CANARIES: Final = (*NAMES, "Neue Höfe", "@example.org", "simulator.amazonses.com")
_MESSAGES: Final = {"SendMessage", "SendMessageBatch"}


def broken(world: RestlessWorld, expected: Expected) -> list[str]:
    """Every promise that does not hold."""
    checks = (lost(world, expected), stuck(world), mails(world, expected), exports(world, expected))
    more = (landscape(world, expected), left(world, expected), told(world))
    return [*world.seen, *(one for found in (*checks, *more) for one in found)]


def lost(world: RestlessWorld, expected: Expected) -> Iterator[str]:
    """No accepted submission is ever lost, doubled, or in another state or text than its people were told."""
    if world.count() != len(expected.references):
        yield f"lost: {world.count()} submissions of {len(expected.references)}"
    audited = {item["subject"]["S"] for item in world.items("audit")}
    for reference, state in expected.states.items():
        stored = world.stored(reference)
        if stored is None or stored.state != state:
            yield f"lost: {reference} is {stored and stored.state}, not {state}"
        elif state != "erased" and stored.read_answers()["name"] != expected.names[reference]:
            yield f"lost: the change of {reference}"
        elif reference in expected.audited and f"submission#{stored.id}" not in audited and state != "erased":
            yield f"lost: the audit of {reference}"
    with world.border.aside():
        published = read_call(CALL)
    if expected.full and not (published and published.call.full):
        yield "lost: the call is full and does not say so"


def stuck(world: RestlessWorld) -> Iterator[str]:
    """Whatever failed drains by itself: nothing waits, nothing was given up."""
    for queue in QUEUES:
        if world.waiting(f"{queue}-dead"):
            yield f"stuck: a dead letter on {queue}"
    for item in world.items("mails"):
        if item["state"]["S"] in {*OPEN, "failed"}:
            yield f"stuck: mail {item['kind']['S']} is {item['state']['S']}"
    for item in world.items("exports"):
        if "state" in item and item["state"]["S"] not in {"ready", "cancelled"}:
            yield f"stuck: export {item['export_id']['S']} is {item['state']['S']}"
    for item in world.items("imports"):
        if (state := json.loads(item["taking"]["S"])["state"]) in {*RUNNING, "failed"}:
            yield f"stuck: import {item['id']['S']} is {state}"


def mails(world: RestlessWorld, expected: Expected) -> Iterator[str]:
    """Every mail owed is sent, and once; a second time only where SES's events are off and its mark was lost."""
    sent = Counter(_mail_of(one) for one in accepted_mails(world))
    unmarked = Counter(_mail_of(one) for one in unmarked_mails(world))
    allowed = Counter[tuple[str, str]]() if world.ses_events else unmarked
    for mail, count in sent.items():
        if count - allowed[mail] > 1 + expected.again.get(mail, 0):
            yield f"doubled: {mail[1]} to {mail[0]}: {count} times"
    world.twice = [
        f"{kind}: between SES's acceptance and the mark"
        for (who, kind), count in sent.items()
        if count > 1 + expected.again.get((who, kind), 0)
    ]
    held = {(item["submission_id"]["S"], item["kind"]["S"]) for item in world.items("mails") if _put_aside(item)}
    yield from (f"lost: the mail {mail[1]} again" for mail, more in expected.again.items() if sent[mail] < 1 + more)
    for owed in _owed(world, expected):
        if owed not in sent and owed not in held:
            yield f"lost: the mail {owed[1]} to {owed[0]}"
    if world.ses_events:
        states = {(item["submission_id"]["S"], item["kind"]["S"]): item["state"]["S"] for item in world.items("mails")}
        untold = (mail for mail in sent if states.get(mail) == "sent")
        yield from (f"lost: what became of the mail {kind} to {who}" for who, kind in untold)
    for name, count in expected.announced.items():
        told_to = {who for who, kind in sent if kind == f"announcement-{name}"}
        if len(told_to) != count:
            yield f"lost: the announcement reached {len(told_to)} of {count}"


def _owed(world: RestlessWorld, expected: Expected) -> Iterator[tuple[str, str]]:
    with world.border.aside():
        published = read_call(CALL)
    assert published is not None
    policy = published.call.policy.mails
    for stored in _stored(world, expected):
        for kind in mails_owed(stored, policy):
            if when_to_send(kind, policy) == "at-once":
                yield stored.id, kind


def _stored(world: RestlessWorld, expected: Expected) -> list[Submission]:
    found = (world.stored(reference) for reference in expected.states)
    return [one for one in found if one is not None and one.state != "erased"]


def _put_aside(item: dict[str, dict[str, str]]) -> bool:
    return item["state"]["S"] in {"held", "suppressed"}


def accepted_mails(world: RestlessWorld) -> list[Call]:
    """What SES took, whatever the app was told."""
    return [call for call in world.border.calls if call.operation == "SendEmail" and call.done]


def unmarked_mails(world: RestlessWorld) -> list[Call]:
    """What SES took and the app could not know or not write down: its reply was lost, or the next call went wrong."""
    calls = world.border.calls
    return [
        calls[place]
        for struck in world.border.struck
        for place in (struck, struck - 1)
        if place >= 0 and calls[place].operation == "SendEmail" and calls[place].done
    ]


def _mail_of(call: Call) -> tuple[str, str]:
    tags = {one["Name"]: one["Value"] for one in call.parameters["EmailTags"]}
    return tags["submission"], tags["kind"]


def exports(world: RestlessWorld, expected: Expected) -> Iterator[str]:
    """What was asked for is there, and whole."""
    if expected.exports and f"exports/{CALL}/latest.json" not in world.files():
        yield "lost: there is no export"
    yield from _city(world)
    yield from torn(world)


def _city(world: RestlessWorld) -> Iterator[str]:
    """The city has every file of the newest export, where the call sends it copies."""
    copies, files = world.files_of(CITY), world.files()
    pointer = files.get(f"exports/{CALL}/latest.json")
    if copies is None or pointer is None:
        return
    prefix = f"exports/{CALL}/{json.loads(pointer)['export_id']}/"
    for key, content in files.items():
        if key.startswith(prefix) and copies.get(f"open-data/{key.removeprefix('exports/')}") != content:
            yield f"lost: the city's copy of {key}"


def torn(world: RestlessWorld) -> list[str]:
    """At every moment the pointer names a whole export: every file of its manifest is there, with its check sum."""
    files = world.files()
    pointer = files.get(f"exports/{CALL}/latest.json")
    if pointer is None:
        return []
    prefix = f"exports/{CALL}/{json.loads(pointer)['export_id']}/"
    if f"{prefix}manifest.json" not in files:
        return ["torn: the latest export has no manifest"]
    manifest = json.loads(files[f"{prefix}manifest.json"])
    return [
        f"torn: {one['name']} of the latest export"
        for one in manifest["files"]
        if sha256(files.get(prefix + one["name"], b"")).hexdigest() != one["sha256"]
    ]


def landscape(world: RestlessWorld, expected: Expected) -> Iterator[str]:
    """The landscape shows what is accepted and what is still published, and nothing else."""
    written = world.files().get(f"landscape/{CALL}/landscape.json")
    shown = {entry["reference"] for entry in json.loads(written)["entries"]} if written else set()
    public = {one.reference for one in _stored(world, expected) if one.published}
    if shown != public:
        yield f"wrong: the landscape shows {sorted(shown)}, not {sorted(public)}"


def left(world: RestlessWorld, expected: Expected) -> Iterator[str]:
    """Who was erased is nowhere any more."""
    for number, reference in expected.references.items():
        if expected.states[reference] != "erased":
            continue
        canaries = (f"person{number}@example.org", NAMES[number % len(NAMES)])
        for table in ("submissions", "mails", "revisions", "audit", "exports", "notes", "drafts"):
            text = json.dumps(world.items(table), ensure_ascii=False, default=str)
            yield from (f"left: {canary} in table {table}" for canary in canaries if canary in text)
        for key, content in world.objects().items():
            yield from (f"left: {canary} in {key}" for canary in canaries if canary.encode() in content)


def told(world: RestlessWorld) -> Iterator[str]:
    """No log line, no message and no object key holds what a person wrote."""
    bodies = [json.dumps(call.parameters, ensure_ascii=False) for call in world.border.calls if _is_message(call)]
    places = {"a log": world.said.getvalue(), "a message": "\n".join(bodies), "a key": "\n".join(world.files())}
    for place, text in places.items():
        yield from (f"told: {canary} in {place}" for canary in _CANARIES if canary in text)


def _is_message(call: Call) -> bool:
    return call.operation in _MESSAGES and "QueueUrl" in call.parameters
