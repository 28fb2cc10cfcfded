"""Replies: what every one of them says to a browser."""

import pytest

from chalicelib.errors import NotFound
from chalicelib.web.reply import PRIVATE, Reply, found, json_reply, page_reply, see_other, text_reply
from chalicelib.web.static import FOLDER, static_name, static_reply


@pytest.mark.parametrize(
    "reply",
    [json_reply({}), page_reply("<p>"), text_reply("x", "text/plain"), see_other("./")],
    ids=["json", "page", "text", "303"],
)
def test_no_reply_lets_a_browser_guess_its_type(reply: Reply) -> None:
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Type"]


@pytest.mark.parametrize(
    "reply",
    [json_reply({}), text_reply("x", "text/plain"), see_other("./"), found("https://bucket.example.org", headers={})],
    ids=["json", "text", "303", "302"],
)
def test_of_what_is_no_page_nothing_runs(reply: Reply) -> None:
    policy = reply.headers["Content-Security-Policy"]
    assert policy.split("; ") == [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    assert reply.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_pages_run_our_scripts_only_stand_in_no_frame_and_post_to_no_one_else() -> None:
    policy = page_reply("<p>").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    for directive in ("form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert directive in policy


def test_private_pages_are_not_kept_and_do_not_tell_where_one_came_from() -> None:
    headers = page_reply("<p>", headers=PRIVATE).headers
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_json_is_utf_8() -> None:
    assert json_reply({"name": "Höfe"}).body == '{"name":"Höfe"}'


def test_a_redirect_has_a_type_and_no_body() -> None:
    reply = see_other("thanks/K7Q4")
    assert (reply.status, reply.headers["Location"], reply.body) == (303, "thanks/K7Q4", "")


def test_static_files_are_kept_for_ever_under_a_name_that_changes_with_them() -> None:
    for plain in ("site.css", "icon.svg"):
        reply = static_reply(static_name(plain), {})
        assert "immutable" in reply.headers["Cache-Control"]
        assert str(reply.body) == (FOLDER / plain).read_text(encoding="utf-8")
        with pytest.raises(NotFound):
            static_reply(plain, {})


@pytest.mark.parametrize("name", ["../routes.py", "site.0000000000.css", "", "site.css/", "%2e%2e"])
def test_no_other_file_is_served(name: str) -> None:
    with pytest.raises(NotFound):
        static_reply(name, {})
