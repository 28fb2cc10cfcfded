"""A fresh world for each test."""

from collections.abc import Iterator

import pytest

from chalicelib.exports import reader, runs, uploads, writing
from tests.integration.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every size so small that a few submissions take the ways of a million."""
    monkeypatch.setattr("moto.settings.S3_UPLOAD_PART_MIN_SIZE", 1, raising=False)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 1, raising=False)
    # Which moto would take for the size from which on an object goes into a file.
    monkeypatch.setenv("MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", "1000000")
    monkeypatch.setattr(uploads, "PART", 1200)
    monkeypatch.setattr(writing, "BATCH", 1)
    monkeypatch.setattr(runs, "RUN", 1000)
    monkeypatch.setattr(runs, "BLOCK", 400)
    monkeypatch.setattr(reader, "PAGE", 2)
