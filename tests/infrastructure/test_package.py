"""What is packaged: all that the app needs, nothing else, and never something stale."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from chalicelib.web.templating import ROOMS
from infra import archive
from infra.archive import PackagingFailed
from infra.package import Package, package
from tests.infrastructure.conftest import CACHE, copy_sources


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Sources of its own for a test that breaks them."""
    return copy_sources(tmp_path / "project")


def names(made: Package) -> list[str]:
    with zipfile.ZipFile(made.archive) as whole:
        return whole.namelist()


def test_the_zip_holds_the_app_and_its_dependencies_once_each(made: Package) -> None:
    found = names(made)
    assert len(found) == len(set(found))
    assert {"app.py", "chalice/app.py", "chalicelib/__init__.py", "msgspec/__init__.py", "botocore/client.py"} <= set(
        found
    )


def test_the_zip_holds_nothing_of_ours_that_does_not_run_there(made: Package, project: Path) -> None:
    ours = [
        name for name in names(made) if name.startswith(("chalicelib/", "calls/", "infra/", "tests/", "docs/", "."))
    ]
    assert all(name.startswith("chalicelib/") for name in ours)
    assert not [name for name in ours if name.endswith("~")]
    shipped = {path.relative_to(project).as_posix() for path in (project / "chalicelib").rglob("*.py")}
    compiled_here = {name for name in ours if name.startswith("chalicelib/web/compiled_templates/")}
    assert {name for name in ours if name.endswith(".py")} - compiled_here == shipped


def test_every_module_has_byte_code_that_is_taken_unseen(made: Package) -> None:
    with zipfile.ZipFile(made.archive) as whole:
        found = set(whole.namelist())
        modules = {PurePosixPath(name) for name in found if name.endswith(".py")}
        byte_code = {
            name: name.parent / "__pycache__" / f"{name.stem}.{sys.implementation.cache_tag}.pyc" for name in modules
        }
        assert len(modules) > 500
        assert [name for name, compiled in byte_code.items() if str(compiled) not in found] == []
        # PEP 552: the flags after the magic number; 1 is hash-based and never checked.
        flags = {int.from_bytes(whole.read(str(compiled))[4:8], "little") for compiled in byte_code.values()}
    assert flags == {1}


def test_no_tests_and_no_notes_of_installers_ship(made: Package) -> None:
    folders = {part for name in names(made) for part in PurePosixPath(name).parts[:-1]}
    assert not [one for one in folders if one in {"tests", "test"} or one.endswith((".dist-info", ".egg-info"))]


def test_templates_ship_as_python(made: Package) -> None:
    found = names(made)
    assert not [name for name in found if "/templates/" in name]
    sources = [path for path in ROOMS.glob("*/templates/**/*") if path.is_file()]
    assert len(
        [name for name in found if name.startswith("chalicelib/web/compiled_templates/tmpl_") and name.endswith(".py")]
    ) == len(sources)


_CALENDAR = """
import sys
from datetime import UTC, datetime
sys.path[:0] = [sys.argv[1]]
from chalicelib.calls.calendar import event_calendar
from chalicelib.runtime.clock import now
import icalendar
assert icalendar.__file__.startswith(sys.argv[1])
from types import SimpleNamespace as Of
words = {"de": "Übersicht"}
event = Of(title=words, place=words, note={}, starts_at=now(), ends_at=now())
call = Of(contact=Of(email="team@example.org"), organiser=Of(name=words), in_utc=lambda at: at)
file = event_calendar(call, event, language="de", uid="u", sequence=3, at=now(), address="https://example.org")
[entry] = icalendar.Calendar.from_ical(file).walk("VEVENT")
assert (entry["SUMMARY"], entry["SEQUENCE"]) == ("Übersicht", 3), file
"""


def test_a_calendar_file_is_made_from_the_zip_alone(made: Package, tmp_path: Path) -> None:
    """What slimming takes away (zones, type stubs) must not be what icalendar needs."""
    with zipfile.ZipFile(made.archive) as whole:
        whole.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", _CALENDAR, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_packaging_again_gives_the_same_bytes(made: Package, project: Path, tmp_path: Path) -> None:
    again = package(tmp_path, project=project, cache=CACHE)
    assert archive.sha256(again.archive) == archive.sha256(made.archive)
    assert again.template.read_bytes() == made.template.read_bytes()


def test_nothing_is_left_beside_the_package(made: Package) -> None:
    assert {path.name for path in made.archive.parent.iterdir()} == {"template.json", "deployment.zip"}


def test_a_change_of_the_app_is_in_the_next_package(copy: Path, tmp_path: Path) -> None:
    (copy / "chalicelib" / "novelty.txt").write_text("new")
    assert "chalicelib/novelty.txt" in names(package(tmp_path / "out", project=copy, cache=CACHE))


def test_a_broken_app_is_reported_in_chalices_words_and_leaves_nothing_stale(copy: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    package(out, project=copy, cache=CACHE)
    with (copy / "app.py").open("a") as file:
        file.write("\ndef\n")
    with pytest.raises(PackagingFailed, match="SyntaxError"):
        package(out, project=copy, cache=CACHE)
    assert list(out.iterdir()) == []


def test_a_zip_that_lacks_a_module_is_refused_by_name(copy: Path, tmp_path: Path) -> None:
    with (copy / "app.py").open("a") as file:
        file.write("\nimport pytest\n")
    with pytest.raises(PackagingFailed, match="No module named 'pytest'"):
        package(tmp_path / "out", project=copy, cache=CACHE)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_handler_that_is_not_there_is_refused(made: Package) -> None:
    with pytest.raises(PackagingFailed, match="no attribute 'relais'"):
        archive.check_imports_alone(made.archive, ["app.app", "app.relais"])


def test_dependencies_are_not_built_again_for_the_same_lock_file(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = (copy / "requirements.txt", copy / "chalicelib", CACHE)
    first = archive.dependencies(*arguments, for_host=False)
    monkeypatch.setattr(archive, "_install", None)
    assert archive.dependencies(*arguments, for_host=False) == first


def test_a_dependency_chalice_cannot_install_fails_although_chalice_calls_it_a_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = (
        "Creating deployment package.\n\nCould not install dependencies:\nmsgspec==0.22.0\nYou will have to build these"
    )
    monkeypatch.setattr(sys, "executable", str(_program(tmp_path, said)))
    with pytest.raises(PackagingFailed, match=r"msgspec==0\.22\.0"):
        archive.run_chalice(tmp_path, "package", "out", region="eu-central-1")


def _program(folder: Path, output: str) -> Path:
    """An executable that prints `output` and succeeds, whatever it is asked."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\n")
    program.chmod(0o755)
    return program


def test_the_template_names_the_zip_beside_it(made: Package) -> None:
    template = json.loads(made.template.read_text())
    uris = {
        resource["Properties"]["CodeUri"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    assert uris == {f"./{made.archive.name}"}


def test_resources_for_a_function_that_is_gone_are_reported(copy: Path, tmp_path: Path) -> None:
    functions = copy / "infra" / "resources" / "functions.yaml"
    functions.write_text(functions.read_text().replace("  Nightly:\n", "  Nachtlauf:\n"))
    with pytest.raises(PackagingFailed, match="Nachtlauf"):
        package(tmp_path / "out", project=copy, cache=CACHE)
