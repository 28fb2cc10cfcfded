"""What the design asks of the code: short files, entry points on one screen, no error hidden."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FILES = sorted([PROJECT / "app.py", *PROJECT.glob("chalicelib/**/*.py"), *PROJECT.glob("infra/**/*.py")])
APP = [path for path in FILES if "infra" not in path.relative_to(PROJECT).parts]

# A broad `except` hides what happened. These are the last lines of defence, and each says why where it stands.
BROAD = {
    "chalicelib/web/door.py": 1,  # a fault must not show its insides
    "chalicelib/jobs/batches.py": 1,  # one message fails, the others go on
    "chalicelib/exports/worker.py": 1,  # the claim is given back with its cause
}
EVENTS = {
    "on_sqs_message",
    "on_dynamodb_record",
    "schedule",
    "on_s3_event",
    "on_sns_message",
    "on_cw_event",
    "lambda_function",
}


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def broad_handlers(path: Path) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(
                one is None or (isinstance(one, ast.Name) and one.id in {"Exception", "BaseException"})
                for one in caught
            ):
                yield node


def attributes_called(path: Path) -> set[str]:
    return {
        node.func.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_has_one_subject_and_is_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= (200 if path.name == "app.py" else 350)


@pytest.mark.parametrize("path", APP, ids=name)
def test_event_functions_stand_in_app_py_and_nowhere_else(path: Path) -> None:
    if path.name == "app.py":
        assert {"on_sqs_message", "on_dynamodb_record", "schedule"} <= attributes_called(path)
    else:
        assert not attributes_called(path) & EVENTS


@pytest.mark.parametrize("path", APP, ids=name)
def test_no_error_is_hidden_by_a_broad_except_outside_the_argued_places(path: Path) -> None:
    handlers = list(broad_handlers(path))
    assert len(handlers) == BROAD.get(name(path), 0)
    lines = path.read_text(encoding="utf-8").splitlines()
    for handler in handlers:
        assert "# noqa: BLE001 - " in lines[handler.lineno - 1], "says why"


def test_every_entry_point_is_a_line_or_two() -> None:
    for node in tree(PROJECT / "app.py").body:
        if isinstance(node, ast.FunctionDef):
            assert len(node.body) <= 5, node.name


def test_no_file_is_a_place_for_everything() -> None:
    parts = {part.removesuffix(".py") for path in FILES for part in path.relative_to(PROJECT).parts}
    assert not parts & {"utils", "helpers", "common", "managers", "dal", "misc"}


@pytest.mark.parametrize("path", [path for path in APP if "runtime" not in path.parts], ids=name)
def test_only_the_runtime_reads_environment_and_clock(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "os.environ" not in text
    assert "datetime.now(" not in text
    assert "utcnow(" not in text
