"""Where a browser goes after a form post."""

import pytest

from chalicelib.calls.call import Policy
from chalicelib.intake.after import page_after
from tests.builders import call_of

CALL = call_of(policy=Policy(next={"thanks": "https://city.example/danke", "query": "https://city.example/?page=7"}))
REFERENCE = "K7Q4-9XMD-2RTB"


def after(named: str) -> str:
    return page_after(CALL, named, reference=REFERENCE, language="en")


def test_without_a_name_it_is_our_thank_you_page() -> None:
    assert after("") == f"thanks/{REFERENCE}?lang=en"


def test_a_name_of_the_call_leads_to_its_page_with_the_reference() -> None:
    assert after("thanks") == f"https://city.example/danke?reference={REFERENCE}"
    assert after("query") == f"https://city.example/?page=7&reference={REFERENCE}"


@pytest.mark.parametrize(
    "named", ["https://evil.example", "//evil.example", "Thanks", "thanks ", "../thanks", "https://city.example/danke"]
)
def test_anything_else_leads_to_our_thank_you_page(named: str) -> None:
    assert after(named) == f"thanks/{REFERENCE}?lang=en"
