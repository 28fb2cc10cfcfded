"""A list is taken over: brought, its columns chosen, checked, started; and again, and after a crash."""

import csv
import io
import json
from collections import Counter
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from chalicelib.runtime.settings import settings
from chalicelib.submissions.reference import show
from tests.aws import Crash, throttled
from tests.builders import call_of, choices, field
from tests.fast import FastTables
from tests.integration.world import BROWSER, JSON, Answer, World

CALL = "/organiser/calls/small-call"
HERE = f"{CALL}/imports"
COLUMNS = {"name": "Titel", "summary": "Was", "themes": "Thema", "email": "E-Mail", "since": "Jahr"}
FIRST = "Titel;Was;Thema;Jahr;E-Mail\n"
TWO = FIRST + (
    "Grüne Höfe;Höfe werden grün.;green (deutsch);2015;ada@example.org\n"
    "Offene Werkstatt;Wir bauen gemeinsam.;work, green;;\n"
)


@pytest.fixture
def eva(world: World) -> dict[str, str]:
    world.publish()
    return world.token("owner")


def bring(world: World, login: dict[str, str], content: str | bytes, kind: str = "text/csv") -> Answer:
    body = content.encode() if isinstance(content, str) else content
    return world.request("POST", HERE, body=body, headers={"Accept": JSON, "Content-Type": kind} | login)


def check(world: World, login: dict[str, str], content: str | bytes, **more: Any) -> dict[str, Any]:
    """Bring a list, choose its columns, let it be checked; what is found."""
    brought = bring(world, login, content).json
    chosen = {"columns": COLUMNS} | more
    known = [one["name"] for one in brought["columns"]]
    chosen["columns"] = {name: column for name, column in chosen["columns"].items() if column in known}
    assert world.post(f"{HERE}/{brought['import_id']}/columns", chosen, login).status == 202
    world.work("export")
    return look(world, login, brought["import_id"])


def start(world: World, login: dict[str, str], import_id: str, *leave: int) -> dict[str, Any]:
    answer = world.post(f"{HERE}/{import_id}/start", {"declared": True, "leave": list(leave)}, login)
    assert answer.status == 202, answer.body
    world.work("export")
    return look(world, login, import_id)


def look(world: World, login: dict[str, str], import_id: str) -> dict[str, Any]:
    document: dict[str, Any] = world.get(f"{HERE}/{import_id}", login).json
    return document


def test_a_list_comes_in_and_waits_for_a_decision_and_nobody_gets_a_mail(world: World, eva: dict[str, str]) -> None:
    brought = bring(world, eva, TWO)
    assert brought.status == 201
    assert [one["name"] for one in brought.json["columns"]] == ["Titel", "Was", "Thema", "Jahr", "E-Mail"]
    checked = check(world, eva, TWO)
    assert (checked["state"], checked["counts"]["added"], world.count()) == ("checked", 2, 0)
    done = start(world, eva, checked["import_id"])
    assert (done["state"], done["counts"]["added"], done["done"]) == ("done", 2, 2)
    world.drain()
    assert world.mails == []
    found = world.get(f"{CALL}/submissions?state=confirmed", eva).json["submissions"]
    assert sorted((one["title"], one["source"]) for one in found) == [
        ("Grüne Höfe", done["import_id"]), ("Offene Werkstatt", done["import_id"])
    ]  # fmt: skip
    one = next(one for one in found if one["title"] == "Grüne Höfe")
    detail = world.get(f"{CALL}/submissions/{one['reference']}", eva).json
    assert detail["answers"] == {
        "name": "Grüne Höfe", "summary": "Höfe werden grün.", "themes": ["green"], "since": 2015,
        "email": "ada@example.org",
    }  # fmt: skip
    assert [past["event"] for past in detail["history"]] == ["imported"]
    assert detail["confirmed_at"] is None
    left = [content for name, content in world.files().items() if f"/{done['import_id']}/" in name]
    assert len(left) == 1
    assert "Höfe" not in left[0].decode()


def test_the_balance_is_true_with_what_was_taken_over(world: World, eva: dict[str, str]) -> None:
    world.submit()
    done = start(world, eva, check(world, eva, TWO)["import_id"])
    world.drain()
    world.nightly()
    world.drain()
    balance = json.loads(world.file(next(one for one in world.files() if one.endswith("balance.json"))))
    assert (balance["received"], balance["stored"], balance["exported"], balance["adds_up"]) == (3, 3, 3, True)
    files = {name.rpartition("/")[2]: content for name, content in world.files().items() if name.startswith("exports/")}
    exported = json.loads(files["submissions.json"])["submissions"]
    assert sorted(one["source"] for one in exported) == ["", done["import_id"], done["import_id"]]
    rows = list(csv.DictReader(io.StringIO(files["submissions.csv"].decode())))
    assert [one["source"] for one in rows] == [one["source"] for one in exported]


