"""The package that would be deployed, made once for a test run."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.package import Package, package


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def merged(made: Package) -> dict[str, Any]:
    template: dict[str, Any] = json.loads(made.template.read_text(encoding="utf-8"))
    return template


@pytest.fixture
def project() -> Path:
    return Path(__file__).parents[2]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "emulator: starts the real emulator")
