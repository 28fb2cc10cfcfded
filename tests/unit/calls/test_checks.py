"""What is found in a call definition before it is published."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.calls.call import Call, Consents, Event, Exports, Grid, Landscape, Organiser, Policy, Push, Tile
from chalicelib.calls.checks import check, check_change
from chalicelib.calls.fields import Condition, Field
from tests.builders import call_of, choices, field, kosi, small_fields, texts

Change = Callable[[Call], Call]


def paths(call: Call) -> set[str]:
    return {finding.path for finding in check(call)}


def with_(**changes: Any) -> Change:
    return lambda call: replace(call, **changes)


def with_policy(**changes: Any) -> Change:
    return lambda call: replace(call, policy=replace(call.policy, **changes))


def with_form(**changes: Any) -> Change:
    return lambda call: replace(call, form=replace(call.form, **changes))


def with_field(one: Field) -> Change:
    """One more field, the fifteenth."""
    return lambda call: call_of(*small_fields(), one)


def without_field(name: str) -> Change:
    return lambda call: call_of(*(one for one in small_fields() if one.id != name))


def event(**changes: Any) -> Event:
    starts, ends = datetime(2026, 6, 1, 15, 30), datetime(2026, 6, 1, 18, 30)  # noqa: DTZ001 - local times
    return replace(Event(title=texts("Event"), place=texts("Hall"), starts_at=starts, ends_at=ends), **changes)


def grid(*tiles: Tile, of: str = "themes") -> Change:
    return with_(landscape=Landscape(grid=Grid(field=of, columns=2, rows=1, tiles=tiles)))


# A field that is asked only sometimes, and one that hangs on it.
SOMETIMES = field("sometimes", "choice", choices=choices("a"), show_if=Condition(field="relation", is_="knows"))
AFTER_SOMETIMES = field("it", "text", show_if=Condition(field="sometimes", is_="a"))
LAST = f"form.steps[0].fields[{len(small_fields())}]"
AFTER_LAST = f"form.steps[0].fields[{len(small_fields()) + 1}]"
LOCAL = datetime(2017, 5, 1, 9, 0)  # noqa: DTZ001 - local time

FINDINGS: list[tuple[str, Change]] = [
    ("call", with_(call="ab")),
    ("call", with_(call="x" * 41)),
    ("call", with_(call="Small-Call")),
    ("call", with_(call="-small")),
    ("call", with_(call="small@1")),
    ("languages", with_(languages=("de", "en", "de"))),
    ("time_zone", with_(time_zone="Europe/Dortmund")),
    ("time_zone", with_(time_zone="../../etc/passwd")),
    ("time_zone", with_(time_zone="Europe")),
    ("time_zone", with_(time_zone="")),
    ("closes_at", with_(closes_at=LOCAL)),
    ("event.ends_at", with_(event=event(ends_at=event().starts_at))),
    ("organisers", with_(organisers=(Organiser(email="a@example.org", role="moderator"),))),
    ("policy.shards", with_policy(shards=0)),
    ("policy.shards", with_policy(shards=65)),
    ("policy.mails_per_address", with_policy(mails_per_address=0)),
    ("policy.mails_per_address", with_policy(mails_per_address=1001)),
    ("policy.mails_per_day", with_policy(mails_per_day=0)),
    ("policy.ticket_min_seconds", with_policy(ticket_min_seconds=-1)),
    ("policy.ticket_min_seconds", with_policy(ticket_min_seconds=10, ticket_max_seconds=10)),
    ("policy.origins[1]", with_policy(origins=("https://www.example.org", "https://www.example.org/form"))),
    ("policy.origins[0]", with_policy(origins=("*",))),
    ("policy.origins[0]", with_policy(origins=("null",))),
    ("policy.origins[0]", with_policy(origins=("https://*.example.org",))),
    ("policy.origins[0]", with_policy(origins=("https://www.Example.org",))),
    ("policy.origins[0]", with_policy(origins=("https://www.example.org/",))),
    ("policy.origins[0]", with_policy(origins=("https://www.example.org:443",))),
    ("policy.origins[0]", with_policy(origins=("https://me@www.example.org",))),
    ("policy.next.thanks", with_policy(next={"thanks": "/danke"})),
    ("policy.next.thanks", with_policy(next={"thanks": "javascript:alert(1)//example.org"})),
    ("policy.next.thanks", with_policy(next={"thanks": "https://me@example.org/danke"})),
    ("policy.next.thanks", with_policy(next={"thanks": "https://example.org/danke\r\nSet-Cookie: a=b"})),
    ("policy.next.thanks", with_policy(next={"thanks": "https://example.org/danke#top"})),
    ("policy.next.https://example.org", with_policy(next={"https://example.org": "https://example.org/danke"})),
    ("title", with_(title={"de": "Nur deutsch"})),
    ("title", with_(title={"de": "Titel", "en": "  "})),
    ("title", with_(title=texts("Title") | {"fr": "Titre"})),
    ("intro", with_(intro={})),
    ("event.title", with_(event=event(title={}))),
    ("event.note", with_(event=event(note={"en": "Moved"}))),
    (f"{LAST}.label", with_field(Field(id="it", type="text", label={"de": "Es"}))),
    (f"{LAST}.help", with_field(field("it", "text", help={"de": "Hilfe"}))),
    (
        f"{LAST}.choices[0].label",
        with_field(field("it", "choice", choices=(replace(choices("a")[0], label={"en": "A"}),))),
    ),
    (f"{LAST}.id", with_field(field("It", "text"))),
    (f"{LAST}.id", with_field(field("_it", "text"))),
    (f"{LAST}.id", with_field(field("website", "url"))),
    (f"{LAST}.choices", with_field(field("it", "choice"))),
    (f"{LAST}.choices", with_field(field("it", "text", choices=choices("a")))),
    (f"{LAST}.choices[1].id", with_field(field("it", "choices", choices=choices("a", "B")))),
    (f"{LAST}.choices[1].id", with_field(field("it", "choices", choices=choices("a", "a")))),
    (f"{LAST}.min_length", with_field(field("it", "text", min_length=9, max_length=8))),
    (f"{LAST}.min", with_field(field("it", "year", min=2001, max=2000))),
    (
        f"{LAST}.min_choices",
        with_field(field("it", "choices", choices=choices("a", "b"), min_choices=2, max_choices=1)),
    ),
    (f"{LAST}.public", with_field(field("it", "text", public=True, personal=True))),
    (f"{LAST}.show_if.field", with_field(field("it", "text", show_if=Condition(field="nobody", is_="a")))),
    (f"{LAST}.show_if.field", with_field(field("it", "text", show_if=Condition(field="it", is_="a")))),
    (f"{AFTER_LAST}.show_if.field", lambda _call: call_of(*small_fields(), SOMETIMES, AFTER_SOMETIMES)),
    (f"{LAST}.show_if", with_field(field("it", "text", show_if=Condition(field="themes", is_="green")))),
    (f"{LAST}.show_if", with_field(field("it", "text", show_if=Condition(field="relation", has="knows")))),
    (f"{LAST}.show_if", with_field(field("it", "text", show_if=Condition(field="relation", is_="knows", has="knows")))),
    (f"{LAST}.show_if.is", with_field(field("it", "text", show_if=Condition(field="relation", is_="owns")))),
    (f"{LAST}.show_if.has", with_field(field("it", "text", show_if=Condition(field="themes", has="blue")))),
    ("form.submitter_email", with_form(submitter_email="nobody")),
    ("form.submitter_email", with_form(submitter_email="name")),
    ("form.submitter_email", with_form(submitter_email="contact")),
    ("form.title_field", with_form(title_field="nobody")),
    ("form.title_field", with_form(title_field="website")),
    ("form.takes_part.field", with_form(takes_part=Condition(field="nobody", is_="part_of"))),
    ("form.takes_part.is", with_form(takes_part=Condition(field="relation", is_="nobody"))),
    ("form.consents.privacy", with_form(consents=Consents(privacy="name", publication="publish"))),
    ("form.consents.publication", with_form(consents=Consents(privacy="privacy", publication=""))),
    ("form.consents.open_data", with_form(consents=Consents("privacy", "publish", open_data="nobody"))),
    ("form.consents.invitation", with_form(consents=Consents("privacy", "publish", invitation="nobody"))),
    ("landscape.charts[1]", with_(landscape=Landscape(charts=("themes", "relation")))),
    ("landscape.charts[0]", with_(landscape=Landscape(charts=("name",)))),
    ("landscape.charts[0]", with_(landscape=Landscape(charts=("nobody",)))),
    ("landscape.grid.field", grid(of="name")),
    ("landscape.grid.field", grid(of="relation")),
    ("landscape.grid.tiles[0].id", grid(Tile("blue", 0, 0))),
    ("landscape.grid.tiles[0]", grid(Tile("green", 1, 0))),
    ("landscape.grid.tiles[0]", grid(Tile("green", 0, -1))),
    ("landscape.grid.tiles[1]", grid(Tile("green", 0, 0), Tile("work", 0, 0))),
    ("landscape.grid.tiles[0]", grid(Tile("green", 0, 0, lat=51.5))),
    ("landscape.grid.tiles[0]", grid(Tile("green", 0, 0, lat=51.5, lng=181.0))),
]


@pytest.mark.parametrize(("path", "change"), FINDINGS, ids=[f"{n}-{path}" for n, (path, _) in enumerate(FINDINGS)])
def test_what_is_wrong_is_found_where_it_is(path: str, change: Change) -> None:
    assert paths(change(call_of())) == {path}


def test_the_small_call_and_the_real_one_may_be_published() -> None:
    assert check(call_of()) == []
    assert check(kosi()) == []


def test_a_call_without_a_language_cannot_be_read() -> None:
    assert "languages" in paths(replace(call_of(), languages=()))


def test_every_finding_says_something() -> None:
    messages = [finding.message for _, change in FINDINGS for finding in check(change(call_of()))]
    assert all(len(message) > 10 and message.endswith(".") for message in messages)


def test_what_stays_the_same_may_be_published_again_with_other_words_and_more_questions() -> None:
    reworded = tuple(replace(one, label=texts("reworded"), required=False) for one in small_fields())
    assert check_change(call_of(), call_of(*reworded, field("more", "text"), title=texts("Other"))) == []


def test_a_field_may_not_change_its_type_under_a_running_call() -> None:
    changed = tuple(replace(one, type="textarea") if one.id == "name" else one for one in small_fields())
    [finding] = check_change(call_of(), call_of(*changed))
    assert finding.path == "form.steps[0].fields[0].type"
    assert "'text'" in finding.message
    assert "'textarea'" in finding.message


def test_a_field_may_not_vanish_under_a_running_call() -> None:
    [finding] = check_change(call_of(), without_field("website")(call_of()))
    assert "'website'" in finding.message


def test_the_number_of_shards_may_not_change_since_it_says_where_submissions_are() -> None:
    [finding] = check_change(call_of(policy=Policy(shards=4)), call_of(policy=Policy(shards=8)))
    assert finding.path == "policy.shards"


@pytest.mark.parametrize(
    "origin",
    ["https://www.example.org", "http://127.0.0.1:8001", "https://xn--stdte-hra.example:8443", "http://[::1]:8001"],
)
def test_an_origin_is_written_as_browsers_write_it(origin: str) -> None:
    found = paths(with_policy(origins=(origin,), next={"thanks": "https://example.org/danke?von=uns"})(call_of()))
    assert found == set()


@pytest.mark.parametrize("bucket", ["city", "open-data.example.org", "a1b"])
@pytest.mark.parametrize("prefix", ["", "aufruf", "open-data/calls_2"])
def test_a_copy_goes_to_a_bucket_by_its_name(bucket: str, prefix: str) -> None:
    assert paths(replace(call_of(), exports=Exports(push=Push(bucket, prefix)))) == set()


@pytest.mark.parametrize(
    "bucket",
    [
        "",
        "ab",
        "City",
        "a_b",
        "-city",
        "city-",
        "a..b",
        "10.0.0.1",
        "xn--city",
        "s3://city",
        "arn:aws:s3:::city",
        "c" * 64,
    ],
)
def test_what_s3_takes_for_no_bucket_is_refused(bucket: str) -> None:
    assert paths(replace(call_of(), exports=Exports(push=Push(bucket)))) == {"exports.push.bucket"}


@pytest.mark.parametrize("prefix", ["/aufruf", "aufruf/", "../up", "a//b", "ä", "a b", "x" * 61])
def test_a_folder_for_copies_needs_no_care_in_an_address(prefix: str) -> None:
    assert paths(replace(call_of(), exports=Exports(push=Push("city", prefix)))) == {"exports.push.prefix"}


def test_a_file_for_the_map_needs_somebody_who_may_agree_and_somewhere_to_lie() -> None:
    wanted = Exports(openfairdb=True)
    assert paths(replace(kosi(), exports=wanted)) == set()
    assert paths(replace(kosi(), exports=wanted, landscape=Landscape())) == {"exports.openfairdb"}
    assert paths(replace(call_of(), exports=wanted)) == {"exports.openfairdb"}
