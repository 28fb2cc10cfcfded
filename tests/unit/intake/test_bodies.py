"""Bodies: three media types, the same plain values; everything else is refused by name and never breaks anything."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.errors import Refusal
from chalicelib.intake.bodies import Posted, read_body
from chalicelib.web.bodies import (
    MOST_BYTES,
    MOST_DEPTH,
    MOST_FIELDS,
    BodyTooLarge,
    BodyUnreadable,
    MediaTypeUnknown,
    parse_json,
)

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=frontier"


def read_json(document: Any) -> Posted:
    return read_body(JSON, json.dumps(document).encode())


def multipart(*parts: bytes, end: bytes = b"--frontier--\r\n") -> bytes:
    return b"".join(b"--frontier\r\n" + part + b"\r\n" for part in parts) + end


def part(name: str, value: str | bytes, extra: str = "") -> bytes:
    content = value if isinstance(value, bytes) else value.encode()
    return f'Content-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode() + content


# What good bodies give


def test_the_same_answers_come_out_of_each_media_type() -> None:
    as_form = [("name", "Grüne Höfe"), ("themes", "green"), ("themes", "work"), ("_ticket", "t"), ("_website", "")]
    expected = Posted(answers={"name": "Grüne Höfe", "themes": ["green", "work"]}, ticket="t")
    assert read_json({"answers": {"name": "Grüne Höfe", "themes": ["green", "work"]}, "ticket": "t"}) == expected
    assert read_body(FORM, urlencode(as_form).encode()) == expected
    assert read_body(MULTIPART, multipart(*(part(*pair) for pair in as_form))) == expected


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
        st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    )
)
def test_whatever_a_form_holds_comes_out_of_it(fields: dict[str, str]) -> None:
    ours = {"_ticket", "_altcha", "_website", "_next", "_charset_"}
    fields = {name: value for name, value in fields.items() if name not in ours}
    assert read_body(FORM, urlencode(fields).encode()).answers == fields
    assert read_json({"answers": fields}).answers == fields


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "APPLICATION/JSON; charset=utf-8",
        "application/json;charset=UTF-8",
        ' application/json ; charset="utf-8"',
    ],
)
def test_a_media_type_may_be_written_in_any_case_and_name_its_character_set(content_type: str) -> None:
    assert read_body(content_type, b'{"answers": {"a": "\xc3\xbc"}}').answers == {"a": "ü"}


def test_a_boundary_may_stand_in_quotes() -> None:
    body = multipart(part("a", "b")).replace(b"frontier", b"a b:c")
    assert read_body('Multipart/Form-Data; boundary="a b:c"', body).answers == {"a": "b"}


def test_json_may_begin_with_a_byte_order_mark() -> None:
    assert read_body(JSON, b'\xef\xbb\xbf{"answers": {}}') == Posted(answers={})


def test_json_keeps_its_types() -> None:
    answers = {"since": 2015, "ok": True, "none": None, "list": ["a"], "half": 0.5, "deep": {"a": []}}
    assert read_json({"answers": answers}).answers == answers


def test_what_stands_beside_the_answers_is_named() -> None:
    assert read_json({"answers": {}, "tickets": 1, "Answers": {}}).unknown == ("Answers", "tickets")


def test_a_plus_is_a_space_and_a_percent_that_is_none_stays() -> None:
    assert read_body(FORM, b"a=1+2%2B3&b=100%&c&&d=%zz").answers == {"a": "1 2+3", "b": "100%", "c": "", "d": "%zz"}


def test_what_browsers_add_by_themselves_is_left_out() -> None:
    assert read_body(FORM, b"_charset_=utf-8&a=b") == Posted(answers={"a": "b"})


def test_the_honeypot_and_the_proof_of_work_are_told_apart_from_answers() -> None:
    posted = read_body(FORM, b"_website=spam&_altcha=proof&_ticket=&_else=x")
    assert posted == Posted(answers={"_else": "x"}, honeypot="spam", altcha="proof")


def test_a_file_input_that_was_left_empty_is_no_file() -> None:
    empty = part("photo", "", '; filename=""\r\nContent-Type: application/octet-stream')
    assert read_body(MULTIPART, multipart(part("a", "b"), empty)).answers == {"a": "b"}


def test_a_part_keeps_its_line_ends() -> None:
    assert read_body(MULTIPART, multipart(part("a", "eins\r\nzwei\r\n"))).answers == {"a": "eins\r\nzwei\r\n"}


# Size


def sized(content_type: str, size: int) -> bytes:
    begin, end = {
        JSON: (b'{"answers": {"a": "', b'"}}'),
        FORM: (b"a=", b""),
        MULTIPART: (b'--frontier\r\nContent-Disposition: form-data; name="a"\r\n\r\n', b"\r\n--frontier--\r\n"),
    }[content_type]
    return begin + b"x" * (size - len(begin) - len(end)) + end


@pytest.mark.parametrize("content_type", [JSON, FORM, MULTIPART])
def test_a_body_may_be_exactly_as_large_as_the_limit(content_type: str) -> None:
    assert MOST_BYTES == 64 * 1024
    assert set(read_body(content_type, sized(content_type, MOST_BYTES)).answers) == {"a"}
    with pytest.raises(BodyTooLarge):
        read_body(content_type, sized(content_type, MOST_BYTES + 1))


def test_size_is_judged_before_anything_is_read() -> None:
    with pytest.raises(BodyTooLarge):
        read_body("no/type", b"\xff" * (MOST_BYTES + 1))


# Media types


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "   ",
        "text/plain",
        "text/html",
        "application/xml",
        "application/jsonp",
        "application/problem+json",
        "json",
        "*/*",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded; charset=iso-8859-1",
        "application/json, text/html",
        "multipart/mixed; boundary=frontier",
    ],
)
def test_other_media_types_and_character_sets_are_refused(content_type: str) -> None:
    with pytest.raises(MediaTypeUnknown):
        read_body(content_type, b'{"answers": {}}')


@given(st.text(), st.binary(max_size=40))
@example("application/json; charset*=utf-8''x", b"{}")
@example("application/json\r\nX: y", b"{}")
@example("multipart/form-data; boundary*0=a; boundary*1=b", b"")
def test_no_content_type_breaks_anything(content_type: str, body: bytes) -> None:
    with pytest.raises(Refusal):
        read_body(content_type, body)


# JSON that is none


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"answers"',
        b"7",
        b"{}",
        b'{"answers": []}',
        b'{"answers": null}',
        b'{"answers": "name=x"}',
        b'{"answers": {}, "ticket": 7}',
        b'{"answers": {}, "altcha": {}}',
        b'{"answers": {"a": 1, "a": 1}}',
        b'{"answers": {}, "answers": {}}',
        b'{"answers": {"a": {"b": 1, "b": 2}}}',
        b'{"answers": {"a": "\\u0061", "\\u0061": "x"}}',
        b'{"answers": {"a": NaN}}',
        b'{"answers": {"a": Infinity}}',
        b'{"answers": {"a": -Infinity}}',
        b'{"answers": {"a": "\\ud800"}}',
        b'{"answers": {"a": "\\udc00\\ud800"}}',
        b'{"answers": {"\\ud800": "a"}}',
        b'{"answers": {"a": "\xed\xa0\x80"}}',
        b'{"answers": {"a": "\\u0000"}}',
        b'{"answers": {"\\u0000": "a"}}',
        b'{"answers": {"a": "\x00"}}',
        b'{"answers": {"a": "\n"}}',
        b'{"answers": {"a": "\xff"}}',
        b'{"answers": {"a": "\xc3"}}',
        b'{"answers": {"a": "\xc0\xaf"}}',
        b'{"answers": {}} trailing',
        b'{"answers": {},}',
        b"{'answers': {}}",
        b'{"answers": {"a": 01}}',
        b'{"answers": {"a": ' + b"9" * 5000 + b"}}",
        b"\xff\xfe{\x00}\x00",
        b'\xef\xbb\xbf\xef\xbb\xbf{"answers": {}}',
        b'{"answers": {} // no comments\n}',
    ],
    ids=lambda body: repr(body[:40]),
)
def test_json_that_is_not_exactly_json_is_refused(body: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        read_body(JSON, body)


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert read_body(JSON, b'{"answers": {"a": "\\ud83d\\ude00"}}').answers == {"a": "😀"}


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_json_may_be_exactly_as_deep_as_the_limit(opens: str, closes: str) -> None:
    parse_json((opens * MOST_DEPTH + "1" + closes * MOST_DEPTH).encode())
    with pytest.raises(BodyUnreadable):
        parse_json((opens * (MOST_DEPTH + 1) + "1" + closes * (MOST_DEPTH + 1)).encode())
    with pytest.raises(BodyUnreadable):
        parse_json((opens * 30_000).encode())


def test_brackets_inside_a_text_are_not_depth() -> None:
    text = '[{"' * 50 + "\\"
    assert parse_json(json.dumps({"a": text}).encode()) == {"a": text}


def test_an_object_may_have_as_many_members_as_the_limit() -> None:
    assert len(read_json({"answers": {str(n): n for n in range(MOST_FIELDS)}}).answers) == MOST_FIELDS
    with pytest.raises(BodyUnreadable):
        read_json({"answers": {str(n): n for n in range(MOST_FIELDS + 1)}})


# Forms that are none


@pytest.mark.parametrize(
    "body", [b"a=%ff", b"a=\xff", b"%ff=a", b"a=%c3", b"a=%ed%a0%80", b"a=%00", b"a\x00=b", b"_ticket=1&_ticket=2"]
)
def test_urlencoded_fields_that_are_no_text_are_refused(body: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        read_body(FORM, body)


def test_a_form_may_have_as_many_fields_as_the_limit() -> None:
    assert len(read_body(FORM, b"a=1&" * MOST_FIELDS).answers["a"]) == MOST_FIELDS
    with pytest.raises(BodyUnreadable):
        read_body(FORM, b"a=1&" * (MOST_FIELDS + 1))


def test_a_multipart_form_may_have_as_many_parts_as_the_limit() -> None:
    assert len(read_body(MULTIPART, multipart(*[part("a", "1")] * MOST_FIELDS)).answers["a"]) == MOST_FIELDS
    with pytest.raises(BodyUnreadable):
        read_body(MULTIPART, multipart(*[part("a", "1")] * (MOST_FIELDS + 1)))


GOOD = part("a", "b")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", multipart(GOOD)),
        ("multipart/form-data; boundary=", multipart(GOOD)),
        ("multipart/form-data; boundary=fröntier", multipart(GOOD)),
        ("multipart/form-data; boundary=other", multipart(GOOD)),
        (MULTIPART, b""),
        (MULTIPART, b"--frontier\r\n"),
        (MULTIPART, multipart(GOOD, end=b"")),
        (MULTIPART, multipart(GOOD, end=b"--frontier")),
        (MULTIPART, multipart(GOOD).replace(b"\r\n", b"\n")),
        (MULTIPART, b"preamble " + multipart(GOOD)),
        (MULTIPART, multipart(b"\r\nb")),
        (MULTIPART, multipart(b"Content-Disposition: form-data\r\n\r\nb")),
        (MULTIPART, multipart(b'Content-Disposition: attachment; name="a"\r\n\r\nb')),
        (MULTIPART, multipart(b"Content-Disposition\r\n\r\nb")),
        (MULTIPART, multipart(part("a", b"\xff"))),
        (MULTIPART, multipart(part("a", b"\0"))),
        (MULTIPART, multipart(part("a", "b", '; filename="photo.jpg"\r\nContent-Type: image/jpeg'))),
        (MULTIPART, multipart(part("a", "b", '; filename=""'))),
        (MULTIPART, multipart(part("_ticket", "1"), part("_ticket", "2"))),
    ],
    ids=range(19),
)
def test_broken_multipart_bodies_and_files_are_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(BodyUnreadable):
        read_body(content_type, body)


# Anything at all


@given(st.sampled_from([JSON, FORM, MULTIPART]), st.binary())
def test_any_bytes_are_read_or_refused(content_type: str, body: bytes) -> None:
    try:
        posted = read_body(content_type, body)
    except Refusal:
        return
    assert all("\0" not in text for text in [*posted.answers, *map(str, posted.answers.values())])


pieces = st.sampled_from(
    [
        b'{"answers":',
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b"\\",
        b"\\ud800",
        b":",
        b",",
        b"1e999",
        b"NaN",
        b"\xc3",
        b"\xbc",
        b"\0",
    ]
)


@given(st.lists(pieces))
def test_any_pieces_of_json_are_read_or_refused(some: list[bytes]) -> None:
    try:
        document = parse_json(b"".join(some))
    except BodyUnreadable:
        return
    json.dumps(document).encode()


lines = st.sampled_from(
    [
        b"--frontier",
        b"--frontier--",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"--",
        b"x",
        b"\xff",
        b'Content-Disposition: form-data; name="a"',
        b'Content-Disposition: form-data; name="\xff"',
        b"Content-Disposition: form-data; name=",
        b'; filename="f"',
        b"Content-Type: text/plain; charset=utf-16",
        b"Content-Length: -1",
    ]
)


@given(st.lists(lines))
@example(
    [
        b"--frontier",
        b"\r\n",
        b'Content-Disposition: form-data; name="a"',
        b"\r\n",
        b"Content-Type: text/plain; charset=no-such",
        b"\r\n\r\n",
        b"x",
        b"\r\n",
        b"--frontier--",
    ]
)
def test_any_pieces_of_multipart_are_read_or_refused(some: list[bytes]) -> None:
    try:
        read_body(MULTIPART, b"".join(some))
    except BodyUnreadable:
        return
