"""“Send me my links again”: the same answer for every address, and nothing looked up before it.

The worker that finds the reports runs later, so neither the answer nor its time tells whether there are any.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.calls.answers import AnswersInvalid, judge_field
from chalicelib.calls.judges import Wrong
from chalicelib.errors import N_, FieldError
from chalicelib.jobs.messages import LinksJob
from chalicelib.jobs.queues import send_links_job
from chalicelib.submissions.links import address_digest

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.runtime.keys import Keys


def ask_for_links(call: Call, given: object, *, keys: Keys, now: datetime) -> None:
    """Queue the job for an address. Raises `AnswersInvalid` where it is none, `Unavailable`."""
    address = _address(call, given)
    send_links_job(LinksJob(call=call.call, address=address_digest(keys, address), hour=f"{now:%Y%m%d%H}"))


def _address(call: Call, given: object) -> str:
    try:
        address = judge_field(call.fields[call.form.submitter_email], given)
    except Wrong as wrong:
        raise AnswersInvalid(errors=[FieldError("email", wrong.code, wrong.message, wrong.details)]) from None
    if address is None:
        raise AnswersInvalid(errors=[FieldError("email", "required", N_("Please fill in this field."))])
    return str(address)
