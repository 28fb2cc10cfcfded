"""What keeps robots out: tickets, proof of work, the honeypot; and what is only flagged for organisers."""

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from altcha import Challenge, Payload, solve_challenge

from chalicelib.calls.call import Call, Policy
from chalicelib.errors import Refusal
from chalicelib.intake.accept import accept
from chalicelib.intake.bodies import Posted
from chalicelib.intake.load import LOAD, Load
from chalicelib.intake.proof import make_challenge
from chalicelib.intake.tickets import issue_ticket
from chalicelib.runtime.clock import now
from chalicelib.runtime.keys import Keys, keys
from chalicelib.web.languages import translate
from tests.builders import answers, call_of
from tests.integration.world import BROWSER, Answer, World

SUBMISSIONS = "/calls/small-call/submissions"


@pytest.fixture(autouse=True)
def quiet() -> None:
    """Whatever other tests of this process have sent."""
    LOAD.forget()


def call_with(proof_of_work: str = "required", *, name: str = "small-call", **policy: Any) -> Call:
    rules = {"tickets": "required", "ticket_min_seconds": 0, "shards": 2} | policy
    return call_of(name=name, policy=Policy(proof_of_work=proof_of_work, **rules))  # type: ignore[arg-type]


def solve(challenge: Mapping[str, Any]) -> str:
    """As a browser does it."""
    parsed = Challenge.from_dict(dict(challenge))
    solution = solve_challenge(parsed)
    assert solution is not None
    return Payload(parsed, solution).to_base64()


def proof_for(call: Call, ticket: str) -> str:
    return solve(make_challenge(keys(), call, ticket, now(), load=Load(), draw=lambda _: 3))


def a_ticket(world: World, call: str = "small-call") -> dict[str, Any]:
    answer = world.post(f"/calls/{call}/tickets")
    assert answer.status == 201
    document: dict[str, Any] = answer.json
    return document


def old_ticket(call: Call, **ago: float) -> str:
    return issue_ticket(keys(), call, now() - timedelta(**ago))


def hidden(page: Answer, name: str) -> str | None:
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', page.body)
    return unescape(found[1]) if found else None


def challenge_in(page: Answer) -> Mapping[str, Any] | None:
    found = re.search(r"data-challenge='([^']*)'", page.body)
    return dict(json.loads(unescape(found[1]))) if found else None


# Proof of work over HTTP


def test_a_ticket_comes_with_its_challenge_and_the_solution_is_taken(world: World) -> None:
    world.publish(call_with())
    given = a_ticket(world)
    assert (given["proof_of_work"], given["min_age"], given["max_age"]) == ("required", 0, 86400)
    accepted = world.submit(ticket=given["ticket"], altcha=solve(given["challenge"]))
    assert accepted.status == 201
    stored = world.stored(accepted.json["reference"])
    assert stored is not None
    assert set(stored.flags) <= {"very-fast"}


def test_where_it_is_off_no_challenge_is_given_and_none_is_missed(world: World) -> None:
    world.publish(call_with("off"))
    given = a_ticket(world)
    assert (given["proof_of_work"], given["challenge"]) == ("off", None)
    accepted = world.submit(ticket=given["ticket"])
    assert accepted.status == 201
    stored = world.stored(accepted.json["reference"])
    assert stored is not None
    assert "no-proof" not in stored.flags
    assert challenge_in(world.get("/calls/small-call/form", accept=BROWSER)) is None


def test_where_it_is_optional_its_absence_is_flagged(world: World) -> None:
    world.publish(call_with("optional", tickets="optional"))
    accepted = world.submit()
    assert accepted.status == 201
    stored = world.stored(accepted.json["reference"])
    assert stored is not None
    assert stored.flags == ("no-proof",)


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_post_without_proof_is_refused_with_words_and_a_way_out(world: World, language: str) -> None:
    world.publish(call_with())
    refused = world.submit(ticket=a_ticket(world)["ticket"], language=language)
    assert (refused.status, refused.json["code"]) == (403, "proof-missing")
    assert "team@example.org" in refused.json["detail"]
    assert "JavaScript" in refused.json["detail"]
    assert refused.json["challenge"] == "POST /calls/small-call/tickets"
    assert world.count() == 0


