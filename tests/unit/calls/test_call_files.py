"""Call files: whatever is wrong is told with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.calls.checks import Finding
from infra.call_files import CallFileInvalid, complaints, read_call_file
from tests.builders import PROJECT

KOSI = (PROJECT / "calls" / "kosi-lab-dortmund.yaml").read_text(encoding="utf-8")


def complaints_about(text: str | bytes, folder: Path) -> list[str]:
    path = folder / "call.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CallFileInvalid) as caught:
        read_call_file(path)
    return [complaint.removeprefix(f"{path}:") for complaint in caught.value.complaints]


def line_of(text: str, words: str) -> int:
    [line] = [number for number, line in enumerate(text.splitlines(), 1) if words in line]
    return line


def changed(old: str, new: str) -> str:
    assert KOSI.count(old) == 1, old
    return KOSI.replace(old, new)


@pytest.mark.parametrize("path", sorted((PROJECT / "calls").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_call_of_ours_may_be_published_under_the_name_of_its_file(path: Path) -> None:
    call, lines = read_call_file(path)
    assert call.call == path.stem
    assert lines["form.steps[0].fields[1].id"] > lines["form.steps[0].fields[0].id"] > lines["form"]


def test_an_unknown_name_is_told_with_its_place(tmp_path: Path) -> None:
    [complaint] = complaints_about(changed("closes_at: null", "closes_on: null"), tmp_path)
    assert "closes_on" in complaint or "closes_at" in complaint


def test_a_wrong_type_is_told_with_its_line(tmp_path: Path) -> None:
    text = changed("  unconfirmed_days: 7", "  unconfirmed_days: a week")
    [complaint] = complaints_about(text, tmp_path)
    assert complaint.startswith(f"{line_of(text, 'a week')}: policy.unconfirmed_days: ")
    assert "int" in complaint


def test_a_wrong_field_type_is_told_with_its_line(tmp_path: Path) -> None:
    text = changed("type: year", "type: years")
    [complaint] = complaints_about(text, tmp_path)
    assert complaint.startswith(f"{line_of(text, 'type: years')}: form.steps[2].fields[6].type: ")


def test_a_finding_is_told_with_its_line(tmp_path: Path) -> None:
    text = changed("submitter_email: reporter_email", "submitter_email: reporter_name")
    [complaint] = complaints_about(text, tmp_path)
    assert complaint.startswith(f"{line_of(text, 'submitter_email')}: form.submitter_email: ")


def test_all_findings_are_told_at_once(tmp_path: Path) -> None:
    text = changed("  shards: 4", "  shards: 0").replace("time_zone: Europe/Berlin", "time_zone: Europe/Berlin_")
    text = text.replace("title_field: name", "title_field: nobody")
    assert len(complaints_about(text, tmp_path)) == 3


def test_a_name_that_is_there_twice_is_told_with_the_line_of_the_second(tmp_path: Path) -> None:
    text = KOSI + "time_zone: Europe/London\n"
    assert complaints_about(text, tmp_path) == [f"{len(text.splitlines())}: 'time_zone' is there twice."]


def test_broken_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    [complaint] = complaints_about("call: x\ntitle: {de: [}\n", tmp_path)
    assert complaint.startswith("2: ")


def test_a_date_that_does_not_exist_is_told_with_its_line(tmp_path: Path) -> None:
    text = changed("opens_at: 2017-03-01T09:00:00", "opens_at: 2017-02-30T09:00:00")
    [complaint] = complaints_about(text, tmp_path)
    assert complaint.startswith(f"{line_of(text, '2017-02-30')}: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "just words",
        "- a\n- list",
        "null",
        b"\xff\xfe",
        "call: \x00",
        "? [a]\n: b",
        "!!python/object:os.x {}",
        "a: &a [*a]",
    ],
    ids=repr,
)
def test_what_is_no_call_at_all_is_told(text: str | bytes, tmp_path: Path) -> None:
    [complaint] = complaints_about(text, tmp_path)
    assert complaint.split(":")[0].isdigit()


@given(st.text())
def test_any_text_is_a_call_or_gets_its_complaints(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    assert complaints_about(text, tmp_path_factory.getbasetemp())


@given(
    st.lists(
        st.sampled_from(
            ["call", "form", ":", " ", "\n", "- ", "[", "]", "{", "}", "&a", "*a", "1", "2017-99-99", "'", "|", "!x "]
        )
    )
)
def test_any_pieces_of_yaml_are_a_call_or_get_their_complaints(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    assert complaints_about("".join(pieces), tmp_path_factory.getbasetemp())


def test_what_is_missing_is_told_where_it_should_be() -> None:
    lines = {"": 1, "form": 3, "form.steps": 5, "form.steps[0]": 6}
    found = complaints(
        Path("x.yaml"), [Finding("form.steps[0].fields[2].id", "no."), Finding("event.title", "no.")], lines
    )
    assert found == ["x.yaml:6: form.steps[0].fields[2].id: no.", "x.yaml:1: event.title: no."]
