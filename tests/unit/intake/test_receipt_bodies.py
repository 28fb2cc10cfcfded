"""What is posted to a receipt."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.errors import Refusal
from chalicelib.intake.receipt_bodies import (
    EraseUnconfirmed,
    PostedChange,
    check_erasure,
    read_change,
)
from chalicelib.web.bodies import BodyTooLarge, BodyUnreadable, MediaTypeUnknown, read_members

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def change(document: Any) -> PostedChange:
    return read_change(JSON, json.dumps(document).encode())


def test_a_change_comes_as_json_with_or_without_the_version_it_is_meant_for() -> None:
    assert change({"answers": {"name": "x"}}) == PostedChange({"name": "x"}, None)
    assert change({"answers": {"name": "x"}, "version": 3}) == PostedChange({"name": "x"}, 3)
    assert change({"answers": {}, "version": None}) == PostedChange({}, None)


def test_a_change_comes_as_a_form_with_or_without_the_version() -> None:
    assert read_change(FORM, b"name=x&themes=a&themes=b&_version=3") == PostedChange(
        {"name": "x", "themes": ["a", "b"]}, 3
    )
    assert read_change(FORM, b"name=x") == PostedChange({"name": "x"}, None)


def test_a_field_that_is_named_version_is_a_field_in_a_form_and_in_json() -> None:
    assert read_change(FORM, b"version=3") == PostedChange({"version": "3"}, None)
    assert change({"answers": {"_version": "3"}}) == PostedChange({"_version": "3"}, None)


@pytest.mark.parametrize("version", ["3", "x", "", 1.5, True, [], {}, "³"])
def test_a_version_is_a_whole_number(version: Any) -> None:
    if version == "3":
        assert change({"answers": {}, "version": version}).version == 3
        return
    with pytest.raises(BodyUnreadable):
        change({"answers": {}, "version": version})


@pytest.mark.parametrize("version", [b"x", b"", b"-1", b"1.0", b"3&_version=4", b"99999999999", "³".encode()])
def test_a_version_of_a_form_is_a_whole_number(version: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        read_change(FORM, b"name=x&_version=" + version)


def test_what_stands_beside_the_answers_is_refused_by_name() -> None:
    with pytest.raises(AnswersInvalid) as refused:
        change({"answers": {}, "version": 1, "state": "accepted", "id": "x"})
    assert [(one.field, one.code) for one in refused.value.errors] == [
        ("id", "unknown-field"),
        ("state", "unknown-field"),
    ]


def test_members_come_as_json_or_as_a_form_and_nothing_is_no_member() -> None:
    assert read_members(JSON, b'{"email": "a"}', "email") == {"email": "a"}
    assert read_members("APPLICATION/JSON; charset=utf-8", b'{"email": "a"}', "email") == {"email": "a"}
    assert read_members(FORM, b"email=a%40b", "email") == {"email": "a@b"}
    assert read_members("", b"", "email") == {}
    assert read_members(JSON, b"{}", "email") == {}


def test_a_member_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(AnswersInvalid) as refused:
        read_members(JSON, b'{"email": "a", "call": "x"}', "email")
    assert [one.field for one in refused.value.errors] == ["call"]


@pytest.mark.parametrize(
    ("kind", "body", "refusal"),
    [
        (JSON, b"[]", BodyUnreadable),
        (JSON, b"{", BodyUnreadable),
        (JSON, b'{"a": NaN}', BodyUnreadable),
        (JSON, b'{"a": 1, "a": 2}', BodyUnreadable),
        (JSON, b"\xff", BodyUnreadable),
        ("text/plain", b"x", MediaTypeUnknown),
        ("", b"x", MediaTypeUnknown),
        (JSON, b'"' + b"x" * 70_000 + b'"', BodyTooLarge),
        (FORM, b"x" * 70_000, BodyTooLarge),
    ],
)
def test_hostile_bodies_are_refused_as_everywhere(kind: str, body: bytes, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        read_members(kind, body, "email")
    with pytest.raises(refusal):
        read_change(kind, body)


@given(st.binary(max_size=200), st.sampled_from([JSON, FORM, "multipart/form-data; boundary=x", "text/plain", ""]))
def test_whatever_comes_is_read_or_refused(body: bytes, kind: str) -> None:
    for read in (read_change, read_members, check_erasure):
        with suppress(Refusal):
            read(kind, body)


@pytest.mark.parametrize(
    ("kind", "body"), [(JSON, b'{"confirm": true}'), (FORM, b"confirm=on"), (FORM, b"confirm=true")]
)
def test_who_says_that_it_is_meant_may_erase(kind: str, body: bytes) -> None:
    check_erasure(kind, body)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b'{"confirm": false}'),
        (JSON, b'{"confirm": []}'),
        (JSON, b'{"confirm": 1}'),
        (JSON, b"{}"),
        ("", b""),
        (FORM, b"confirm="),
        (FORM, b"confirm=on&confirm=on"),
    ],
)
def test_whoever_does_not_say_so_is_told_which_box_it_is(kind: str, body: bytes) -> None:
    with pytest.raises(EraseUnconfirmed) as refused:
        check_erasure(kind, body)
    assert [(one.field, one.code) for one in refused.value.errors] == [("confirm", "required")]
