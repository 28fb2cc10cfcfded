"""The receipt through HTTP: change, withdraw, erase, take the data; in any order, at once, and cut short anywhere."""

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.access.table import put_audit
from chalicelib.ledger import table as ledger
from chalicelib.runtime.clock import now, stamp
from chalicelib.submissions.submission import Submission
from chalicelib.submissions.table import put_change
from tests.aws import Crash, throttled
from tests.builders import answers, call_of, field
from tests.integration.world import BROWSER, Answer, World

NEW = answers(name="Neue Höfe", since=2015)
FORM = {"name": "Neue Höfe", "themes": "green", "since": "2015", "privacy": "true", "publish": "true"}


@pytest.fixture
def receipt(world: World) -> str:
    """The path of the receipt of one submission that was received, its mail sent."""
    world.publish()
    assert world.submit(key="first").status == 201
    world.drain()
    return world.mails[0].receipt


def confirmed(world: World, receipt: str) -> None:
    assert world.post(f"{receipt}/confirm").status == 200


def submission(world: World, receipt: str) -> Submission:
    found = world.stored(world.get(receipt).json["reference"])
    assert found is not None
    return found


def decided(world: World, receipt: str, state: str = "accepted", **more: Any) -> None:
    """As an organiser will do it."""
    known = submission(world, receipt)
    with world.border.aside():
        put_change(known, replace(known, state=state, version=known.version + 1, **more))


def events(answer: Answer) -> list[str]:
    return [one["event"] for one in answer.json["history"]]


# Changing


def test_a_change_replaces_the_answers_and_keeps_the_older_ones(world: World, receipt: str) -> None:
    confirmed(world, receipt)
    changed = world.post(f"{receipt}/change", {"answers": NEW})
    assert (changed.status, changed.json["answers"], changed.json["state"]) == (200, NEW, "confirmed")
    assert events(changed) == ["received", "confirmed", "changed"]
    [revision] = world.items("revisions")
    assert json.loads(revision["answers"]["S"]) == answers()
    assert world.get(receipt).json == changed.json


def test_what_is_not_confirmed_can_be_changed_and_stays_unconfirmed(world: World, receipt: str) -> None:
    before = submission(world, receipt)
    changed = world.post(f"{receipt}/change", {"answers": NEW})
    assert (changed.status, changed.json["state"]) == (200, "received")
    assert submission(world, receipt).expires_at == before.expires_at
    world.drain()
    assert len(world.mails) == 1


@pytest.mark.parametrize("state", ["accepted", "rejected", "duplicate"])
def test_a_change_after_the_decision_asks_for_a_new_one_and_what_is_published_stays(
    world: World, receipt: str, state: str
) -> None:
    confirmed(world, receipt)
    decided(world, receipt, state, published='{"name":"Höfe"}', decided_at="2026-05-05T08:00:00.000Z")
    assert world.post(f"{receipt}/change", {"answers": NEW}).json["state"] == "confirmed"
    after = submission(world, receipt)
    assert (after.published, after.decided_at) == ('{"name":"Höfe"}', None)
    shown = world.get(receipt, {"Accept-Language": "en"}, BROWSER).body
    assert "What was published stays as it is" in shown


def test_the_same_answers_are_no_change(world: World, receipt: str) -> None:
    before = world.get(receipt).json
    for given in (answers(), answers(name="  Grüne   Höfe "), answers(invite=False)):
        assert world.post(f"{receipt}/change", {"answers": given, "version": 1}).json == before
    assert world.items("revisions") == []


def test_repeating_a_change_is_harmless(world: World, receipt: str) -> None:
    once = world.post(f"{receipt}/change", {"answers": NEW, "version": 1})
    again = world.post(f"{receipt}/change", {"answers": NEW, "version": 1})
    assert (once.status, again.status, again.json) == (200, 200, once.json)
    assert len(world.items("revisions")) == 1


def test_a_repeat_of_the_first_post_is_still_one_after_a_change(world: World, receipt: str) -> None:
    world.post(f"{receipt}/change", {"answers": NEW})
    again = world.submit(key="first")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert world.submit(NEW, key="first").status == 422


