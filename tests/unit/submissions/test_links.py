"""Receipt links: whoever has one has the submitter's rights, so nothing but our own, fresh, whole one is good."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import NotFound
from chalicelib.runtime.keys import Keys
from chalicelib.submissions.links import LIFETIME, ReceiptLink, read_receipt_token, receipt_token
from tests.builders import KEYS, NOON, submission_of

SUBMISSION = submission_of()
TOKEN = receipt_token(KEYS, SUBMISSION, NOON)


def test_a_link_names_its_submission_and_generation() -> None:
    assert read_receipt_token(KEYS, TOKEN, NOON) == ReceiptLink(call="small-call", id=SUBMISSION.id, generation=1)


def test_a_link_can_stand_in_an_address_and_in_a_line_of_a_mail() -> None:
    assert len(TOKEN) < 200
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_a_link_lives_as_long_as_it_says_and_no_second_longer() -> None:
    assert read_receipt_token(KEYS, TOKEN, NOON + LIFETIME - timedelta(seconds=1)).id == SUBMISSION.id
    with pytest.raises(NotFound):
        read_receipt_token(KEYS, TOKEN, NOON + LIFETIME)


@given(
    st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
)
def test_no_other_text_than_the_link_itself_opens_the_receipt(place: int, character: str) -> None:
    tampered = TOKEN[:place] + character + TOKEN[place + 1 :]
    if tampered == TOKEN:
        return
    try:
        link = read_receipt_token(KEYS, tampered, NOON)
    except NotFound:
        return
    # The last character of base 64 holds bits that do not count: the same link, written otherwise.
    assert place == len(TOKEN) - 1
    assert link == read_receipt_token(KEYS, TOKEN, NOON)


@given(st.text())
def test_any_other_text_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        read_receipt_token(KEYS, text, NOON)


def test_a_link_signed_by_others_or_for_another_purpose_is_not_found() -> None:
    payload: list[str | int] = ["small-call", SUBMISSION.id, 1, 4_102_444_800]
    assert read_receipt_token(KEYS, KEYS.sign("receipt", payload), NOON).id == SUBMISSION.id
    for signed in (
        Keys(root="another root").sign("receipt", payload),
        KEYS.sign("ticket", payload),
        KEYS.sign("receipt", payload[:3]),
    ):
        with pytest.raises(NotFound):
            read_receipt_token(KEYS, signed, NOON)


def test_a_link_names_no_person() -> None:
    payload = str(KEYS.verify("receipt", TOKEN))
    assert not [
        answer for answer in SUBMISSION.read_answers().values() if isinstance(answer, str) and answer in payload
    ]
