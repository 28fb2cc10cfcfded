"""Refusals: everything a caller can be told no about, each with a code, a status and words.

The words are message ids of the catalogue (English), translated where they are shown; `%(name)s` is filled from the
details handed to the constructor. Rooms derive their own refusals from `Refusal` beside the rule that raises them.
"""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct


def N_(message: str) -> str:  # noqa: N802 - the name that gettext tools look for
    """Mark a message for the catalogue without translating it yet."""
    return message


class FieldError(Struct, frozen=True):
    """What is wrong with one field: `code` for programs, `message` (a message id) with `details` for people."""

    field: str
    code: str
    message: str
    details: dict[str, str | int] = {}


class Refusal(Exception):
    """A request that is refused. `status` is the HTTP status, `code` stays the same in every language.

    A `message` given to the constructor takes the place of the class's own; `details` fill the placeholders of `title`
    and message. `errors` name fields; `facts` are further members of the problem document (RFC 9457, 3.2).
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad-request"
    title: ClassVar[str] = N_("The request could not be understood.")
    message: ClassVar[str] = ""
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed in place

    def __init__(
        self,
        message: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        facts: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        **details: str | int,
    ) -> None:
        super().__init__(self.code)
        self.says = self.message if message is None else message
        self.errors = tuple(errors)
        self.facts = facts or {}
        self.headers = self.headers | (headers or {})
        self.details = details


class NotFound(Refusal):
    """No such path, call, reference or token: one wording for every cause, so that nothing can be probed."""

    status = 404
    code = "not-found"
    title = N_("This page does not exist.")
    message = N_("Please check the address. If you followed a link in an e-mail, copy the whole link.")


class MethodNotAllowed(Refusal):
    """The path exists, the method does not (RFC 9110, 15.5.6: `Allow` is required)."""

    status = 405
    code = "method-not-allowed"
    title = N_("This address does not take this kind of request.")


class LoginNeeded(Refusal):
    """An organiser route without a good login."""

    status = 401
    code = "login-needed"
    title = N_("You need to be logged in.")
    message = N_("Log in under /organiser/login, or send an API token as “Authorization: Bearer …”.")
    headers = {  # noqa: RUF012 - never changed in place
        "WWW-Authenticate": 'Bearer realm="aufruf"'
    }


class ForeignOrigin(Refusal):
    """Something that only our own pages may send came with somebody's cookie from elsewhere."""

    status = 403
    code = "foreign-origin"
    title = N_("This was not sent from one of our own pages.")
    message = N_("Nothing has been changed. Please open the page again and repeat what you did.")


class ChangedMeanwhile(Refusal):
    """Somebody else changed the same thing first; the current state is in the facts."""

    status = 409
    code = "changed-meanwhile"
    title = N_("This was changed by somebody else meanwhile.")
    message = N_("Please look at the current state and try again.")


class Unavailable(Refusal):
    """AWS is unavailable or throttles past its retries; nothing is half-done, the request may be repeated."""

    status = 503
    code = "unavailable"
    title = N_("The service is busy at the moment.")
    message = N_("Nothing you entered was lost. Please try again in a minute.")
    headers = {  # noqa: RUF012 - never changed in place
        "Retry-After": "30"
    }


class Broken(Refusal):
    """A fault of ours. The cause is in the log, never in the answer."""

    status = 500
    code = "internal-error"
    title = N_("Something went wrong on our side.")
    message = N_("Nothing you entered was lost. Please try again in a minute.")