def test_a_solved_challenge_is_good_for_its_own_ticket_only(world: World) -> None:
    world.publish(call_with())
    first, second = a_ticket(world), a_ticket(world)
    solution = solve(first["challenge"])
    refused = world.submit(ticket=second["ticket"], altcha=solution)
    assert (refused.status, refused.json["code"]) == (403, "proof-wrong")
    assert world.submit(ticket=first["ticket"], altcha=solution).status == 201
    assert world.submit(answers(name="Another"), ticket=first["ticket"], altcha=solution).status == 422
    assert world.count() == 1


def test_a_wrong_proof_is_refused_where_none_was_needed(world: World) -> None:
    world.publish(call_with("optional"))
    refused = world.submit(ticket=a_ticket(world)["ticket"], altcha="d3Jvbmc=")
    assert (refused.status, refused.json["code"]) == (403, "proof-wrong")


def test_accepting_with_a_proof_takes_one_call_to_aws(world: World) -> None:
    call = call_with()
    world.publish(call)
    for _ in range(2):  # the first finds its call in the table
        ticket = a_ticket(world)["ticket"]
        proof = proof_for(call, ticket)
        world.border.forget()
        assert world.submit(ticket=ticket, altcha=proof).status == 201
    assert [one.operation for one in world.border.calls] == ["PutItem"]
    world.border.forget()
    a_ticket(world)
    world.get("/calls/small-call/form", accept=BROWSER)
    assert world.border.calls == []


def test_a_repeat_after_everything_has_expired_gives_the_same_reference(world: World) -> None:
    call = call_with()
    world.publish(call)
    ticket = old_ticket(call, hours=25)
    proof = proof_for(call, ticket)
    refused = world.submit(ticket=ticket, altcha=proof)
    assert (refused.status, refused.json["code"]) == (403, "ticket-expired")
    patient = call_with(ticket_max_seconds=200_000)
    world.publish(patient)
    accepted = world.submit(ticket=ticket, altcha=proof_for(patient, ticket))
    assert accepted.status == 201
    world.publish(call)
    again = world.submit(ticket=ticket, altcha=proof)
    assert (again.status, again.json) == (200, accepted.json)


def test_a_proof_whose_time_is_over_is_refused_though_its_ticket_is_good(world: World) -> None:
    call = call_with()
    ticket = old_ticket(call, hours=25)
    proof = proof_for(call, ticket)
    world.publish(call_with(ticket_max_seconds=200_000))
    refused = world.submit(ticket=ticket, altcha=proof)
    assert (refused.status, refused.json["code"]) == (403, "proof-expired")


# In a browser


def test_a_form_page_carries_ticket_and_challenge_and_words_for_people_without_javascript(world: World) -> None:
    world.publish(call_with())
    page = world.get("/calls/small-call/form?lang=en", accept=BROWSER)
    assert hidden(page, "_ticket")
    assert challenge_in(page)
    [words] = re.findall(r"<noscript>(.*?)</noscript>", page.body, re.DOTALL)
    assert "team@example.org" in words
    world.publish(call_with("optional"))
    page = world.get("/calls/small-call/form?lang=en", accept=BROWSER)
    assert challenge_in(page)
    assert "<noscript>" not in page.body


def test_a_form_shown_again_keeps_the_proof_that_was_good(world: World) -> None:
    call = call_with()
    world.publish(call)
    ticket = a_ticket(world)["ticket"]
    proof = proof_for(call, ticket)
    again = world.post_form(SUBMISSIONS, {"name": "Grüne Höfe", "_ticket": ticket, "_altcha": proof})
    assert again.status == 422
    assert (hidden(again, "_ticket"), hidden(again, "_altcha")) == (ticket, proof)
    assert challenge_in(again) is None
    assert 'value="Grüne Höfe"' in again.body
    good = answers(privacy="true", publish="true")
    assert world.post_form(SUBMISSIONS, good | {"_ticket": ticket, "_altcha": proof}).status == 303


def test_a_form_without_proof_comes_back_with_a_challenge_and_all_input(world: World) -> None:
    world.publish(call_with())
    ticket = a_ticket(world)["ticket"]
    again = world.post_form(SUBMISSIONS + "?lang=en", answers(name="Grüne Höfe") | {"_ticket": ticket})
    assert again.status == 403
    assert translate("en", "The check against robots is missing.") in again.body
    assert 'value="Grüne Höfe"' in again.body
    challenge = challenge_in(again)
    assert challenge is not None
    good = answers(privacy="true", publish="true")
    assert hidden(again, "_ticket") == ticket
    assert world.post_form(SUBMISSIONS, good | {"_ticket": ticket, "_altcha": solve(challenge)}).status == 303


