"""Where a browser goes after a form post: our own thank-you page, or one that the call names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from chalicelib.calls.call import Call


def page_after(call: Call, named: str, *, reference: str, language: str) -> str:
    """The address for the 303, relative to `/calls/{call}/submissions` unless the call names another site's page.

    `named` is what the form said in `_next`: a name, never an address, so that nobody can be led elsewhere through us.
    A name that the call does not have leads to our own page; a report is not lost over it.
    """
    page = call.policy.next.get(named)
    if page is None:
        # Relative: right behind any base path and host name.
        return f"thanks/{quote(reference)}?lang={quote(language)}"
    return f"{page}{'&' if '?' in page else '?'}reference={quote(reference)}"
