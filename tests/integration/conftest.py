"""A fresh world for each test."""

from collections.abc import Iterator

import pytest
from moto.s3.models import FakeKey

from chalicelib.exports import lines, reader, runs, uploads, writing
from tests.integration.world import World

# moto copies every object of the bucket, contents and all, whenever somebody lists versions; what it sets on the copies
# hurts no original. Deleting an export lists, so that a bucket of a hundred exports took a second for each.
FakeKey.__deepcopy__ = lambda self, _memo: self


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
    monkeypatch.setattr(lines, "RUN", 1000)
    monkeypatch.setattr(runs, "BLOCK", 400)
    monkeypatch.setattr(reader, "PAGE", 2)
