"""The short ways that nearly every answer takes lead where the long ones do."""

import sys
from unicodedata import category, normalize

from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls import answers, judges


@given(
    st.from_regex(judges._PLAIN_EMAIL, fullmatch=True).filter(lambda address: len(address) <= judges._PLAIN_LENGTH)
    | st.from_regex(r"[a-z.+-]{1,8}@([a-z0-9-]{1,5}\.){1,2}(de|test|local|x|arpa|invalid)", fullmatch=True)
)
def test_what_is_taken_at_once_is_what_the_library_gives_back(address: str) -> None:
    if len(address) <= judges._PLAIN_LENGTH and judges._PLAIN_EMAIL.fullmatch(address):
        checked = validate_email(
            address, allow_smtputf8=False, check_deliverability=False, test_environment=True, strict=True
        )
        assert (checked.ascii_email or checked.normalized) == address


@given(st.text())
def test_a_text_that_can_be_printed_is_cleaned_like_any_other(text: str) -> None:
    for multiline in (False, True):
        text = normalize("NFC", text)
        if text.isprintable():
            slow = answers._EDGES.sub("", text if multiline else answers._SPACES.sub(" ", text))
            assert answers._clean_text(text, multiline=multiline) == slow
            assert not answers._SUSPECT.search(text)


def test_what_is_suspect_is_what_unicode_calls_control_characters_and_directions() -> None:
    suspect = {chr(code) for code in range(sys.maxunicode + 1) if answers._SUSPECT.fullmatch(chr(code))}
    assert suspect == {chr(code) for code in range(sys.maxunicode + 1) if category(chr(code)) == "Cc"} | answers._BIDI