def test_of_two_tabs_the_slower_is_told_what_is_there_now(world: World, receipt: str) -> None:
    assert world.post(f"{receipt}/change", {"answers": NEW, "version": 1}).status == 200
    late = world.post(f"{receipt}/change", {"answers": answers(name="Späte Höfe"), "version": 1})
    assert (late.status, late.json["code"]) == (409, "changed-meanwhile")
    assert late.json["current"] == world.get(receipt).json
    assert world.post(f"{receipt}/change", {"answers": answers(name="Späte Höfe"), "version": 2}).status == 200


def between_reading_and_writing(world: World, do: Callable[[], Any]) -> None:
    """Let something happen right after the submission was read for the next time."""

    def once(answer: Any) -> Any:
        if "call_shard" in answer.get("Item", {}):
            world.border.answers.clear()
            with world.border.aside():
                do()
        return answer

    world.border.answers["GetItem"] = once


def test_of_two_changes_at_the_very_same_moment_one_is_told(world: World, receipt: str) -> None:
    other = answers(name="Schnelle Höfe")
    between_reading_and_writing(world, lambda: world.post(f"{receipt}/change", {"answers": other}))
    late = world.post(f"{receipt}/change", {"answers": NEW})
    assert (late.status, late.json["code"]) == (409, "changed-meanwhile")
    assert late.json["current"]["answers"] == other
    assert len(world.items("revisions")) == 1


def test_two_equal_changes_at_the_very_same_moment_are_one(world: World, receipt: str) -> None:
    between_reading_and_writing(world, lambda: world.post(f"{receipt}/change", {"answers": NEW}))
    assert world.post(f"{receipt}/change", {"answers": NEW}).status == 200
    assert len(world.items("revisions")) == 1


def test_a_change_while_an_organiser_decides_does_not_undo_the_decision(world: World, receipt: str) -> None:
    confirmed(world, receipt)
    between_reading_and_writing(world, lambda: decided(world, receipt, "accepted"))
    late = world.post(f"{receipt}/change", {"answers": NEW})
    assert (late.status, late.json["current"]["state"]) == (409, "accepted")


def test_a_change_is_judged_by_the_call_as_it_is_now(world: World, receipt: str) -> None:
    more = call_of(*call_of().fields.values(), field("street", "text", required=True))
    world.publish(more)
    missing = world.post(f"{receipt}/change", {"answers": NEW})
    assert [(one["field"], one["code"]) for one in missing.json["errors"]] == [("street", "required")]
    assert world.post(f"{receipt}/change", {"answers": NEW | {"street": "Weg 1"}}).status == 200
    assert submission(world, receipt).form_version == 2


def test_the_address_cannot_be_changed_but_may_be_named_or_left_out(world: World, receipt: str) -> None:
    stolen = world.post(f"{receipt}/change", {"answers": NEW | {"email": "eve@example.org", "name": ""}})
    assert (stolen.status, [(one["field"], one["code"]) for one in stolen.json["errors"]]) == (
        422,
        [("name", "required"), ("email", "address-fixed")],
    )
    for address in ("", None, 7, ["ada@example.org"]):
        refused = world.post(f"{receipt}/change", {"answers": NEW | {"email": address}})
        assert [one["code"] for one in refused.json["errors"]] == ["address-fixed"]
    assert world.post(f"{receipt}/change", {"answers": NEW | {"email": " ada@EXAMPLE.org "}}).status == 200
    unnamed = {name: value for name, value in answers(name="Ohne").items() if name != "email"}
    assert world.post(f"{receipt}/change", {"answers": unnamed}).json["answers"]["email"] == "ada@example.org"


def test_a_browser_changes_by_a_form_and_is_led_back(world: World, receipt: str) -> None:
    page = world.get(f"{receipt}/change?lang=de", accept=BROWSER)
    assert page.status == 200
    assert 'name="_version" value="1"' in page.body
    assert 'value="Grüne Höfe"' in page.body
    assert 'name="email"' not in page.body
    assert "ada@example.org" in page.body
    sent = world.post_form(f"{receipt}/change?lang=de", FORM | {"_version": "1"})
    token = receipt.rpartition("/")[2]
    assert (sent.status, sent.headers["Location"]) == (303, f"../{token}?done=changed&lang=de")
    assert world.get(receipt).json["answers"] == NEW
    assert "Ihre Änderungen sind gespeichert." in world.get(f"{receipt}?done=changed&lang=de", accept=BROWSER).body
    again = world.post_form(f"{receipt}/change?lang=de", FORM | {"_version": "1"})
    assert (again.status, "done=unchanged" in again.headers["Location"]) == (303, True)


