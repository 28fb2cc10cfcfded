"""The tables, made from the models, on moto or on the DynamoDB that `AWS_ENDPOINT_URL_DYNAMODB` names.

Each test brings names of its own (calls, references), so that one set of tables serves them all.
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from moto import mock_aws

from tests.aws import Border, create_tables, drop_tables, watched

ENDPOINT = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB")


@pytest.fixture(scope="package", autouse=True)
def tables() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment, nullcontext() if ENDPOINT else mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            if name not in os.environ:
                environment.setenv(name, "local")
        create_tables()
        yield
        drop_tables()


@pytest.fixture
def border() -> Iterator[Border]:
    with watched() as border:
        yield border