def test_errors_are_told_by_row_column_and_reason_and_the_others_come_in(world: World, eva: dict[str, str]) -> None:
    broken = TWO + ";Namenlos und doch da.;green;;\n\nZu jung;Ein schöner Text.;unknown;1066;keine\n"
    checked = check(world, eva, broken)
    assert (checked["counts"]["added"], checked["counts"]["invalid"], checked["problems_total"]) == (2, 2, 4)
    assert [(one["row"], one["column"], one["code"]) for one in checked["problems"]] == [
        (4, "Titel", "required"), (6, "Thema", "unknown-choice"), (6, "Jahr", "out-of-range"),
        (6, "E-Mail", "not-an-address"),
    ]  # fmt: skip
    done = start(world, eva, checked["import_id"])
    assert (done["counts"]["added"], world.count()) == (2, 2)
    german = eva | {"Accept-Language": "de"}
    file = world.get(f"{HERE}/{checked['import_id']}/problems.csv", german)
    rows = list(csv.reader(io.StringIO(file.body.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0] == ["Zeile", "Spalte", "Grund"]
    assert rows[2][:2] == ["6", "Thema"]
    assert "green (deutsch); work (deutsch)" in rows[2][2]
    assert "1850" in rows[3][2]


def in_memory(world: World) -> dict[Any, Any]:
    """Submissions in tables of our own, and those by their keys; through moto five thousand take a quarter of a minute.

    Lists by the index still ask moto, and find nothing: no row is compared with what is there.
    """
    moto = world.border.aws
    tables = FastTables({settings().submissions_table: ("call_shard", "id")}, moto)

    def call_aws(client: Any, operation: str, asked: dict[str, Any]) -> Any:
        return (moto if operation == "Query" else tables)(client, operation, asked)

    world.border.aws = call_aws
    return tables.items[settings().submissions_table]


def test_five_thousand_rows_twice_are_five_thousand_reports(world: World, eva: dict[str, str]) -> None:
    names = ("Garten", "Werkstatt", "Küche", "Bücherei", "Chor", "Rad", "Theater", "Labor", "Markt", "Hof")
    rows = [
        f"{names[number % 10]} {number:04x};Was dort geschieht, erzählt Nummer {number}.;green;;\n"
        for number in range(5_000)
    ]
    rows[41] = ";Ohne Namen geht es nicht.;green;;\n"
    rows[4_711] = "Zu alt;Ein schöner Text.;green;1066;\n"
    text = FIRST + "".join(rows)
    stored = in_memory(world)
    first = start(world, eva, check(world, eva, text)["import_id"])
    assert {name: count for name, count in first["counts"].items() if count} == {"added": 4_998, "invalid": 2}
    assert len(stored) == 4_998
    assert [(one["row"], one["column"]) for one in first["problems"]] == [(43, "Titel"), (4_713, "Jahr")]
    again = start(world, eva, check(world, eva, text.replace(";", "\t"))["import_id"])
    assert {name: count for name, count in again["counts"].items() if count} == {"there": 4_998, "invalid": 2}
    assert len(stored) == 4_998


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("operation", ["PutItem", "BatchGetItem", "DeleteObject", "GetObject"])
def test_a_worker_that_dies_is_followed_by_one_that_ends_the_work(
    world: World, eva: dict[str, str], operation: str, after: bool
) -> None:
    text = FIRST + "".join(f"Garten Nummer {number};Ein schöner Text dazu.;green;;\n" for number in range(30))
    checked = check(world, eva, text)
    world.post(f"{HERE}/{checked['import_id']}/start", {"declared": True}, eva)
    world.border.fail(operation, Crash(), after=after, skip=7 if operation == "PutItem" else 0)
    with pytest.raises(Crash):
        world.work("export")
    world.border.faults.clear()
    world.work("export")
    done = look(world, eva, checked["import_id"])
    assert (done["state"], done["counts"]["added"], world.count()) == ("done", 30, 30)
    assert not [name for name in world.files() if name.endswith("sheet.json")]


def test_a_long_list_is_taken_over_in_several_invocations(world: World, eva: dict[str, str]) -> None:
    text = FIRST + "".join(f"Garten Nummer {number};Ein schöner Text dazu.;green;;\n" for number in range(30))
    checked = check(world, eva, text)
    world.post(f"{HERE}/{checked['import_id']}/start", {"declared": True}, eva)
    # Asked once when it begins, and before each slice.
    spans = [60_000, 60_000, 1_000, *[60_000] * 9]
    with (
        mock.patch("tests.integration.world.CONTEXT.get_remaining_time_in_millis", side_effect=spans),
        mock.patch("chalicelib.imports.worker.SLICE", 10),
    ):
        world.work("export")
        half = look(world, eva, checked["import_id"])
        assert (half["state"], half["done"]) == ("importing", 10)
        world.work("export")
    done = look(world, eva, checked["import_id"])
    assert (done["state"], done["counts"]["added"], world.count()) == ("done", 30, 30)


def test_a_lost_message_is_put_back_and_who_does_not_get_on_is_given_up(world: World, eva: dict[str, str]) -> None:
    brought = bring(world, eva, TWO).json
    world.border.fail("SendMessage", throttled(), times=9)
    assert world.post(f"{HERE}/{brought['import_id']}/columns", {"columns": COLUMNS}, eva).status == 503
    world.border.faults.clear()
    forgotten = mock.patch("chalicelib.imports.worker.PATIENCE", timedelta(0))
    with forgotten:
        world.reconcile()
    world.work("export")
    assert look(world, eva, brought["import_id"])["state"] == "checked"
    world.post(f"{HERE}/{brought['import_id']}/start", {"declared": True}, eva)
    world.border.fail("BatchGetItem", throttled(), times=99)
    for _ in range(6):
        world.work("export")
    world.border.faults.clear()
    assert len(world.dead("export")) == 1, "there operators see it"
    with forgotten:
        world.reconcile()
    world.work("export")
    failed = look(world, eva, brought["import_id"])
    assert (failed["state"], failed["cause"]) == ("failed", "attempts-used-up")


def test_rows_that_are_the_same_are_taken_over_once_and_own_numbers_tell_them(
    world: World, eva: dict[str, str]
) -> None:
    garden = "1;Garten;Ein schöner Text.;green\n"
    numbered = f"Nr;Titel;Was;Thema\n{garden}{garden}2;Hof;Ein anderer Text.;work\n"
    by_number = {"columns": {**COLUMNS, "_number": "Nr"}}
    done = start(world, eva, check(world, eva, numbered, **by_number)["import_id"])
    assert Counter(done["counts"]) == Counter({"added": 2, "repeated": 1})
    assert [(one["row"], one["code"]) for one in done["problems"]] == [(3, "repeated")]
    changed = numbered.replace("Ein anderer Text.", "Ein neuer Text.")
    again = start(world, eva, check(world, eva, changed, **by_number)["import_id"])
    assert Counter(again["counts"]) == Counter({"there": 1, "repeated": 1, "other": 1})


def test_an_erased_report_does_not_come_back(world: World, eva: dict[str, str]) -> None:
    done = start(world, eva, check(world, eva, TWO.rsplit("\n", 2)[0] + "\n")["import_id"])
    assert world.post(f"{world.receipt()}/erase", {"confirm": True}).status == 200
    again = start(world, eva, check(world, eva, TWO)["import_id"])
    assert (done["counts"]["added"], again["counts"]["erased"], again["counts"]["added"]) == (1, 1, 1)


def test_what_looks_like_something_that_is_here_is_shown_and_can_be_left_out(world: World, eva: dict[str, str]) -> None:
    reference = world.submit().json["reference"]
    world.drain()
    world.post(f"{world.mails[0].receipt}/confirm")
    text = TWO + "Offene Werkstatt!;Wir bauen alle gemeinsam.;work;;\n"
    checked = check(world, eva, text)
    alike = {one["row"]: one for one in checked["likely_duplicates"]}
    assert (alike[2]["reference"], alike[2]["other_row"]) == (reference, None)
    assert (alike[4]["reference"], alike[4]["other_row"]) == (None, 3)
    done = start(world, eva, checked["import_id"], 2)
    assert (done["counts"]["added"], done["counts"]["left"]) == (2, 1)


def test_an_import_is_cancelled_and_its_list_is_deleted(world: World, eva: dict[str, str]) -> None:
    checked = check(world, eva, TWO)
    world.post(f"{HERE}/{checked['import_id']}/start", {"declared": True}, eva)
    for _ in range(2):
        assert world.post(f"{HERE}/{checked['import_id']}/cancel", None, eva).json["state"] == "cancelled"
    world.work("export")
    assert (look(world, eva, checked["import_id"])["state"], world.count()) == ("cancelled", 0)
    assert not [name for name in world.files() if name.endswith("sheet.json")]
    assert "Höfe" not in "".join(content.decode() for name, content in world.files().items() if "findings" in name)
    refused = world.post(f"{HERE}/{checked['import_id']}/start", {"declared": True}, eva)
    assert (refused.status, refused.json["code"]) == (409, "not-importable")


def test_a_form_that_changed_after_the_check_is_checked_again(world: World, eva: dict[str, str]) -> None:
    checked = check(world, eva, TWO)
    changed = call_of(*call_of().fields.values(), field("more", "text"))
    world.publish(changed)
    from chalicelib.calls.table import forget_calls

    forget_calls()
    refused = world.post(f"{HERE}/{checked['import_id']}/start", {"declared": True}, eva)
    assert (refused.status, refused.json["code"]) == (409, "not-importable")
    world.post(f"{HERE}/{checked['import_id']}/columns", {"columns": COLUMNS}, eva)
    world.work("export")
    assert start(world, eva, checked["import_id"])["counts"]["added"] == 2


def test_nothing_starts_without_the_word_that_it_may(world: World, eva: dict[str, str]) -> None:
    checked = check(world, eva, TWO)
    refused = world.post(f"{HERE}/{checked['import_id']}/start", {}, eva)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "declared")
    page = world.post_form(f"{HERE}/{checked['import_id']}/start", {}, world.session())
    assert page.status == 422
    assert 'href="#field-declared"' in page.body
    assert world.count() == 0


def test_every_step_stands_in_the_log(world: World, eva: dict[str, str]) -> None:
    checked = check(world, eva, TWO)
    start(world, eva, checked["import_id"])
    world.get(f"{HERE}/{checked['import_id']}/problems.csv", eva)
    second = bring(world, eva, TWO).json
    world.post(f"{HERE}/{second['import_id']}/cancel", None, eva)
    events = [one["event"] for one in world.get(f"{CALL}/audit", eva).json["lines"]]
    assert events == [
        "import-cancelled", "import-uploaded", "import-problems-downloaded", "import-started", "import-read",
        "import-uploaded"
    ]  # fmt: skip


def test_columns_are_refused_by_name(world: World, eva: dict[str, str]) -> None:
    brought = bring(world, eva, TWO).json
    address = f"{HERE}/{brought['import_id']}/columns"

    def refused(**columns: str) -> list[tuple[str, str]]:
        answer = world.post(address, {"columns": columns}, eva)
        assert answer.status == 422
        return sorted((one["field"], one["code"]) for one in answer.json["errors"])

    assert refused(name="Titel") == [("themes", "required")]
    assert refused(name="Titel", themes="Titel") == [("themes", "twice")]
    assert refused(name="Titel", themes="Nirgends") == [("themes", "unknown-column")]
    assert refused(name="Titel", themes="Thema", privacy="Was") == [("privacy", "unknown-field")]
    assert world.post(address, {"columns": []}, eva).status == 400
    assert world.post(address, {"columns": {"name": 1}}, eva).status == 400


def test_an_answer_for_all_rows_stands_where_a_row_says_nothing(world: World, eva: dict[str, str]) -> None:
    text = "Titel;Thema\nGarten;work\nHof;\n"
    checked = check(world, eva, text, fixed={"themes": "green", "relation": "knows"}, language="en")
    start(world, eva, checked["import_id"])
    found = world.get(f"{CALL}/submissions?state=confirmed", eva).json["submissions"]
    answers = {one["title"]: world.get(f"{CALL}/submissions/{one['reference']}", eva).json for one in found}
    assert {name: one["answers"]["themes"] for name, one in answers.items()} == {"Garten": ["work"], "Hof": ["green"]}
    assert {one["answers"]["relation"] for one in answers.values()} == {"knows"}
    assert {one["language"] for one in answers.values()} == {"en"}
    other = check(world, eva, text, fixed={"themes": "green", "relation": "part_of"})
    assert other["counts"]["there"] == 2


MULTIPART = "multipart/form-data; boundary=xyz"


def form_with(content: bytes, name: str = "Liste.csv") -> bytes:
    head = f'--xyz\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    return head.encode() + content + b"\r\n--xyz--\r\n"


def test_a_browser_brings_a_file_and_is_led_through(world: World, eva: dict[str, str]) -> None:
    owner = world.session()

    def send(content: bytes) -> Answer:
        headers = {"Accept": BROWSER, "Content-Type": MULTIPART, "Accept-Language": "de"} | owner
        return world.request("POST", HERE, body=form_with(content), headers=headers)

    empty = send(b"")
    assert empty.status == 422
    assert "Die Datei ist leer." in empty.body
    brought = send(TWO.encode("cp1252"))
    assert brought.status == 303
    address = f"{CALL}/{brought.headers['Location']}"
    page = world.get(f"{address}?lang=de", owner, accept=BROWSER)
    assert "Liste.csv" in page.body
    assert 'name="column-name"' in page.body
    wrong = world.post_form(f"{address}/columns", {"column-name": "0"}, owner)
    assert wrong.status == 422
    assert 'href="#field-themes"' in wrong.body
    action = f"{CALL}/imports/{brought.headers['Location'].rpartition('/')[2]}/columns"
    assert f'action="../../../../..{action}"' in wrong.body, "the page now stands one step deeper"
    good = {
        "column-name": "0",
        "column-summary": "1",
        "column-themes": "2",
        "fixed-relation": "knows",
        "language": "de",
    }
    assert world.post_form(f"{address}/columns", good, owner).status == 303
    assert "Refresh" in world.get(address, owner, accept=BROWSER).headers
    world.work("export")
    checked = world.get(f"{address}?lang=de", owner, accept=BROWSER).body
    assert "Höfe werden grün." in checked
    assert world.post_form(f"{address}/start", {"declared": "on"}, owner).status == 303
    assert "Refresh" in world.get(address, owner, accept=BROWSER).headers
    world.work("export")
    done = world.get(f"{address}?lang=de", owner, accept=BROWSER).body
    assert "2 Meldungen sind da und warten auf eine Entscheidung." in done
    assert "Liste.csv" in world.get(HERE, owner, accept=BROWSER).body


def test_the_sample_has_the_questions_and_can_be_brought_back(world: World, eva: dict[str, str]) -> None:
    sample = world.get(f"{HERE}.csv", eva | {"Accept-Language": "de"})
    assert sample.headers["Content-Disposition"] == 'attachment; filename="small-call.csv"'
    brought = bring(world, eva, sample.body).json
    guessed = {one["field"] for one in brought["columns"]}
    assert guessed == {"name", "summary", "themes", "theme_other", "relation", "contact", "since", "website", "phone",
                       "day", "email"}  # fmt: skip


def test_what_is_no_list_is_refused(world: World, eva: dict[str, str]) -> None:
    assert bring(world, eva, TWO, "application/json").status == 415
    assert bring(world, eva, b"x" * 4_000_001).json["code"] == "list-too-large"
    assert bring(world, eva, b"\x00\x01\x02\n3").json["code"] == "list-unreadable"
    assert bring(world, eva, b"--", "multipart/form-data").status == 400
    assert bring(world, eva, b"nothing like it", MULTIPART).status == 400
    assert world.items("imports") == []


def test_announcements_do_not_go_to_addresses_out_of_a_list(world: World, eva: dict[str, str]) -> None:
    start(world, eva, check(world, eva, TWO)["import_id"])
    texts = {f"{part}_{language}": "Ein Text." for part in ("subject", "body") for language in ("de", "en")}
    made = world.post(f"{CALL}/announcements", texts, eva)
    assert made.status in {200, 201}, made.body
    world.drain()
    assert world.get(f"{CALL}/announcements/{made.json['announcement']}", eva).json["count"] == 0


def test_a_call_with_many_choices_takes_labels_with_commas(world: World) -> None:
    labelled = field("who", "choices", public=True, choices=choices("church", "city"))
    church = labelled.choices[0]
    from msgspec.structs import replace

    labelled = replace(
        labelled, choices=(replace(church, label={"de": "Stiftung, Kirche", "en": "Church"}), labelled.choices[1])
    )
    world.publish(call_of(*call_of().fields.values(), labelled))
    eva = world.token("owner")
    text = "Titel;Thema;Wer\nGarten;green;Stiftung, Kirche, city\n"
    checked = check(world, eva, text, columns={"name": "Titel", "themes": "Thema", "who": "Wer"})
    done = start(world, eva, checked["import_id"])
    assert done["counts"]["added"] == 1
    [item] = world.items("submissions")
    assert json.loads(item["answers"]["S"])["who"] == ["church", "city"]
    assert show(item["id"]["S"])