def test_a_browser_gets_its_form_back_with_what_was_typed_and_what_is_wrong(world: World, receipt: str) -> None:
    page = world.post_form(
        f"{receipt}/change?lang=en", FORM | {"since": "1066", "name": "<b>Höfe</b>", "_version": "1"}
    )
    assert page.status == 422
    assert 'value="1066"' in page.body
    assert "&lt;b&gt;Höfe&lt;/b&gt;" in page.body
    assert 'href="#field-since"' in page.body
    assert "<title>Error: " in page.body


def test_a_browser_that_was_too_slow_sees_both_and_may_insist(world: World, receipt: str) -> None:
    world.post(f"{receipt}/change", {"answers": answers(name="Schnelle Höfe")})
    page = world.post_form(f"{receipt}/change?lang=en", FORM | {"_version": "1"})
    assert page.status == 409
    for shown in ("Schnelle Höfe", "Neue Höfe", "Stored now", "Entered by you", 'name="_version" value="2"'):
        assert shown in page.body
    assert world.post_form(f"{receipt}/change?lang=en", FORM | {"_version": "2"}).status == 303
    assert world.get(receipt).json["answers"] == NEW


# Withdrawing


@pytest.mark.parametrize("state", ["received", "confirmed", "accepted", "rejected", "duplicate"])
def test_it_can_be_withdrawn_from_any_state_and_is_published_no_longer(world: World, receipt: str, state: str) -> None:
    decided(world, receipt, state, published='{"name":"Höfe"}')
    withdrawn = world.post(f"{receipt}/withdraw")
    assert (withdrawn.status, withdrawn.json["state"], withdrawn.json["actions"]) == (200, "withdrawn", ["erase"])
    assert submission(world, receipt).published is None
    assert world.post(f"{receipt}/withdraw").json == withdrawn.json
    assert world.post(f"{receipt}/confirm").json == withdrawn.json


def test_what_is_withdrawn_cannot_be_changed(world: World, receipt: str) -> None:
    withdrawn = world.post(f"{receipt}/withdraw")
    for accept in ("application/json", BROWSER):
        assert world.get(f"{receipt}/change", accept=accept).status == 409
    refused = world.post(f"{receipt}/change", {"answers": NEW})
    assert (refused.status, refused.json["code"], refused.json["current"]) == (409, "not-possible", withdrawn.json)
    assert f"{receipt}/change" not in world.get(receipt, accept=BROWSER).body


def test_withdrawing_while_somebody_else_decides_is_withdrawing(world: World, receipt: str) -> None:
    confirmed(world, receipt)
    between_reading_and_writing(world, lambda: decided(world, receipt, "accepted"))
    assert world.post(f"{receipt}/withdraw").json["state"] == "withdrawn"


def test_a_browser_withdraws_by_a_button(world: World, receipt: str) -> None:
    sent = world.post_form(f"{receipt}/withdraw?lang=en", {})
    assert sent.status == 303
    shown = world.get(f"{receipt}?lang=en&done=withdrawn", accept=BROWSER).body
    assert "Your report is withdrawn." in shown


# Erasing


def person_in(world: World) -> list[str]:
    """The tables that still know something of the person."""
    told = {table: str(world.items(table)) for table in ("submissions", "mails", "revisions", "audit")}
    return [table for table, items in told.items() if "ada@example.org" in items or "Höfe" in items or "links" in items]


def test_what_is_erased_is_gone_but_for_its_reference_and_times(world: World, receipt: str) -> None:
    world.post(f"{receipt}/change", {"answers": NEW})
    world.post("/calls/small-call/links", {"email": "ada@example.org"})
    world.drain()
    before = world.get(receipt).json
    erased = world.post(f"{receipt}/erase", {"confirm": True})
    assert (erased.status, erased.json["state"]) == (200, "erased")
    assert (erased.json["answers"], erased.json["history"], erased.json["mails"], erased.json["actions"]) == (
        {},
        [],
        [],
        [],
    )
    assert person_in(world) == []
    assert world.items("mails") == world.items("revisions") == []
    gone = world.get(receipt)
    assert (gone.status, gone.json["code"], gone.json["reference"]) == (410, "erased", before["reference"])
    assert gone.json["submitted_at"] == before["submitted_at"]


