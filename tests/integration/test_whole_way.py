"""The whole way of one submission, from the form to the download."""

import json
from collections.abc import Iterator

import pytest
import requests

from chalicelib.calls.call import Policy
from tests.builders import answers, call_of, field, kosi, kosi_answers, small_fields
from tests.integration.world import BROWSER, World


def test_from_the_post_to_the_download(world: World) -> None:
    world.publish(kosi())
    accepted = world.submit(kosi_answers(), call="kosi-lab-dortmund")
    assert accepted.status == 201
    reference = accepted.json["reference"]
    assert accepted.json["state"] == "received"
    assert accepted.headers["Location"].startswith(f"thanks/{reference}")

    world.drain()
    [mail] = world.mails
    assert mail.to == "canary@example.org"
    assert reference in mail.text

    looked = world.get(mail.receipt)
    assert looked.json["state"] == "received"
    assert "confirm" in looked.json["actions"]
    assert looked.json["answers"] == kosi_answers()
    assert [one["state"] for one in looked.json["mails"]] == ["sent"]

    confirmed = world.post(f"{mail.receipt}/confirm")
    assert (confirmed.status, confirmed.json["state"]) == (200, "confirmed")
    assert [one["event"] for one in confirmed.json["history"]] == ["received", "confirmed"]

    [asked] = world.nightly()
    world.drain()
    download = world.get(
        f"/organiser/calls/kosi-lab-dortmund/exports/{asked['export_id']}/files/submissions.json", world.token()
    )
    assert download.status == 302
    [exported] = requests.get(download.headers["Location"], timeout=5).json()["submissions"]
    assert (exported["reference"], exported["state"], exported["answers"]) == (reference, "confirmed", kosi_answers())
    assert {mail["kind"] for mail in exported["mails"]} >= {"confirm"}
    assert exported["mails"][0]["state"] == "sent"


def test_the_same_way_in_a_browser_without_javascript(world: World) -> None:
    world.publish()
    form = world.get("/calls/small-call/form?lang=en", accept=BROWSER)
    assert form.status == 200
    for field_id in call_of().fields:
        assert f'id="field-{field_id}"' in form.body
    accepted = world.post_form("/calls/small-call/submissions?lang=en", answers(privacy="true", publish="true"))
    assert accepted.status == 303
    thanks = world.get("/calls/small-call/" + accepted.headers["Location"], accept=BROWSER)
    reference = accepted.headers["Location"].removeprefix("thanks/").partition("?")[0]
    assert reference in thanks.body

    world.drain()
    [mail] = world.mails
    receipt = world.get(f"{mail.receipt}?lang=en", accept=BROWSER)
    assert receipt.status == 200
    assert reference in receipt.body
    assert "Grüne Höfe" in receipt.body
    confirmed = world.post_form(f"{mail.receipt}/confirm?lang=en", {})
    assert confirmed.status == 303
    assert confirmed.headers["Location"] == f"..{mail.receipt.removeprefix('/receipts')}?lang=en"
    stored = world.stored(reference)
    assert stored is not None
    assert stored.state == "confirmed"


def test_looking_at_a_receipt_however_often_changes_nothing(world: World) -> None:
    world.publish()
    world.submit()
    world.drain()
    before = world.items("submissions"), world.items("mails")
    receipt = world.receipt()
    world.border.forget()
    for _ in range(3):
        assert world.get(receipt).status == 200
        assert world.get(receipt, accept=BROWSER).status == 200
        assert world.request("HEAD", receipt).status == 200
    assert (world.items("submissions"), world.items("mails")) == before
    assert set(world.border.operations) <= {"GetItem", "Query"}


def test_confirming_twice_is_harmless(world: World) -> None:
    world.publish()
    world.submit()
    world.drain()
    [mail] = world.mails
    first, second = world.post(f"{mail.receipt}/confirm"), world.post(f"{mail.receipt}/confirm")
    assert (first.status, second.status) == (200, 200)
    assert first.json == second.json
    world.drain()
    assert [one.tags["kind"] for one in world.mails] == ["confirm", "receipt"]


