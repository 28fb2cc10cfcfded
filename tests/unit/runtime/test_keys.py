"""Signing keys: one purpose each, rotated without giving a repeat another reference."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.runtime.keys import BadSignature, Keys
from tests.builders import KEYS

ROTATED = Keys(root=KEYS.root, signing=("newest", "older"))


@given(st.lists(st.one_of(st.text(st.characters(codec="utf-8")), st.integers(-(2**53), 2**53))))
def test_what_was_signed_can_be_verified_for_its_purpose_only(payload: list[str | int]) -> None:
    signed = KEYS.sign("one", payload)
    assert KEYS.verify("one", signed) == payload
    with pytest.raises(BadSignature):
        KEYS.verify("other", signed)


@given(st.text())
def test_any_other_text_is_a_bad_signature(text: str) -> None:
    with pytest.raises(BadSignature):
        KEYS.verify("one", text)


def test_the_first_key_signs_and_all_verify() -> None:
    signed = ROTATED.sign("one", ["x"])
    assert Keys(root="other", signing=("newest",)).verify("one", signed) == ["x"]
    for earlier in (KEYS, Keys(root=KEYS.root, signing=("older",))):
        assert ROTATED.verify("one", earlier.sign("one", ["x"])) == ["x"]
        with pytest.raises(BadSignature):
            earlier.verify("one", signed)


def test_a_key_that_was_taken_out_verifies_nothing() -> None:
    with pytest.raises(BadSignature):
        KEYS.verify("one", Keys(root="leaked").sign("one", ["x"]))


def test_identities_stay_the_same_when_signing_keys_change() -> None:
    assert ROTATED.digest("identity", "call", "key") == KEYS.digest("identity", "call", "key")
    assert Keys(root="other").digest("identity", "call", "key") != KEYS.digest("identity", "call", "key")


def test_the_parts_of_a_digest_cannot_run_into_each_other() -> None:
    digests = {
        KEYS.digest("identity", "call", "key"),
        KEYS.digest("identity", "callkey"),
        KEYS.digest("identity", "cal", "lkey"),
        KEYS.digest("identity", 'call","key'),
        KEYS.digest("identitycall", "key"),
    }
    assert len(digests) == 5
    assert {len(digest) for digest in digests} == {32}


def test_a_secret_is_read_with_and_without_signing_keys() -> None:
    assert msgspec.json.decode(b'{"root": "r"}', type=Keys) == Keys(root="r")
    assert msgspec.json.decode(b'{"root": "r", "signing": ["b", "a"]}', type=Keys) == Keys(root="r", signing=("b", "a"))
