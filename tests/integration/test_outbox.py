"""The outbox: every mail by its state, and having mails sent again without ever sending one twice."""

from typing import Any

import pytest

from chalicelib.access.table import audit_of
from chalicelib.calls.call import Policy
from chalicelib.ledger import table as ledger
from chalicelib.mail import outbox, table
from tests.aws import refused
from tests.builders import answers, call_of
from tests.integration.test_feedback import BOUNCE, COMPLAINT, events, tell
from tests.integration.world import BROWSER, Answer, World

MAILS = "/organiser/calls/small-call/mails"


@pytest.fixture
def capped(world: World) -> World:
    """Three reports that name one address, of which one mail a day may go out."""
    world.publish(call_of(policy=Policy(tickets="optional", shards=2, mails_per_address=1)))
    for number in range(3):
        world.submit(answers(email="zoe@example.org", name=f"Number {number}"))
    world.drain()
    return world


def shown(world: World, state: str = "", **query: str) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in ({"state": state} | query).items() if value)
    answer = world.get(f"{MAILS}?{asked}", world.token("viewer", "small-call"))
    assert answer.status == 200
    return answer.json


def send(world: World, document: Any, role: str = "moderator") -> Answer:
    return world.post(f"{MAILS}/send", document, world.token(role, "small-call"))  # type: ignore[arg-type]


def test_the_outbox_shows_what_became_of_each_mail_and_counts_them(capped: World) -> None:
    held = shown(capped)
    assert held["state"] == "held", "what waits for a decision comes first"
    assert held["counts"] | {"held": 2, "sent": 1} == held["counts"]
    assert sum(held["counts"].values()) == 3
    assert {one["cause"] for one in held["mails"]} == {"address-cap"}
    assert all(one["may_be_sent"] and one["kind"] == "confirm" for one in held["mails"])
    assert held["sending"] == {"stopped_at": None, "cause": "", "sent": 0, "bounced": 0, "complained": 0, "overdue": 0}
    [sent] = shown(capped, "sent")["mails"]
    assert not sent["may_be_sent"]
    assert "zoe" not in str(held) + str(sent)


