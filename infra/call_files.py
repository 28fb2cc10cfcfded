"""Call definitions as YAML files: read, judged, and every complaint with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml

from chalicelib.calls.call import Call
from chalicelib.calls.checks import Finding, check

_PATH = re.compile(r"^(?P<message>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)


class CallFileInvalid(Exception):
    """The file does not define a call that could be published. `complaints` are `file:line: path: message`."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


class _Loader(yaml.SafeLoader):
    """Says where a value stands that cannot be read, such as a day that does not exist."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(problem=str(error), problem_mark=node.start_mark) from error


def read_call_file(path: Path) -> tuple[Call, dict[str, int]]:
    """The call in a file, and the line of each place in it. Raises `CallFileInvalid`, `OSError`."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        if node is None:
            raise CallFileInvalid([f"{path}:1: the file is empty."])
        lines, doubles = _lines(node)
        document = _Loader("").construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CallFileInvalid([f"{path}:{line}: {error.problem or 'this is not YAML'}."]) from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise CallFileInvalid([f"{path}:1: this is not YAML in UTF-8: {error}."]) from error
    if doubles:
        raise CallFileInvalid([f"{path}:{line}: '{name}' is there twice." for name, line in doubles])
    try:
        call = msgspec.convert(document, Call)
    except msgspec.ValidationError as error:
        raise CallFileInvalid(complaints(path, [_finding(error)], lines)) from error
    except RecursionError as error:
        raise CallFileInvalid([f"{path}:1: something in it holds itself."]) from error
    findings = check(call)
    if findings:
        raise CallFileInvalid(complaints(path, findings, lines))
    return call, lines


def complaints(path: Path, findings: list[Finding], lines: dict[str, int]) -> list[str]:
    """The findings as an operator reads them; a place that is missing is reported where it should be."""
    return [f"{path}:{_line(one.path, lines)}: {one.path or 'the call'}: {one.message}" for one in findings]


def _finding(error: msgspec.ValidationError) -> Finding:
    matched = _PATH.match(str(error))
    message, place = (matched["message"], matched["path"] or "") if matched else (str(error), "")
    return Finding(place.lstrip("."), f"{message}.".replace("..", "."))


def _line(place: str, lines: dict[str, int]) -> int:
    while place and place not in lines:
        place = re.sub(r"(\.[^.\[]*|\[[^\]]*\]|^[^.\[]+)$", "", place)
    return lines.get(place, 1)


def _lines(node: yaml.Node) -> tuple[dict[str, int], list[tuple[str, int]]]:
    """Line numbers (from 1) by path, and names that stand twice in one mapping."""
    lines: dict[str, int] = {}
    doubles: list[tuple[str, int]] = []

    def walk(one: yaml.Node, place: str, line: int) -> None:
        lines[place] = line
        if isinstance(one, yaml.MappingNode):
            seen: set[Any] = set()
            for key, value in one.value:
                if not isinstance(key, yaml.ScalarNode):
                    continue  # no name at all: constructing says so
                if key.value in seen:
                    doubles.append((str(key.value), key.start_mark.line + 1))
                seen.add(key.value)
                walk(value, f"{place}.{key.value}".lstrip("."), key.start_mark.line + 1)
        elif isinstance(one, yaml.SequenceNode):
            for number, value in enumerate(one.value):
                walk(value, f"{place}[{number}]", value.start_mark.line + 1)

    walk(node, "", node.start_mark.line + 1)
    return lines, doubles