def test_more_mails_than_fit_into_a_transaction_are_erased_too(world: World, receipt: str) -> None:
    known, at = submission(world, receipt), stamp(now())
    with world.border.aside():
        for number in range(100):
            ledger.claim(known.call, known.id, f"links-{number:03}", owner="x", now=0, lease=1, at=at)
    assert world.post(f"{receipt}/erase", {"confirm": True}).status == 200
    assert world.items("mails") == []


def test_nothing_can_be_done_with_what_is_erased_but_to_erase_it_again(world: World, receipt: str) -> None:
    erased = world.post(f"{receipt}/erase", {"confirm": True})
    for action in ("confirm", "withdraw"):
        assert world.post(f"{receipt}/{action}").status == 410
    assert world.post(f"{receipt}/change", {"answers": NEW}).status == 410
    for page in ("", "/change", "/erase", "/data.json"):
        assert world.get(f"{receipt}{page}").status == 410
    assert world.post(f"{receipt}/erase", {"confirm": True}).json == erased.json


@pytest.mark.parametrize("given", [answers(), answers(name="Other")], ids=["the same", "another"])
def test_a_repeat_of_the_post_is_told_that_it_was_erased(world: World, receipt: str, given: dict[str, Any]) -> None:
    world.post(f"{receipt}/erase", {"confirm": True})
    again = world.submit(given, key="first")
    assert (again.status, again.json["code"]) == (410, "erased")
    assert world.count() == 1


def test_erasing_must_be_meant(world: World, receipt: str) -> None:
    before = world.get(receipt).json
    for document in (None, {}, {"confirm": False}, {"confirm": "no"}):
        refused = world.post(f"{receipt}/erase", document)
        assert (refused.status, [one["field"] for one in refused.json["errors"]]) == (422, ["confirm"])
    page = world.post_form(f"{receipt}/erase?lang=en", {})
    assert page.status == 422
    assert 'href="#field-confirm"' in page.body
    assert world.get(receipt).json == before


def test_a_browser_erases_by_a_ticked_box_and_sees_what_is_left(world: World, receipt: str) -> None:
    assert "cannot be undone" in world.get(f"{receipt}/erase?lang=en", accept=BROWSER).body
    assert world.post_form(f"{receipt}/erase?lang=en", {"confirm": "on"}).status == 303
    left = world.get(f"{receipt}?lang=en", accept=BROWSER)
    assert left.status == 410
    assert "Your report has been erased." in left.body


def test_what_is_erased_is_in_no_export_and_makes_a_new_one(world: World, receipt: str) -> None:
    world.submit(answers(name="Another"), key="second")
    world.drain()
    world.nightly()
    world.drain()
    world.post(f"{receipt}/erase", {"confirm": True})
    [asked] = world.nightly("2026-05-06T01:00:00Z")
    world.drain()
    files = world.files()
    document = json.loads(files[f"exports/small-call/{asked['export_id']}/submissions.json"])
    manifest = json.loads(files[f"exports/small-call/{asked['export_id']}/manifest.json"])
    assert not asked["unchanged"]
    assert [one["answers"]["name"] for one in document["submissions"]] == ["Another"]
    assert sum(manifest["counts"].values()) == 1
    assert "erased" not in manifest["counts"]


def test_erasing_while_somebody_changes_it_erases_the_change_too(world: World, receipt: str) -> None:
    between_reading_and_writing(world, lambda: world.post(f"{receipt}/change", {"answers": NEW}))
    assert world.post(f"{receipt}/erase", {"confirm": True}).status == 200
    assert person_in(world) == []
    assert world.items("revisions") == []