@pytest.mark.parametrize(("language", "words"), [("de", "Bitte bestätigen Sie"), ("en", "Please confirm")])
def test_the_mail_speaks_the_language_of_the_form(world: World, language: str, words: str) -> None:
    world.publish()
    world.submit(language=language)
    world.drain()
    [mail] = world.mails
    assert words in mail.subject
    assert f'<html lang="{language}">' in mail.html


def test_the_mail_comes_from_us_goes_to_one_address_and_is_answered_to_the_team(world: World) -> None:
    world.publish()
    world.submit(answers(email="ada@example.org", relation="part_of", contact="other@example.org"))
    world.drain()
    [mail] = world.mails
    assert (mail.sender, mail.to, mail.reply_to) == ("aufruf@example.org", "ada@example.org", "team@example.org")
    assert mail.parameters["Destination"] == {"ToAddresses": ["ada@example.org"]}
    assert {"Name": "Auto-Submitted", "Value": "auto-generated"} in mail.parameters["Content"]["Simple"]["Headers"]
    stored = world.items("submissions")[0]["id"]["S"]
    tags = {"call": "small-call", "submission": stored, "kind": "confirm", "round": "1", "attempt": "1"}
    assert mail.tags == tags


def test_an_expired_submission_can_neither_be_seen_nor_confirmed_even_before_dynamodb_deletes_it(world: World) -> None:
    world.publish(call_of(policy=Policy(tickets="optional", shards=2, unconfirmed_days=0)))
    reference = world.submit().json["reference"]
    receipt = world.receipt()
    assert world.get(receipt).status == 404
    assert world.post(f"{receipt}/confirm").status == 404
    world.drain()
    assert world.mails == []
    stored = world.stored(reference)
    assert stored is not None
    assert stored.state == "received"


# No personal data where it does not belong


CANARIES = ("kanarienvogel", "canary")


def everything_written(text: str) -> Iterator[str]:
    return (word for word in CANARIES if word in text.lower())


def test_logs_and_messages_and_keys_hold_no_personal_data_and_no_key_to_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.publish(call_of(*small_fields(), field("story", "textarea", required=True, personal=True)))
    given = answers(
        name="Kanarienvogel",
        email="canary@example.org",
        website="https://kanarienvogel.example.org",
        story="Kanarienvogel",
    )
    seen_on_queues: list[str] = []
    world.submit(given, key="kanarienvogel-key", language="en")
    world.submit(given | {"name": "x" * 500}, key="kanarienvogel-2")
    world.submit(given | {"kanarienvogel": "x"})
    world.submit(given | {"story": "other Kanarienvogel"}, key="kanarienvogel-key")
    world.post_form("/calls/small-call/submissions", given | {"email": "kanarienvogel"})
    world.border.fail("SendEmail", ValueError("Kanarienvogel"))
    world.relay()
    seen_on_queues += [one["body"] for one in world.messages("mail")]
    for body in seen_on_queues:
        world.put("mail", body)
    world.put("mail", '{"poison": "but no canary of ours"}')
    world.work("mail")
    world.border.faults.clear()
    receipt = world.receipt()
    world.get(receipt)
    world.get(receipt, accept=BROWSER)
    world.post(f"{receipt}/confirm")
    world.get(f"{receipt}x")
    world.get("/kanarienvogel-path?kanarienvogel=1")
    token = world.token()
    [asked] = world.nightly()
    while world.work("export"):
        pass
    world.get(f"/organiser/calls/small-call/exports/{asked['export_id']}/files/submissions.json", token)
    world.get("/organiser/calls/small-call/exports", {"Authorization": "Bearer aufruf_kanarienvogel"})

    logs = capsys.readouterr().out
    assert len(logs.splitlines()) > 12
    assert not list(everything_written(logs))
    for secret in (receipt.rpartition("/")[2], token["Authorization"].partition(" ")[2], "192.0.2.7"):
        assert secret not in logs
    assert all("dropped" not in json.loads(line) for line in logs.splitlines())
    assert not list(everything_written("".join(seen_on_queues)))
    assert not list(everything_written(" ".join(world.files())))
    for table in ("mails", "exports", "audit"):
        assert not list(everything_written(json.dumps(world.items(table))))
