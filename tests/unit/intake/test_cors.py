"""Which sites may send reports: what a browser says of the page that sends, and what the call says of it."""

from typing import Any

import pytest

from chalicelib.calls.call import Policy
from chalicelib.intake.cors import OriginRefused, check_origin
from tests.builders import call_of, request

PUBLIC = "https://aufruf.example.org/base/path"
LISTED = "https://www.city.example"
CALL = call_of(policy=Policy(origins=(LISTED, "http://127.0.0.1:8001")))


def check(**headers: str) -> None:
    check_origin(request("/calls/small-call/submissions", **headers), CALL, public_url=PUBLIC)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "evil.example"},
        {"origin": LISTED},
        {"origin": LISTED, "sec_fetch_site": "cross-site"},
        {"origin": "http://127.0.0.1:8001", "sec_fetch_site": "same-site"},
        {"origin": "https://aufruf.example.org"},
        {"origin": "https://aufruf.example.org", "sec_fetch_site": "same-origin"},
        {"origin": "http://internal.example:8000", "host": "internal.example:8000"},
        {"origin": "https://front.example", "host": "api.example", "x_forwarded_host": "front.example, inner.example"},
        # Behind a proxy that tells us nothing; the browser does.
        {"origin": "https://unknown.example", "sec_fetch_site": "same-origin"},
        # Our pages with personal data send no referrer, and then browsers hide the origin too.
        {"origin": "null", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
    ],
    ids=str,
)
def test_programs_our_own_pages_and_listed_sites_may_send(headers: dict[str, str]) -> None:
    check(**headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://evil.example", "sec_fetch_site": "cross-site"},
        {"origin": "https://city.example"},
        {"origin": "http://www.city.example"},
        {"origin": "https://www.city.example:8443"},
        {"origin": "https://www.city.example.evil.example"},
        {"origin": "HTTPS://WWW.CITY.EXAMPLE"},
        {"origin": "null"},
        {"origin": "null", "sec_fetch_site": "cross-site"},
        {"origin": ""},
        {"origin": "https://"},
        {"origin": "https://[", "host": ""},
        {"origin": "http://127.0.0.1:8002", "host": "127.0.0.1:8000", "sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "something-new"},
    ],
    ids=str,
)
def test_a_page_of_any_other_site_may_not(headers: dict[str, str]) -> None:
    with pytest.raises(OriginRefused) as refused:
        check(**headers)
    assert (refused.value.status, refused.value.code) == (403, "origin-refused")
    facts: dict[str, Any] = refused.value.facts
    assert facts["origin"] == headers.get("origin")