def test_pages_follow_each_other_and_miss_nothing(capped: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PAGE", 1)
    first = shown(capped, "held")
    second = shown(capped, "held", cursor=first["cursor"].replace("#", "%23"))
    assert len({one["mail"] for one in (*first["mails"], *second["mails"])}) == 2
    assert second["cursor"] is None
    assert shown(capped, "held", cursor="nonsense")["mails"] == first["mails"]


def test_a_held_mail_is_sent_once_however_often_it_is_asked_for(capped: World) -> None:
    one, other = (mail["mail"] for mail in shown(capped, "held")["mails"])
    assert send(capped, {"mails": [one]}).json == {"mails": [one], "all": None}
    assert send(capped, {"mails": [one, one]}).json == {"mails": [], "all": None}
    capped.drain()
    assert send(capped, {"mails": [one]}).json["mails"] == []
    capped.drain()
    assert len(capped.mails) == 2
    assert [mail["mail"] for mail in shown(capped, "held")["mails"]] == [other]
    with capped.border.aside():
        lines = audit_of("call#small-call")
        submission = audit_of(f"submission#{one.partition(':')[0]}")
    assert [line[2] for line in lines] == ["mail-sent"] * 3
    assert {line[2] for line in submission} == {"mail-sent"}


def test_all_of_a_kind_are_sent_by_the_worker_page_by_page(capped: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_AT_ONCE", 1)
    for _ in range(2):
        assert send(capped, {"all": "held"}).json == {"mails": [], "all": "held"}
    capped.drain()
    assert len(capped.mails) == 3
    assert shown(capped, "held")["mails"] == []


def test_only_what_is_prepared_is_sent_with_the_prepared_ones(capped: World) -> None:
    [item, *_] = capped.items("submissions")
    with capped.border.aside():
        ledger.note("small-call", item["id"]["S"], "receipt", "held", cause="prepared", at="2026-05-04T12:00:00.000Z")
    send(capped, {"all": "prepared"})
    capped.drain()
    assert {one["cause"] for one in shown(capped, "held")["mails"]} == {"address-cap"}


def test_a_mail_that_came_back_is_sent_again_and_one_that_was_complained_about_never(world: World) -> None:
    world.publish()
    ids = [world.submit(answers(email=address)).json["reference"].replace("-", "") for address in (BOUNCE, COMPLAINT)]
    world.drain()
    for submission in ids:
        tell(world, events(world, submission))
    sent = send(world, {"mails": [f"{submission}:confirm" for submission in ids]}).json["mails"]
    assert sent == [f"{ids[0]}:confirm"]
    world.drain()
    assert [mail.to for mail in world.mails] == [BOUNCE, COMPLAINT, BOUNCE]
    assert shown(world, "complained")["mails"][0]["may_be_sent"] is False


def test_a_mail_that_failed_has_ten_attempts_again(world: World) -> None:
    world.publish()
    world.submit()
    world.border.fail("SendEmail", refused("MessageRejected"), times=10)
    world.drain()
    [failed] = shown(world, "failed")["mails"]
    assert (failed["attempts"], failed["cause"]) == (10, "MessageRejected")
    send(world, {"mails": [failed["mail"]]})
    world.drain()
    assert [one["attempts"] for one in shown(world, "sent")["mails"]] == [1]


@pytest.mark.parametrize(
    "document",
    [{}, {"mails": []}, {"all": "everything"}, {"mails": ["x"]}, {"mails": ["K7Q49XMD2RTB"]}, {"mails": "1:2"},
     {"a": 1}, {"mails": ["K7Q49XMD2RTB:confirm"] * 101}],
)  # fmt: skip
def test_what_names_no_mails_is_refused(world: World, document: Any) -> None:
    world.publish()
    assert send(world, document).status == 422


def test_a_mail_of_another_call_is_left_alone(capped: World) -> None:
    capped.publish(call_of(name="other-call"))
    [mail, _] = (one["mail"] for one in shown(capped, "held")["mails"])
    stranger = capped.token("owner", "other-call")
    answer = capped.post("/organiser/calls/other-call/mails/send", {"mails": [mail]}, stranger)
    assert answer.json["mails"] == []
    assert len(shown(capped, "held")["mails"]) == 2


def test_who_only_looks_cannot_send(capped: World) -> None:
    [mail, _] = (one["mail"] for one in shown(capped, "held")["mails"])
    assert send(capped, {"mails": [mail]}, "viewer").status == 404


def test_people_see_a_page_and_post_a_form(capped: World) -> None:
    moderator = capped.token("moderator", "small-call")
    page = capped.get(f"{MAILS}?lang=de", moderator, accept=BROWSER)
    assert page.status == 200
    assert "zurückgehalten" in page.body
    [mail, _] = (one["mail"] for one in shown(capped, "held")["mails"])
    assert f'value="{mail}"' in page.body
    done = capped.post_form(f"{MAILS}/send", {"mails": mail, "state": "held"}, moderator)
    assert (done.status, done.headers["Location"]) == (303, "../mails?state=held&done=1")
    empty = capped.get(f"{MAILS}?state=complained&done=0", moderator, accept=BROWSER)
    assert empty.status == 200
    viewer = capped.get(MAILS, capped.token("viewer", "small-call"), accept=BROWSER)
    assert 'name="mails"' not in viewer.body


def test_the_page_says_when_sending_is_stopped(capped: World) -> None:
    with capped.border.aside():
        table.stop(table.switch(), cause="bounces", at="2026-05-04T12:00:00.000Z")
    assert shown(capped)["sending"]["cause"] == "bounces"
    page = capped.get(f"{MAILS}?lang=de", capped.token("viewer", "small-call"), accept=BROWSER)
    assert "kern-alert--warning" in page.body


# Finding one


def test_mails_are_found_by_their_kind_and_by_their_report(world: World) -> None:
    world.publish()
    first = world.submit(answers(name="One", email="one@example.org")).json["reference"]
    world.submit(answers(name="Two", email="two@example.org"))
    world.drain()
    world.post(f"{world.mails[0].receipt}/confirm")
    world.drain()
    assert [one["kind"] for one in shown(world, "sent", kind="receipt")["mails"]] == ["receipt"]
    assert len(shown(world, "sent", kind="confirm")["mails"]) == 2
    assert shown(world, "sent", kind="login")["mails"] == []
    assert len(shown(world, "sent", kind="nonsense")["mails"]) == 3
    about = shown(world, "held", reference=first.lower())
    assert (about["state"], about["reference"], about["cursor"]) == (None, first.lower(), None)
    assert {(one["reference"], one["kind"], one["state"]) for one in about["mails"]} == {
        (first, "confirm", "sent"),
        (first, "receipt", "sent"),
    }
    for none in ("K7Q4-9XMD-2RTB", "nonsense"):
        assert shown(world, reference=none)["mails"] == []
    page = world.get(f"{MAILS}?lang=en&reference={first}", world.token("viewer", "small-call"), accept=BROWSER).body
    assert f"All e-mails about {first}" in page
    assert page.count("<tr>") == 3


def test_pages_of_one_kind_follow_each_other(capped: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PAGE", 1)
    # One key for each request, as if a megabyte of others lay between them.
    monkeypatch.setattr("chalicelib.ledger.table._LOOKED_THROUGH", 1)
    [item, *_] = capped.items("submissions")
    with capped.border.aside():
        ledger.note("small-call", item["id"]["S"], "receipt", "held", cause="prepared", at="2026-05-04T12:00:00.000Z")
    first = shown(capped, "held", kind="confirm")
    second = shown(capped, "held", kind="confirm", cursor=first["cursor"])
    assert {one["kind"] for one in (*first["mails"], *second["mails"])} == {"confirm"}
    assert len({one["mail"] for one in (*first["mails"], *second["mails"])}) == 2
    assert second["cursor"] is None


def test_all_of_one_kind_are_sent_and_no_others(capped: World) -> None:
    [item, *_] = capped.items("submissions")
    with capped.border.aside():
        ledger.note("small-call", item["id"]["S"], "receipt", "held", cause="prepared", at="2026-05-04T12:00:00.000Z")
    send(capped, {"all": "held", "kind": "confirm"})
    capped.drain()
    assert [one["kind"] for one in shown(capped, "held")["mails"]] == ["receipt"]
    assert send(capped, {"all": "held", "kind": "nonsense"}).status == 422


def test_a_mail_to_an_organiser_has_no_reference_and_a_cursor_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PAGE", 1)
    world.publish()
    with world.border.aside():
        for number in range(2):
            id_ = f"organiser-{number:064x}"
            ledger.note("small-call", id_, f"login-{number}", "failed", cause="stopped", at="2026-05-04T12:00:00.000Z")
    first = shown(world, "failed")
    assert first["mails"][0]["reference"] == ""
    second = shown(world, "failed", cursor=first["cursor"])
    assert first["mails"] != second["mails"]
