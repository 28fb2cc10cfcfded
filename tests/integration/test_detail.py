"""One submission as organisers work on it: public text, notes, likely duplicates, who did what; JSON and pages."""

from typing import Any

import pytest

from chalicelib.access.table import audit_of
from chalicelib.submissions.submission import Submission
from tests.builders import answers
from tests.integration.inbox_of import confirmed, put_many
from tests.integration.world import BROWSER, World

HERE = "/organiser/calls/small-call"


@pytest.fixture
def login(world: World) -> dict[str, str]:
    return world.token("moderator")


def stored(world: World, number: int = 1, **given: Any) -> Submission:
    with world.border.aside():
        submission = confirmed(world.publish(), number, answers=answers(**given))
        put_many(iter([submission]))
    return submission


def page(world: World, login: dict[str, str], one: Submission) -> str:
    answer = world.get(f"{HERE}/submissions/{one.reference}?lang=en", login, accept=BROWSER)
    assert answer.status == 200
    return answer.body


def test_everything_about_a_submission_is_there_and_that_it_was_read_is_written_down(
    world: World, login: dict[str, str]
) -> None:
    one = stored(world)
    document = world.get(f"{HERE}/submissions/{one.id.lower()}", login).json
    assert document["answers"]["email"] == "ada@example.org"
    assert document["decisions"] == ["accept", "reject", "merge"]
    assert [line["event"] for line in document["audit"]] == ["submission-read"]
    assert "ada@example.org" in page(world, login, one)
    assert world.get(f"{HERE}/submissions/K7Q4-9XMD-2RTB", login).status == 404


def test_the_public_text_is_edited_beside_the_original(world: World, login: dict[str, str]) -> None:
    one = stored(world, summary="Beete für alle im Hof von Frau Müller.")
    copy = {"name": "Grüne Höfe", "summary": "Beete für alle im Hof.", "themes": ["green"]}
    address = f"{HERE}/submissions/{one.reference}/published"
    assert world.post(address, {"published": copy, "version": 1}, login).json["edited"] == copy
    body = page(world, login, one)
    assert "<del>Hof von Frau Müller.</del>" in body
    assert "<ins>Hof.</ins>" in body
    document = world.get(f"{HERE}/submissions/{one.reference}", login).json
    assert document["answers"]["summary"].endswith("Müller.")
    assert document["published"] is None
    assert world.post(address, {"published": None}, login).json["edited"] is None


@pytest.mark.parametrize("copy", [{"name": ""}, {"name": "Höfe", "themes": ["green"], "email": "x@example.org"}])
def test_a_public_text_is_judged_like_answers_and_holds_nothing_else(
    world: World, login: dict[str, str], copy: dict[str, Any]
) -> None:
    one = stored(world)
    answer = world.post(f"{HERE}/submissions/{one.reference}/published", {"published": copy}, login)
    assert (answer.status, answer.json["code"]) == (422, "answers-invalid")


def test_the_second_of_two_editors_sees_both_texts_and_keeps_theirs(world: World, login: dict[str, str]) -> None:
    one = stored(world)
    address = f"{HERE}/submissions/{one.reference}/published"
    world.post(address, {"published": {"name": "Evas Text", "themes": ["green"]}, "version": 1}, login)
    form = {"name": "Jons Text", "themes": "work", "_version": "1"}
    answer = world.post_form(address + "?lang=en", form, login)
    assert answer.status == 409
    assert 'value="Jons Text"' in answer.body
    assert "Evas Text" in answer.body
    assert 'name="_version" value="2"' in answer.body
    late = {"published": {"name": "x", "themes": ["work"]}, "version": 1}
    assert world.post(address, late, login).json["current"]["version"] == 2
    again = world.post_form(address, form | {"_version": "2"}, login)
    assert again.status == 303
    assert world.get(f"{HERE}/submissions/{one.reference}", login).json["edited"]["name"] == "Jons Text"


def test_a_note_is_kept_for_the_others_and_goes_with_the_submission(world: World, login: dict[str, str]) -> None:
    world.publish()
    world.submit()
    world.drain()
    receipt = world.mails[0].receipt
    world.post(f"{receipt}/confirm")
    reference = world.get(receipt).json["reference"]
    notes = f"{HERE}/submissions/{reference}/notes"
    assert world.post_form(notes, {"text": " Anrufen!\r\nMorgen. "}, login).status == 303
    assert world.post(notes, {"text": "Erledigt."}, login).json["notes"][0]["text"] == "Anrufen!\nMorgen."
    assert world.post(notes, {"text": "  "}, login).status == 422
    assert [one["text"] for one in world.get(f"{receipt}/data.json").json["notes"]] == [
        "Anrufen!\nMorgen.",
        "Erledigt.",
    ]
    world.post(f"{receipt}/erase", {"confirm": True})
    assert world.items("notes") == []
    assert world.post(notes, {"text": "Noch da?"}, login).status == 404


