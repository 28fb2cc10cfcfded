"""What is wrong with a call definition beyond its types: what would break, or make no sense to, a person.

Pure: takes values, gives findings. Each finding names the place by its path in the file (`form.steps[0].fields[2].id`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from chalicelib.calls.call import Call, Tile
from chalicelib.calls.fields import Condition, Field, Texts

_CALL = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38})[a-z0-9]")
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CHOICE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
# As browsers write it: lower case, no user, no path; a name with umlauts in Punycode (HTML, "ASCII serialisation").
_ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_USUAL_PORTS = (("http://", ":80"), ("https://", ":443"))
_NEXT = re.compile(r"[a-z][a-z0-9_-]{0,39}")
# Answers are one attribute of a 400 KB item, beside a published copy and revisions; a request body is 64 KiB.
MOST_SHARDS = 64
# The ids of an address's mails of a day are one item of 400 KB; a day's mails of a call are one counter.
MOST_MAILS_PER_ADDRESS = 1_000
MOST_MAILS_PER_DAY = 1_000_000
# They stand where a step's id stands in an address: `/calls/{call}/form/check`.
RESERVED_STEPS = {"check", "discard"}
# Amazon S3 user guide, "General purpose bucket naming rules".
_BUCKET = re.compile(r"(?!xn--|sthree-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
# Only what needs no care in an address.
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,60}(?:/[A-Za-z0-9_-]{1,60}){0,4}")
_PLURAL = {"choice", "choices"}


class Finding(Struct, frozen=True):
    """One thing that is wrong, and where."""

    path: str
    message: str


def check(call: Call) -> list[Finding]:
    """Everything that is wrong with `call`; empty when it may be published."""
    return [
        *_basics(call),
        *_policy(call),
        *_texts(call),
        *_steps(call),
        *_form(call),
        *_landscape(call),
        *_exports(call),
    ]


def check_change(old: Call, new: Call) -> list[Finding]:
    """What may not change under a running call: ids and types of fields, and how submissions are spread."""
    findings = []
    for step_number, step in enumerate(new.form.steps):
        for number, field in enumerate(step.fields):
            before = old.fields.get(field.id)
            if before is not None and before.type != field.type:
                findings.append(Finding(
                    f"form.steps[{step_number}].fields[{number}].type",
                    f"'{field.id}' was published as '{before.type}' and cannot become '{field.type}': answers given "
                    "would change their meaning. Give the new question an id of its own.",
                ))  # fmt: skip
    gone = "was published and is gone: answers given to it would lose their question. Keep it; it may become optional."
    findings += [
        Finding("form.steps", f"field '{name}' {gone}") for name in sorted(old.fields.keys() - new.fields.keys())
    ]
    if old.policy.shards != new.policy.shards:
        message = f"was published as {old.policy.shards} and cannot change: it says where every submission is stored."
        findings.append(Finding("policy.shards", message))
    return findings


def _basics(call: Call) -> Iterator[Finding]:
    if not _CALL.fullmatch(call.call):
        yield Finding("call", "use 3 to 40 lower-case letters, digits and hyphens; it becomes part of every address.")
    if not call.languages or len(set(call.languages)) < len(call.languages):
        yield Finding("languages", "name at least one language, each once; the first is the default.")
    try:
        ZoneInfo(call.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a part of a name, such as "Europe", is a folder
        yield Finding("time_zone", f"'{call.time_zone}' is no time zone; write for example Europe/Berlin.")
    else:
        if call.closes is not None and call.closes <= call.opens:
            yield Finding("closes_at", "must be later than opens_at.")
    if call.full:
        yield Finding("full", "is found by counting and cannot be written down; see policy.limit.")
    if call.event is not None and call.event.ends_at <= call.event.starts_at:
        yield Finding("event.ends_at", "must be later than starts_at.")


def _policy(call: Call) -> Iterator[Finding]:
    if not any(person.role == "owner" for person in call.organisers):
        yield Finding("organisers", "name at least one with role owner.")
    if not 1 <= call.policy.shards <= MOST_SHARDS:
        yield Finding("policy.shards", f"use 1 to {MOST_SHARDS}; 4 is good for most calls.")
    if not 0 <= call.policy.ticket_min_seconds < call.policy.ticket_max_seconds:
        yield Finding("policy.ticket_min_seconds", "must be at least 0 and less than ticket_max_seconds.")
    for name, most in (("mails_per_address", MOST_MAILS_PER_ADDRESS), ("mails_per_day", MOST_MAILS_PER_DAY)):
        if not 1 <= getattr(call.policy, name) <= most:
            yield Finding(f"policy.{name}", f"use 1 to {most}.")
    yield from _origins(call)
    for name, address in call.policy.next.items():
        if not _NEXT.fullmatch(name):
            yield Finding(f"policy.next.{name}", "use a lower-case letter, then letters, digits, hyphens, underscores.")
        if not _is_page(address):
            yield Finding(
                f"policy.next.{name}", "write the whole address of a page, for example https://www.example.org/thanks."
            )


def _origins(call: Call) -> Iterator[Finding]:
    for number, origin in enumerate(call.policy.origins):
        usual = any(origin.startswith(scheme) and origin.endswith(port) for scheme, port in _USUAL_PORTS)
        if usual or not _ORIGIN.fullmatch(origin):
            yield Finding(
                f"policy.origins[{number}]",
                "write it as browsers do: scheme and host in lower case, a port only if it is an unusual one, and no "
                "path; for example https://www.example.org.",
            )


def _is_page(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = address.isascii() and address.isprintable() and not set(address) & set(' \\"<>')
    return plain and parts.scheme in {"http", "https"} and bool(host) and "@" not in parts.netloc and not parts.fragment


def _texts(call: Call) -> Iterator[Finding]:
    """Every text there is must be there in every language of the call."""
    wanted: list[tuple[str, Texts, bool]] = [
        ("title", call.title, True),
        ("intro", call.intro, True),
        ("organiser.name", call.organiser.name, True),
        ("contact.name", call.contact.name, True),
        ("privacy.notice", call.privacy.notice, True),
    ]
    if call.event is not None:
        wanted += [
            ("event.title", call.event.title, True),
            ("event.place", call.event.place, True),
            ("event.note", call.event.note, False),
        ]
    for step_number, step in enumerate(call.form.steps):
        at = f"form.steps[{step_number}]"
        wanted += [(f"{at}.title", step.title, True), (f"{at}.intro", step.intro, False)]
        for number, field in enumerate(step.fields):
            here = f"{at}.fields[{number}]"
            wanted += [(f"{here}.label", field.label, True), (f"{here}.help", field.help, False)]
            wanted += [(f"{here}.choices[{nth}].label", choice.label, True) for nth, choice in enumerate(field.choices)]
    for path, texts, needed in wanted:
        if not texts and not needed:
            continue
        for language in call.languages:
            if not texts.get(language, "").strip():
                yield Finding(path, f"the text in '{language}' is missing.")
        for language in texts.keys() - set(call.languages):
            yield Finding(path, f"'{language}' is not among the languages of the call.")


def _form(call: Call) -> Iterator[Finding]:
    seen: dict[str, Field] = {}
    for step_number, step in enumerate(call.form.steps):
        for number, field in enumerate(step.fields):
            here = f"form.steps[{step_number}].fields[{number}]"
            if not _ID.fullmatch(field.id):
                yield Finding(
                    f"{here}.id", "use a lower-case letter, then letters, digits and underscores, 40 at most."
                )
            if field.id in seen:
                yield Finding(f"{here}.id", f"'{field.id}' is there twice.")
            yield from _field(field, here)
            yield from _condition(field.show_if, f"{here}.show_if", seen)
            seen[field.id] = field
    form = call.form
    if form.submitter_email not in seen or seen[form.submitter_email].type != "email":
        yield Finding("form.submitter_email", f"'{form.submitter_email}' is not a field of type email.")
    elif not seen[form.submitter_email].required or seen[form.submitter_email].show_if is not None:
        yield Finding(
            "form.submitter_email", f"'{form.submitter_email}' must be required and always asked: the mail goes there."
        )
    if form.title_field not in seen or not seen[form.title_field].required:
        yield Finding("form.title_field", f"'{form.title_field}' is not a required field.")
    yield from _condition(form.takes_part, "form.takes_part", seen)
    for name in ("privacy", "publication", "open_data", "invitation"):
        consent = getattr(form.consents, name)
        if (consent or name in {"privacy", "publication"}) and (consent not in seen or seen[consent].type != "consent"):
            yield Finding(f"form.consents.{name}", f"'{consent}' is not a field of type consent.")


def _steps(call: Call) -> Iterator[Finding]:
    steps = [step.id for step in call.form.steps]
    if not steps:
        yield Finding("form.steps", "name at least one step.")
    for number, step in enumerate(steps):
        if not _CHOICE.fullmatch(step) or step in RESERVED_STEPS or step in steps[:number]:
            words = f"'{step}': use lower-case letters, digits, hyphens and underscores, each id once, "
            yield Finding(f"form.steps[{number}].id", words + f"and none of {', '.join(sorted(RESERVED_STEPS))}.")


def _field(field: Field, here: str) -> Iterator[Finding]:
    if (field.type in _PLURAL) != bool(field.choices):
        need = "needs" if field.type in _PLURAL else "takes no"
        yield Finding(f"{here}.choices", f"a field of type {field.type} {need} choices.")
    ids = [choice.id for choice in field.choices]
    for nth, choice in enumerate(ids):
        if not _CHOICE.fullmatch(choice):
            yield Finding(
                f"{here}.choices[{nth}].id", f"'{choice}': use lower-case letters, digits, hyphens and underscores."
            )
        if choice in ids[:nth]:
            yield Finding(f"{here}.choices[{nth}].id", f"'{choice}' is there twice.")
    for low, high in (("min_length", "max_length"), ("min", "max"), ("min_choices", "max_choices")):
        least, most = getattr(field, low), getattr(field, high)
        if least is not None and most is not None and least > most:
            yield Finding(f"{here}.{low}", f"{least} is more than {high}, {most}.")
    if field.min_length is not None and field.max_length is None and field.min_length > (field.longest or 0):
        yield Finding(
            f"{here}.min_length", f"{field.min_length} is more than the longest answer, {field.longest or 0}."
        )
    if field.min_choices is not None and field.min_choices > len(field.choices):
        yield Finding(
            f"{here}.min_choices", f"{field.min_choices} is more than there are choices, {len(field.choices)}."
        )
    if field.public and field.personal:
        yield Finding(f"{here}.public", f"'{field.id}' is personal: it cannot be public.")


def _condition(condition: Condition | None, here: str, seen: dict[str, Field]) -> Iterator[Finding]:
    if condition is None:
        return
    other = seen.get(condition.field)
    if other is None:
        yield Finding(f"{here}.field", f"'{condition.field}' is not a field before this one.")
        return
    if other.show_if is not None:
        yield Finding(f"{here}.field", f"'{condition.field}' is itself shown only sometimes: one level is the limit.")
    wanted = "has" if other.type == "choices" else "is"
    choice = condition.has if wanted == "has" else condition.is_
    if choice is None or (condition.has is not None and condition.is_ is not None):
        yield Finding(here, f"write {wanted}: with one choice of '{other.id}'.")
    elif all(one.id != choice for one in other.choices):
        yield Finding(f"{here}.{wanted}", f"'{choice}' is not a choice of '{other.id}'.")


def _exports(call: Call) -> Iterator[Finding]:
    if call.exports.openfairdb:
        yield from _openfairdb(call)
    push = call.exports.push
    if push is None:
        return
    if not _BUCKET.fullmatch(push.bucket) or ".." in push.bucket or _ADDRESS.fullmatch(push.bucket):
        yield Finding(
            "exports.push.bucket",
            "is no name of a bucket: 3 to 63 lower-case letters, digits, hyphens, dots; its name alone, no address.",
        )
    if push.prefix and not _PREFIX.fullmatch(push.prefix):
        yield Finding(
            "exports.push.prefix", "use letters, digits, hyphens and underscores, in folders: open-data/calls."
        )


def _openfairdb(call: Call) -> Iterator[Finding]:
    """Without these the file would always be empty, and nobody would know why."""
    if not call.form.consents.open_data:
        yield Finding("exports.openfairdb", "needs form.consents.open_data: only those who agree to CC0 are in it.")
    tiles = call.landscape.grid.tiles if call.landscape.grid else ()
    if all(tile.lat is None for tile in tiles):
        yield Finding("exports.openfairdb", "needs 'lat' and 'lng' at tiles of landscape.grid: an entry needs a place.")


def _landscape(call: Call) -> Iterator[Finding]:
    for number, name in enumerate(call.landscape.charts):
        field = call.fields.get(name)
        if field is None or not field.public or field.type not in _PLURAL:
            yield Finding(f"landscape.charts[{number}]", f"'{name}' is not a public field with choices.")
    grid = call.landscape.grid
    if grid is None:
        return
    field = call.fields.get(grid.field)
    if field is None or not field.public or field.type not in _PLURAL:
        yield Finding("landscape.grid.field", f"'{grid.field}' is not a public field with choices.")
        return
    taken: set[tuple[int, int]] = set()
    for number, tile in enumerate(grid.tiles):
        here = f"landscape.grid.tiles[{number}]"
        if all(choice.id != tile.id for choice in field.choices):
            yield Finding(f"{here}.id", f"'{tile.id}' is not a choice of '{field.id}'.")
        if not (0 <= tile.row < grid.rows and 0 <= tile.col < grid.columns):
            yield Finding(here, "lies outside the grid.")
        if (tile.row, tile.col) in taken:
            yield Finding(here, "stands on another tile.")
        yield from _position(tile, here)
        taken.add((tile.row, tile.col))


def _position(tile: Tile, here: str) -> Iterator[Finding]:
    if (tile.lat is None) != (tile.lng is None):
        yield Finding(here, "needs both 'lat' and 'lng', or neither.")
    elif not (-90 <= (tile.lat or 0) <= 90 and -180 <= (tile.lng or 0) <= 180):  # noqa: PLR2004 - degrees
        yield Finding(here, "is nowhere on Earth: 'lat' goes from -90 to 90, 'lng' from -180 to 180.")
