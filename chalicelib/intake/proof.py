"""Proof of work: a short calculation that costs a visitor's browser a second and a robot its patience (ALTCHA v2).

A challenge belongs to one ticket: it is signed with a key made from the ticket, so a solution says nothing about any
other ticket, and a ticket makes one submission. Nothing is stored; checking takes two HMACs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from chalicelib.errors import N_, Refusal
from chalicelib.intake.load import LOAD, Load, tries
from chalicelib.intake.tickets import TicketRefused, read_ticket

if TYPE_CHECKING:
    from datetime import datetime

    from chalicelib.calls.call import Call
    from chalicelib.runtime.keys import Keys

ALGORITHM = "PBKDF2/SHA-256"
COST = 2_000
"""Rounds of PBKDF2 for each try: about half a millisecond, well above what a browser needs around it."""
_LONGEST_LIFE = 14 * 86_400  # seconds; a browser's timers end at 24 days
_LONGEST = 4_096  # characters; a true solution takes about 800


class ProofRefused(Refusal):
    """The solution is not one, or belongs to another ticket or call."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "proof-wrong"
    title: ClassVar[str] = N_("The check against robots did not work out.")
    message: ClassVar[str] = N_(
        "Please send the form again: it now carries a fresh check, and your answers are still here. "
        "If it does not help, write to %(contact)s."
    )


class ProofExpired(ProofRefused):
    """A true solution, after its time."""

    code: ClassVar[str] = "proof-expired"
    title: ClassVar[str] = N_("The check against robots is too old.")


class ProofMissing(ProofRefused):
    """`policy.proof_of_work` is `required` and there is no solution."""

    code: ClassVar[str] = "proof-missing"
    title: ClassVar[str] = N_("The check against robots is missing.")
    message: ClassVar[str] = N_(
        "This call needs a short calculation by your browser, which runs by itself where JavaScript is switched on. "
        "Please switch JavaScript on and send the form again; your answers are still here. "
        "If you cannot, write to %(contact)s."
    )


class Offer(Struct, frozen=True):
    """What a form carries: a challenge to solve, or the solution that came with an earlier post of the same form."""

    required: bool
    contact: str
    challenge: dict[str, Any] | None = None
    solved: str | None = None


def make_challenge(
    keys: Keys,
    call: Call,
    ticket: str,
    now: datetime,
    *,
    load: Load = LOAD,
    draw: Callable[[int], int] = secrets.randbelow,
) -> dict[str, Any]:
    """A challenge for `ticket` in ALTCHA's own form (`{"parameters": …, "signature": …}`), good as long as the ticket.

    Raises `TicketRefused`.
    """
    # Imported with the first challenge: calls without one never need it.
    from altcha.v2 import create_challenge

    load.note(call.call, now)
    issued_at = read_ticket(keys, call, ticket).issued_at
    challenge = create_challenge(
        ALGORITHM,
        COST,
        counter=draw(tries(load.recent(call.call, now))),
        expires_at=issued_at + min(call.policy.ticket_max_seconds, _LONGEST_LIFE),
        hmac_secret=keys.digest("proof", ticket),
        hmac_key_secret=keys.digest("proof-key", ticket),
    )
    return challenge.to_dict()


def check_proof(keys: Keys, call: Call, *, ticket: str | None, altcha: str | None, now: datetime) -> bool:
    """Whether a true solution came with the ticket; `False` where none came and none is required.

    Raises `ProofMissing`, `ProofRefused`, `ProofExpired`.
    """
    if call.policy.proof_of_work == "off":
        return False
    if not altcha:
        if call.policy.proof_of_work == "required":
            # For programs, which read facts and not words.
            raise ProofMissing(contact=call.contact.email, facts={"challenge": f"POST /calls/{call.call}/tickets"})
        return False
    expires_at = _solved(keys, ticket, altcha) if ticket and len(altcha) <= _LONGEST else None
    if expires_at is None:
        raise ProofRefused(contact=call.contact.email)
    if now.timestamp() >= expires_at:
        raise ProofExpired(contact=call.contact.email)
    return True


def _solved(keys: Keys, ticket: str, altcha: str) -> int | None:
    """When the challenge that this solves expires (epoch seconds); `None` for anything that solves no challenge."""
    # Imported with the first solution, as above.
    from altcha.v2 import Challenge, ChallengeParameters, Payload, verify_solution

    class Undated(ChallengeParameters):
        """Signed with its expiry, which is kept from the library: it would ask the machine's clock, not ours."""

        def to_dict(self) -> dict[str, Any]:
            return super().to_dict() | {"expiresAt": expires_at}

    try:
        secret, key_secret = keys.digest("proof", ticket), keys.digest("proof-key", ticket)
        payload = Payload.from_base64(altcha)
        parameters = Undated.from_dict(payload.challenge.parameters.to_dict())
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    expires_at, parameters.expires_at = parameters.expires_at, None
    undated = Payload(Challenge(parameters, payload.challenge.signature), payload.solution)
    result = verify_solution(undated, secret, hmac_key_secret=key_secret)
    return int(expires_at) if result.verified and expires_at is not None else None


def offer_proof(
    keys: Keys, call: Call, ticket: str, now: datetime, *, posted: str | None = None, load: Load = LOAD
) -> Offer | None:
    """What the form with this `ticket` carries; `None` where the call has it switched off, or no proof can help.

    `posted` is what came with an earlier post of the same form: solved once is solved.
    """
    if call.policy.proof_of_work == "off":
        return None
    required, contact = call.policy.proof_of_work == "required", call.contact.email
    try:
        if posted and check_proof(keys, call, ticket=ticket, altcha=posted, now=now):
            return Offer(required=required, contact=contact, solved=posted)
    except ProofRefused:
        pass  # then there is a new one to solve
    try:
        return Offer(required=required, contact=contact, challenge=make_challenge(keys, call, ticket, now, load=load))
    except TicketRefused:
        return None  # the post will be refused for its ticket, and its answer carries a good one
