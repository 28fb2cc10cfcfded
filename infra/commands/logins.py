"""A login link for the organiser at the same machine: what the mail would bring, without the mail."""

from __future__ import annotations


def login_link(public_url: str) -> tuple[str, str] | None:
    """An address of an owner and a fresh link that logs in as them, once; `None` where no call names an owner."""
    from secrets import token_hex

    from chalicelib.access.logins import login_secret, store_link
    from chalicelib.calls.table import list_calls
    from chalicelib.runtime.clock import now
    from chalicelib.runtime.keys import keys
    from chalicelib.submissions.links import address_digest

    owners = [one.email for published in list_calls() for one in published.call.organisers if one.role == "owner"]
    if not owners:
        return None
    owner = address_digest(keys(), owners[0])
    secret = login_secret(keys(), owner, token_hex(16))
    store_link(owner, secret, next_path="", now=now())
    return owners[0], f"{public_url}/organiser/session/{secret}"
