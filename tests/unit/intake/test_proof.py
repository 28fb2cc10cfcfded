"""The proof of work: a solution is good for one ticket of one call, for its time, and cannot be made up."""

import base64
import json
from datetime import datetime
from typing import Any

import pytest
from altcha import Challenge, Payload, solve_challenge, verify_solution
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.calls.call import Call, Policy
from chalicelib.intake.load import BUSY, LEAST, MOST, Load
from chalicelib.intake.proof import (
    COST,
    Offer,
    ProofExpired,
    ProofMissing,
    ProofRefused,
    check_proof,
    make_challenge,
    offer_proof,
)
from chalicelib.intake.tickets import TicketRefused, issue_ticket
from chalicelib.runtime.clock import now
from chalicelib.runtime.keys import Keys
from tests.builders import KEYS, NOON, call_of, later


def asking(proof_of_work: str, **changes: Any) -> Call:
    return call_of(policy=Policy(tickets="optional", proof_of_work=proof_of_work, ticket_max_seconds=3600), **changes)  # type: ignore[arg-type]


CALL, OFF = asking("required"), asking("off")
OPTIONAL = asking("optional")
TICKET = issue_ticket(KEYS, CALL, NOON)


def challenge(ticket: str = TICKET, call: Call = CALL, *, keys: Keys = KEYS, now: datetime = NOON) -> dict[str, Any]:
    """One whose answer is the fifth try."""
    return make_challenge(keys, call, ticket, now, load=Load(), draw=lambda _: 5)


def solve(asked: dict[str, Any]) -> str:
    parsed = Challenge.from_dict(asked)
    solution = solve_challenge(parsed)
    assert solution is not None
    return Payload(parsed, solution).to_base64()


SOLVED = solve(challenge())


def check(altcha: str | None, ticket: str | None = TICKET, call: Call = CALL, *, now: datetime = NOON) -> bool:
    return check_proof(KEYS, call, ticket=ticket, altcha=altcha, now=now)


def unpacked(altcha: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.b64decode(altcha))
    return document


def packed(document: object) -> str:
    return base64.b64encode(json.dumps(document).encode()).decode()


# What is good


def test_the_solution_of_a_tickets_own_challenge_is_taken() -> None:
    assert check(SOLVED)
    assert check(SOLVED, call=OPTIONAL)


def test_a_ticket_may_get_several_challenges_and_each_solution_is_good() -> None:
    another = challenge()
    assert another["parameters"]["nonce"] != unpacked(SOLVED)["challenge"]["parameters"]["nonce"]
    assert check(solve(another))


def test_a_solution_is_one_for_altchas_own_library_too() -> None:
    moment = now()  # that library asks the machine's clock
    ticket = issue_ticket(KEYS, CALL, moment)
    altcha = solve(challenge(ticket, now=moment))
    assert verify_solution(altcha, KEYS.digest("proof", ticket)).verified
    assert not verify_solution(altcha, KEYS.digest("proof", TICKET)).verified


def test_a_challenge_names_algorithm_cost_and_end() -> None:
    parameters = challenge()["parameters"]
    assert (parameters["algorithm"], parameters["cost"]) == ("PBKDF2/SHA-256", COST)
    assert parameters["expiresAt"] == int(later(seconds=3600).timestamp())


def test_a_challenge_made_late_ends_with_its_ticket() -> None:
    assert challenge(now=later(seconds=3000))["parameters"]["expiresAt"] == int(later(seconds=3600).timestamp())


def test_where_it_is_switched_off_nothing_is_asked_and_nothing_is_read() -> None:
    assert not check(None, call=OFF)
    assert not check("anything", call=OFF)


def test_where_it_is_optional_it_may_be_missing_but_not_wrong() -> None:
    assert not check(None, call=OPTIONAL)
    assert not check("", call=OPTIONAL)
    with pytest.raises(ProofRefused):
        check("wrong", call=OPTIONAL)


# What is refused


@pytest.mark.parametrize("missing", [None, ""])
@pytest.mark.parametrize("ticket", [TICKET, None], ids=["ticket", "no-ticket"])
def test_where_it_is_required_it_may_not_be_missing(missing: str | None, ticket: str | None) -> None:
    with pytest.raises(ProofMissing) as caught:
        check(missing, ticket)
    assert (caught.value.status, caught.value.code) == (403, "proof-missing")
    assert caught.value.details["contact"] == CALL.contact.email
    assert caught.value.facts == {"challenge": "POST /calls/small-call/tickets"}


def refused(altcha: str, ticket: str | None = TICKET, call: Call = CALL) -> None:
    with pytest.raises(ProofRefused) as caught:
        check(altcha, ticket, call)
    assert (caught.value.status, caught.value.code) == (403, "proof-wrong")
    assert caught.value.details["contact"] == CALL.contact.email


