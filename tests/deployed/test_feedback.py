"""What becomes of a mail comes back from the mail service, and everybody can see it: the whole loop, as deployed."""

from secrets import token_hex

import pytest

from tests.builders import kosi_answers
from tests.deployed.stack import Stack
from tests.local.waiting import wait_for


def simulator(name: str) -> str:
    """An address of SES's mailbox simulator that no other test uses."""
    return f"{name}+{token_hex(4)}@simulator.amazonses.com"


@pytest.mark.parametrize(
    ("name", "state", "words"),
    [
        ("success", "delivered", "zugestellt"),
        ("ooto", "delivered", "zugestellt"),
        ("bounce", "bounced", "zurückgekommen"),
        ("complaint", "complained", "als unerwünscht gemeldet"),
    ],
)
def test_the_receipt_says_what_became_of_the_mail(stack: Stack, name: str, state: str, words: str) -> None:
    address = simulator(name)
    reference = stack.accepted(kosi_answers(reporter_email=address))
    link = next(word for word in stack.mail(address)["text"].split() if "/receipts/" in word)
    wait_for(lambda: stack.ledger(reference).get("state") == state, what=f"the mail to be {state}")
    assert [mail["state"] for mail in stack.receipt(link)["mails"]] == [state]
    assert words in stack.ask("GET", link, headers={"Accept": "text/html", "Accept-Language": "de"}).text


def test_an_address_whose_mail_came_back_gets_no_second_one(stack: Stack) -> None:
    address = simulator("bounce")
    first = stack.accepted(kosi_answers(reporter_email=address))
    wait_for(lambda: stack.ledger(first).get("state") == "bounced", what="the bounce")
    second = stack.accepted(kosi_answers(reporter_email=address))
    wait_for(lambda: stack.ledger(second).get("state") == "suppressed", what="the second mail to be put aside")
    assert len(stack.mails(address)) == 1
