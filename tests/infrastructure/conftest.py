"""The package that would be deployed, made once for a test run."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.package import PROJECT, Package, package

CACHE = PROJECT / ".cache" / "package"
"""The project's own: the dependencies are the same."""


def copy_sources(to: Path) -> Path:
    """Copy what is packaged, so that a test may break it and somebody may edit meanwhile."""
    to.mkdir()
    for name in ("app.py", "requirements.txt"):
        shutil.copy2(PROJECT / name, to / name)
    for folder in ("chalicelib", ".chalice", "infra/resources"):
        shutil.copytree(PROJECT / folder, to / folder)
    return to


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of `made`."""
    return copy_sources(tmp_path_factory.mktemp("sources") / "project")


@pytest.fixture(scope="session")
def made(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return package(tmp_path_factory.mktemp("package"), project=project, cache=CACHE)


@pytest.fixture(scope="session")
def merged(made: Package) -> dict[str, Any]:
    template: dict[str, Any] = json.loads(made.template.read_text(encoding="utf-8"))
    return template


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "emulator: starts the real emulator")
