"""Logs hold what is on the list, and nothing a person wrote."""

import json

import pytest

from chalicelib.runtime.logs import log, log_fault


def test_a_line_is_one_json_object_with_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    log("accepted", call="small-call", reference="K7Q49XMD2RTB", replayed=False)
    [line] = capsys.readouterr().out.splitlines()
    document = json.loads(line)
    assert document.pop("at").endswith("Z")
    assert document == {"event": "accepted", "call": "small-call", "reference": "K7Q49XMD2RTB", "replayed": False}


def test_a_field_that_is_not_on_the_list_is_dropped_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    log("accepted", email="canary@example.org")
    out = capsys.readouterr().out
    assert "canary" not in out
    assert json.loads(out)["dropped"] == ["email"]


def test_a_line_break_cannot_make_a_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    log("refused", code='x\n{"event": "forged"}')
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_fault_says_where_it_came_from_and_never_what_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("canary")
    except ValueError as error:
        log_fault("fault", error, route="/calls/{call}")
    out = capsys.readouterr().out
    assert "canary" not in out
    assert json.loads(out)["cause"] == "ValueError"
    assert json.loads(out)["detail"].startswith("test_logs.py:")