def test_a_form_whose_ticket_is_too_old_comes_back_with_a_fresh_one_and_a_fresh_challenge(world: World) -> None:
    call = call_with()
    world.publish(call)
    ticket = old_ticket(call, hours=25)
    form = answers(name="Grüne Höfe", privacy="true", publish="true")
    again = world.post_form(SUBMISSIONS, form | {"_ticket": ticket, "_altcha": proof_for(call, ticket)})
    assert again.status == 403
    assert 'value="Grüne Höfe"' in again.body
    fresh, challenge = hidden(again, "_ticket"), challenge_in(again)
    assert fresh not in {ticket, None}
    assert challenge is not None
    assert hidden(again, "_altcha") is None
    accepted = world.post_form(SUBMISSIONS, form | {"_ticket": fresh, "_altcha": solve(challenge)})
    assert accepted.status == 303


def test_the_honeypot_is_named_as_a_field_with_all_input_kept(world: World) -> None:
    world.publish(call_with("off"))
    ticket = a_ticket(world)["ticket"]
    form = answers(name="Grüne Höfe") | {"_ticket": ticket, "_website": "https://spam.example"}
    again = world.post_form(SUBMISSIONS + "?lang=en", form)
    assert again.status == 422
    assert 'href="#field-_website"' in again.body
    assert "there to catch robots" in again.body
    assert 'value="Grüne Höfe"' in again.body
    assert world.count() == 0


# Tickets


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("case", ["other-call", "forged", "none", "too-old", "too-young"])
def test_a_ticket_that_is_not_good_is_refused_with_words_that_help(world: World, case: str, language: str) -> None:
    call = call_with("off", ticket_min_seconds=60 if case == "too-young" else 0)
    other = call_with("off", name="other-call")
    world.publish(call)
    world.publish(other)
    given = {
        "other-call": {"ticket": issue_ticket(keys(), other, now())},
        "forged": {"ticket": issue_ticket(Keys(root="guessed"), call, now())},
        "none": {},
        "too-old": {"ticket": old_ticket(call, hours=25)},
        "too-young": {"ticket": issue_ticket(keys(), call, now())},
    }[case]
    code = {"other-call": "ticket-refused", "forged": "ticket-refused", "none": "ticket-missing"}.get(
        case, {"too-old": "ticket-expired", "too-young": "ticket-too-young"}.get(case)
    )
    refused = world.submit(language=language, **given)
    assert (refused.status, refused.json["code"]) == (403, code)
    assert refused.json["title"] != refused.json["detail"]
    assert refused.headers["Content-Language"] == language
    if case == "too-young":
        wait = int(refused.headers["Retry-After"])
        assert 0 < wait <= 60
        assert refused.json["retry_after_seconds"] == wait
    assert world.count() == 0


def test_a_hundred_posts_at_once_with_one_ticket_make_one_submission(world: World) -> None:
    call = call_with()
    published = world.publish(call)
    ticket = a_ticket(world)["ticket"]
    posted = Posted(answers=answers(), ticket=ticket, altcha=proof_for(call, ticket))
    hand_in = keys()

    # Below the routes: Chalice keeps the one request of its process in the app itself.
    def post(number: int) -> str:
        try:
            one = accept(published, posted, idempotency_key=f"key-{number}", language="de", keys=hand_in, now=now())
        except Refusal as refusal:
            return refusal.code
        return f"{one.submission.reference} {one.replayed}"

    with ThreadPoolExecutor(20) as threads:
        outcomes = list(threads.map(post, range(100)))
    [new] = [one for one in outcomes if one.endswith("False")]
    assert set(outcomes) == {new, new.replace("False", "True")}
    assert world.count() == 1


# Flags


def test_flags_reach_the_export_and_not_the_submitter(world: World) -> None:
    world.publish(call_with("optional", tickets="optional"))
    shouted = world.submit(answers(name="WIR SUCHEN DRINGEND RÄDER"))
    honest = world.submit(key="honest", ticket=None)
    world.drain()
    [asked] = world.nightly()
    world.drain()
    [file] = [body for key, body in world.files().items() if key.endswith(f"{asked['export_id']}/submissions.json")]
    by_reference = {one["reference"]: one["flags"] for one in json.loads(file)["submissions"]}
    assert by_reference == {
        shouted.json["reference"]: ["all-capitals", "no-proof"],
        honest.json["reference"]: ["no-proof"],
    }
    receipts = [world.get(mail.receipt) for mail in world.mails]
    assert all("flags" not in one.json for one in receipts)
    assert all("flags" not in accepted.json for accepted in (shouted, honest))