@given(st.datetimes(min_value=datetime(2026, 5, 1), max_value=datetime(2026, 6, 1)))  # noqa: DTZ001
@settings(max_examples=25)
def test_a_solution_is_good_for_its_own_ticket_only(moment: datetime) -> None:
    other = issue_ticket(KEYS, CALL, moment.astimezone())
    refused(SOLVED, other)
    assert check(solve(challenge(other)), other, now=moment.astimezone())


def test_a_solution_is_good_for_its_own_call_only() -> None:
    other = asking("required", name="other-call")
    refused(SOLVED, issue_ticket(KEYS, other, NOON), other)


def test_a_solution_without_a_ticket_is_none() -> None:
    refused(SOLVED, None)


def test_a_challenge_of_somebody_elses_keys_is_none_of_ours() -> None:
    foreign = Keys(root="guessed")
    refused(solve(challenge(issue_ticket(foreign, CALL, NOON), keys=foreign)))


@given(st.text())
@settings(max_examples=200)
def test_no_text_is_a_solution(text: str) -> None:
    if text:
        refused(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(JSON)
def test_no_document_is_a_solution(document: object) -> None:
    refused(packed(document))


PARTS = [
    *[("challenge", "parameters", name) for name in unpacked(SOLVED)["challenge"]["parameters"]],
    ("challenge", "parameters", "memoryCost"),
    ("challenge", "parameters", "data"),
    ("challenge", "parameters"),
    ("challenge", "signature"),
    ("challenge",),
    ("solution", "derivedKey"),
    ("solution",),
]


@given(st.sampled_from(PARTS), JSON)
@settings(max_examples=300)
def test_no_part_of_a_solution_can_be_changed(path: tuple[str, ...], value: object) -> None:
    document = unpacked(SOLVED)
    *way, name = path
    target = document
    for one in way:
        target = target[one]
    if target.get(name, "") != value:
        target[name] = value
        refused(packed(document))


@pytest.mark.parametrize("name", ["challenge", "solution"])
def test_no_part_of_a_solution_can_be_missing(name: str) -> None:
    document = unpacked(SOLVED)
    del document[name]
    refused(packed(document))


def test_a_later_end_cannot_be_asked_for() -> None:
    document = unpacked(SOLVED)
    asked = document["challenge"]["parameters"]
    asked["expiresAt"] += 3600
    refused(packed(document))
    del asked["expiresAt"]
    refused(packed(document))


def test_a_very_long_text_is_not_even_read() -> None:
    refused(packed(unpacked(SOLVED) | {"more": "x" * 5000}))


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (3599, True), (3600, False), (90_000, False)])
def test_a_solution_is_good_as_long_as_its_ticket(seconds: int, good: bool) -> None:
    if good:
        assert check(SOLVED, now=later(seconds=seconds))
    else:
        with pytest.raises(ProofExpired) as caught:
            check(SOLVED, now=later(seconds=seconds))
        assert (caught.value.status, caught.value.code) == (403, "proof-expired")


# What it costs


def test_the_answer_is_drawn_among_as_many_numbers_as_the_load_asks_for() -> None:
    drawn: list[int] = []
    load = Load()

    def draw(among: int) -> int:
        drawn.append(among)
        return 0

    make_challenge(KEYS, CALL, TICKET, NOON, load=load, draw=draw)
    for _ in range(BUSY):
        load.note(CALL.call, NOON)
    make_challenge(KEYS, CALL, TICKET, NOON, load=load, draw=draw)
    assert drawn == [LEAST, MOST]


def test_giving_out_a_challenge_is_load() -> None:
    load = Load()
    make_challenge(KEYS, CALL, TICKET, NOON, load=load, draw=lambda _: 0)
    assert load.recent(CALL.call, NOON) == 1


# What a form carries


def test_a_form_carries_a_challenge_for_its_ticket() -> None:
    offer = offer_proof(KEYS, OPTIONAL, TICKET, NOON)
    assert offer is not None
    assert offer.challenge is not None
    assert (offer.required, offer.solved) == (False, None)
    assert offer_proof(KEYS, OFF, TICKET, NOON) is None


def test_a_form_shown_again_keeps_a_true_solution_and_no_other() -> None:
    assert offer_proof(KEYS, CALL, TICKET, NOON, posted=SOLVED) == Offer(
        required=True, contact=CALL.contact.email, solved=SOLVED
    )
    for posted, ticket in (("wrong", TICKET), (SOLVED, issue_ticket(KEYS, CALL, NOON))):
        again = offer_proof(KEYS, CALL, ticket, NOON, posted=posted)
        assert again is not None
        assert again.challenge is not None
        assert again.solved is None


def test_a_ticket_that_is_none_gets_no_challenge() -> None:
    assert offer_proof(KEYS, CALL, "forged", NOON) is None
    with pytest.raises(TicketRefused):
        make_challenge(KEYS, CALL, "forged", NOON)
