"""Compression: who gets gzip, of what, and that its length says little."""

import gzip

import pytest

from chalicelib.web.compression import LEAST_BYTES, compressed, takes_gzip
from chalicelib.web.reply import Reply, json_reply, page_reply, text_reply
from chalicelib.web.static import FOLDER, static_name, static_reply

LONG = "<p>Grüße aus Łódź</p>" * 100
TAKES = {"accept-encoding": "gzip, deflate, br"}


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
    ],
)
def test_a_client_says_whether_it_takes_gzip(accepted: str, takes: bool) -> None:
    assert takes_gzip({"accept-encoding": accepted}) is takes


def test_a_long_page_arrives_packed_and_whole() -> None:
    reply = compressed(page_reply(LONG), TAKES)
    assert isinstance(reply.body, bytes)
    assert gzip.decompress(reply.body).decode() == LONG
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers["Vary"] == "Accept, Accept-Language, Accept-Encoding"


def test_who_does_not_take_it_gets_the_page_as_it_is_and_caches_know() -> None:
    reply = compressed(page_reply(LONG), {})
    assert reply.body == LONG
    assert "Content-Encoding" not in reply.headers
    assert reply.headers["Vary"].endswith("Accept-Encoding")


@pytest.mark.parametrize(
    "reply",
    [page_reply("x" * (LEAST_BYTES - 1)), text_reply(b"x" * 5000, "font/woff2"), text_reply("x" * 5000, "video/mp4")],
    ids=["short", "bytes", "no-text"],
)
def test_what_gains_nothing_is_left_alone(reply: Reply) -> None:
    assert compressed(reply, TAKES) is reply


def test_json_is_packed_too() -> None:
    assert compressed(json_reply(["Meldung"] * 500), TAKES).headers["Content-Encoding"] == "gzip"


def test_the_length_of_one_page_differs_each_time() -> None:
    lengths = {len(compressed(page_reply(LONG), TAKES).body) for _ in range(50)}
    assert len(lengths) > 5


def test_static_texts_are_packed_once_and_pictures_are_not() -> None:
    first = static_reply(static_name("site.css"), TAKES)
    assert isinstance(first.body, bytes)
    assert gzip.decompress(first.body) == (FOLDER / "site.css").read_bytes()
    assert static_reply(static_name("site.css"), TAKES).body is first.body
    font = static_reply(static_name("vendor/kern/FiraSans-Regular.woff2"), TAKES)
    assert "Content-Encoding" not in font.headers
    assert font.headers["Content-Type"] == "font/woff2"


def test_a_style_sheet_names_its_fonts_by_their_hashed_names() -> None:
    sheet = str(static_reply(static_name("vendor/kern/kern.css"), {}).body)
    assert f'url("{static_name("vendor/kern/FiraSans-SemiBold.woff2")}")' in sheet
    assert 'url("FiraSans-SemiBold.woff2")' not in sheet