@pytest.mark.parametrize(
    ("fault", "after"),
    [(Crash(), False), (Crash(), True), (throttled(), False)],
    ids=["crashed before", "crashed after", "throttled"],
)
def test_an_erasure_cut_short_at_any_call_is_completed_by_its_repeat(fault: BaseException, after: bool) -> None:
    cut: list[str] = []
    for place in count():
        with World() as world:
            world.publish()
            world.submit(key="first")
            world.drain()
            receipt = world.mails[0].receipt
            world.post(f"{receipt}/change", {"answers": NEW})
            world.post("/calls/small-call/links", {"email": "ada@example.org"})
            world.drain()
            world.border.forget()
            world.border.fail("*", fault, after=after, skip=place)
            try:
                first = world.post(f"{receipt}/erase", {"confirm": True}).status
            except Crash:
                first = 0
            if world.border.faults.pop().times:
                break
            cut.append(world.border.operations[-1])
            assert first in {0, 503}
            assert world.get(receipt).status in {200, 410}, "half-erased is neither"
            world.drain()
            world.reconcile()
            world.drain()
            assert world.mails == [], "a mail went out once more"
            assert world.post(f"{receipt}/erase", {"confirm": True}).status == 200
            assert person_in(world) == []
            assert world.items("mails") == world.items("revisions") == []
            assert world.get(receipt).status == 410
    assert {"GetItem", "Query", "BatchWriteItem", "TransactWriteItems"} <= set(cut)


def test_a_mail_that_is_on_its_way_while_its_report_is_erased_leaves_no_entry(world: World) -> None:
    world.publish()
    world.submit(key="first")
    world.relay()
    receipt = world.receipt()

    def erase(answer: Any) -> Any:
        world.border.answers.clear()
        with world.border.aside():
            world.post(f"{receipt}/erase", {"confirm": True})
        return answer

    # Right after the worker read the submission, and so before it claims the mail.
    world.border.answers["GetItem"] = lambda answer: erase(answer) if "call_shard" in answer.get("Item", {}) else answer
    world.work("mail")
    assert world.mails == []
    assert world.items("mails") == []


# The data, and looking


def test_the_data_is_everything_that_is_held(world: World, receipt: str) -> None:
    world.post(f"{receipt}/change", {"answers": NEW})
    reference = world.get(receipt).json["reference"]
    with world.border.aside():
        known = reference.replace("-", "")
        put_audit(subject=f"submission#{known}", at="2026-05-05T08:00:00.000Z#ab", who="Eva", event="read", detail=None)
    data = world.get(f"{receipt}/data.json?lang=en")
    assert data.headers["Content-Disposition"] == f'attachment; filename="small-call-{reference}.json"'
    assert data.json["submission"]["answers"] == NEW
    assert data.json["submission"]["consents"]["given"] == ["privacy", "publish"]
    assert [one["answers"] for one in data.json["revisions"]] == [answers()]
    assert [(one["kind"], one["state"]) for one in data.json["mails"]] == [("confirm", "sent")]
    assert data.json["audit"] == [{"at": "2026-05-05T08:00:00.000Z", "event": "read"}]
    assert "Eva" not in data.body
    [stored] = world.items("submissions")
    told = set(data.json["submission"])
    assert set(stored) - told == {"call_shard", "call_state"}, "stored but not told"


def test_looking_changes_nothing(world: World, receipt: str) -> None:
    tables = ("submissions", "mails", "revisions", "audit")
    before = {table: world.items(table) for table in tables}
    world.border.forget()
    for page in ("", "/change", "/erase", "/data.json"):
        for accept in ("application/json", BROWSER):
            for method in ("GET", "HEAD"):
                assert world.request(method, f"{receipt}{page}", headers={"Accept": accept}).status == 200
    assert not {"PutItem", "UpdateItem", "TransactWriteItems", "DeleteItem"} & set(world.border.operations)
    assert {table: world.items(table) for table in tables} == before


@pytest.mark.parametrize("page", ["", "/change", "/erase", "/data.json"])
def test_a_link_that_leads_nowhere_says_nothing_but_how_to_get_a_new_one(world: World, receipt: str, page: str) -> None:
    stranger = world.get(f"/receipts/x{page}?lang=en", accept=BROWSER)
    token = receipt.rpartition("/")[2]
    # Not the last character: two of its six bits say nothing.
    other = "A" if token[-2] != "A" else "B"
    forged = world.get(f"/receipts/{token[:-2]}{other}{token[-1]}{page}?lang=en", accept=BROWSER)
    assert (stranger.status, forged.status) == (404, 404)
    assert stranger.body == forged.body
    assert "calls/small-call/links" in stranger.body
    assert world.get(f"/receipts/x{page}").json["code"] == "not-found"
