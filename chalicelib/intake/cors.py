"""Other sites: which of them may read a call's public answers, and which may send reports to it.

A call names them one by one, as origins: scheme, host and port, exactly as browsers write them. Reading is a matter of
CORS headers and the browser's; sending is refused here, since a plain form post asks nobody first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from chalicelib.calls.table import get_call
from chalicelib.errors import N_, Refusal
from chalicelib.web.origins import sent_by

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.web.request import Request


class OriginRefused(Refusal):
    """A page of another site sent it, and the call does not name that site."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "origin-refused"
    title: ClassVar[str] = N_("The website you came from may not send reports to this call.")
    message: ClassVar[str] = N_(
        "Your answers are still here: please send them from this page. For the people behind that website: its origin "
        "has to stand in the definition of the call."
    )


def may_read(origin: str, names: Mapping[str, str]) -> bool:
    """Whether `origin` may read the public answers of the call that the path names."""
    try:
        return origin in get_call(names["call"]).call.policy.origins
    except Refusal:  # no such call, or none that can be read now: then nobody may
        return False


def check_origin(request: Request, call: Call, *, public_url: str) -> None:
    """Raises `OriginRefused` when a page of a site that is neither ours nor the call's sent this.

    Programs send neither header and pass: there is no login here that a page could abuse, only people's trust.
    """
    origin = request.headers.get("origin")
    if sent_by(request, public_url) == "stranger" and origin not in call.policy.origins:
        raise OriginRefused(facts={"origin": origin})
