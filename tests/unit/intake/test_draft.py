"""The draft of a form filled in step by step: its name, its cookie, its day."""

from datetime import timedelta

import pytest

from chalicelib.intake.draft import (
    LIFETIME,
    Draft,
    clear_cookie,
    digest_of,
    expiry,
    new_name,
    read_cookie,
    write_cookie,
)
from tests.builders import NOON


def test_a_written_cookie_is_read_back_for_its_own_call_only() -> None:
    name = new_name()
    sent_back = write_cookie("small-call", name).partition(";")[0]
    assert read_cookie(f"theme=dark; {sent_back}", "small-call") == name
    assert read_cookie(sent_back, "other-call") is None


def test_the_cookie_is_for_this_host_out_of_reach_of_scripts_and_of_other_sites() -> None:
    written = write_cookie("small-call", "abc")
    assert written.startswith("__Host-")
    assert {"Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=86400"} <= set(written.split("; "))
    assert "Domain" not in written


def test_a_cleared_cookie_names_no_draft() -> None:
    cleared = clear_cookie("small-call")
    assert "Max-Age=0" in cleared
    assert read_cookie(cleared.partition(";")[0], "small-call") is None


@pytest.mark.parametrize("header", ["", "nonsense", "=;=", "__Host-aufruf-draft-small-call", "a=\x00; ]=["])
def test_a_strange_cookie_header_names_no_draft(header: str) -> None:
    assert read_cookie(header, "small-call") is None


def test_the_table_never_learns_the_name() -> None:
    name = new_name()
    assert name not in digest_of(name)
    assert digest_of(name) != digest_of(new_name())


def test_a_draft_is_kept_for_a_day() -> None:
    draft = Draft(digest="d", call="small-call", ticket="t", answers={}, expires_at=expiry(NOON))
    assert not draft.expired(NOON + LIFETIME - timedelta(seconds=1))
    assert draft.expired(NOON + LIFETIME)