def test_likely_duplicates_are_told_with_what_makes_them_alike(world: World, login: dict[str, str]) -> None:
    one = stored(world, 1, name="Repair-Café Hörde", website="https://repair-hoerde.example/")
    same = stored(world, 2, name="Repaircafe in Hörde", website="https://www.repair-hoerde.example/termine")
    stored(world, 3, name="Lastenräder für alle")
    document = world.get(f"{HERE}/submissions/{one.reference}", login).json
    [likely] = document["likely_duplicates"]
    assert likely["reference"] == same.reference
    assert likely["reasons"]["website"] == 100
    assert document["compared"] == 2
    assert "The same website" in page(world, login, one)


def test_a_browser_is_asked_before_many_are_decided_and_which_leads(world: World, login: dict[str, str]) -> None:
    one, two = stored(world, 1), stored(world, 2, name="Hof")
    chosen = [f"{each.reference}:{each.version}" for each in (one, two)]
    form = {"submissions": chosen, "back": "state=confirmed"}
    asked = world.post_form(f"{HERE}/decisions?lang=en", form | {"decision": "accept"}, login)
    assert asked.status == 200
    assert "Accept 2 reports?" in asked.body
    done = world.post_form(f"{HERE}/decisions", form | {"decision": "accept", "count": "2"}, login)
    assert done.status == 303
    asked = world.post_form(
        f"{HERE}/decisions?lang=en",
        {"submissions": [each.split(":")[0] for each in chosen], "decision": "merge"},
        login,
    )
    assert "Which report leads?" in asked.body
    world.post_form(
        f"{HERE}/decisions",
        {"submissions": [one.reference, two.reference], "decision": "merge", "primary": two.reference},
        login,
    )
    document = world.get(f"{HERE}/submissions/{two.reference}", login).json
    assert (document["reports"], document["merged"], document["state"]) == (2, [one.reference], "accepted")
    assert "Reports of this entry" in page(world, login, two)
    assert "This report is part of the entry" in page(world, login, one)


def test_the_sender_who_withdraws_the_leading_report_leaves_the_others_to_be_decided(
    world: World, login: dict[str, str]
) -> None:
    world.publish()
    world.submit()
    world.drain()
    receipt = world.mails[0].receipt
    world.post(f"{receipt}/confirm")
    leads, other = world.get(receipt).json["reference"], stored(world, 2)
    merge = {"decision": "merge", "submissions": [leads, other.reference], "primary": leads}
    assert world.post(f"{HERE}/decisions", merge, login).json["done"] == 2
    world.post(f"{receipt}/withdraw")
    document = world.get(f"{HERE}/submissions/{other.reference}", login).json
    assert (document["state"], document["flags"], document["duplicate_of"]) == ("confirmed", ["primary-gone"], None)


@pytest.mark.parametrize("role", ["viewer"])
def test_who_may_only_look_cannot_decide(world: World, role: Any) -> None:
    one, viewer = stored(world), world.token(role)
    for path, body in (
        ("decisions", {"decision": "accept", "submissions": [one.reference]}),
        (f"submissions/{one.reference}/published", {"published": None}),
        (f"submissions/{one.reference}/notes", {"text": "x"}),
    ):
        assert world.post(f"{HERE}/{path}", body, viewer).status == 404
    assert "Accept" not in page(world, viewer, one)


def test_decisions_as_json_are_told_one_by_one_and_undone(world: World, login: dict[str, str]) -> None:
    one, two = stored(world, 1), stored(world, 2)
    asked = {"decision": "accept", "submissions": [{"reference": one.reference, "version": 1}, two.reference]}
    done = world.post(f"{HERE}/decisions", asked, login).json
    assert [each["outcome"] for each in done["outcomes"]] == ["done", "done"]
    late = {"decision": "reject", "submissions": [{"reference": one.reference, "version": 1}]}
    answer = world.post(f"{HERE}/decisions", late, login)
    assert (answer.status, answer.json["current"]["state"]) == (409, "accepted")
    back = {"decision": "undo", "batch": done["batch"], "submissions": [one.reference, two.reference]}
    assert world.post(f"{HERE}/decisions", back, login).json["done"] == 2
    with world.border.aside():
        assert {event for _, _, event, _ in audit_of(f"submission#{one.id}")} == {"accepted", "undone"}


@pytest.mark.parametrize(
    "body",
    [
        {"decision": "explode", "submissions": ["K7Q4-9XMD-2RTB"]},
        {"decision": "accept", "submissions": []},
        {"decision": "accept", "submissions": ["nonsense"]},
        {"decision": "accept", "submissions": [{"reference": "K7Q4-9XMD-2RTB", "version": "x"}]},
        {"decision": "undo", "submissions": ["K7Q4-9XMD-2RTB"]},
        {"decision": "accept", "submissions": ["K7Q4-9XMD-2RTB"] * 101},
    ],
    ids=str,
)
def test_what_is_no_decision_is_refused_by_field(world: World, login: dict[str, str], body: Any) -> None:
    world.publish()
    answer = world.post(f"{HERE}/decisions", body, login)
    assert (answer.status, answer.json["code"]) == (422, "answers-invalid")
