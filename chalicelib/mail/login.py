"""The mail with a link to log in: for organisers, a few in a quarter of an hour, and for nobody else nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from chalicelib.access.check import organiser_of
from chalicelib.access.logins import LIFETIME, login_secret, may_have_link, store_link
from chalicelib.calls.table import remembered_calls
from chalicelib.errors import N_
from chalicelib.ledger import table as ledger
from chalicelib.ledger.kinds import login_kind, organiser_id
from chalicelib.mail.delivery import Letter, deliver_letter
from chalicelib.mail.message import Message, button, heading, paragraph, render
from chalicelib.runtime.clock import moment, now
from chalicelib.runtime.keys import keys
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.jobs.messages import LoginJob
    from chalicelib.mail.message import Mail


def deliver_login(job: LoginJob, *, clock: Callable[[], datetime] = now) -> None:
    """Send an organiser the link that was asked for. Raises `TryLater` when the message must stay.

    Reconcile does not know of these mails: if one is lost, the person who asked for it will ask again.
    """
    calls = [one.call for one in remembered_calls()]
    call, to = next(((call, one.email) for call in calls if (one := organiser_of(call, job.login))), (None, ""))
    if call is None:
        log("login-for-nobody")
        return
    secret = login_secret(keys(), job.login, job.nonce)
    if clock() - moment(job.asked_at) > LIFETIME:
        log("login-late", call=call.call)
        return
    if not may_have_link(job.login, secret, clock()):
        log("login-too-often", call=call.call)
        return
    language = job.language if job.language in call.languages else call.languages[0]
    letter = Letter(call, organiser_id(job.login), login_kind(job.nonce), to, language)

    def write() -> Mail | None:
        if not store_link(job.login, secret, next_path=job.next, now=clock()):
            # Used already: SES had it, and we never heard.
            ledger.forget(letter.id, letter.kind)
            return None
        return compose_login(call, f"{settings().public_url}/organiser/session/{secret}", language)

    deliver_letter(letter, write, clock=clock, urgent=True)


def compose_login(call: Call, address: str, language: str) -> Mail:
    """The mail; `address` is that of the page with the button."""
    say = partial(translate, language)
    minutes = int(LIFETIME.total_seconds() // 60)
    once = N_("The link works once and for %(minutes)s minutes, in any browser. On its page you press one more button.")
    blocks = (
        paragraph(say(N_("Good day,"))),
        paragraph(say(N_("here is your link to the organisers' area:"))),
        button(say(N_("Log in")), address),
        paragraph(say(once, {"minutes": minutes})),
        heading(say(N_("It was not you?"))),
        paragraph(say(N_("Then you need not do anything. Without this e-mail nobody can log in in your name."))),
    )
    return render(Message(language, say(N_("Your link to log in")), blocks), call)
