"""Every operation, asked with hostile values by somebody who may: refused by name or done, and never a broken server.

`AUFRUF_FUZZ=500` for so many requests to each operation; a request is known by operation and number. Each answer is
also held to the OpenAPI document (`World.request`).
"""

import os
from collections.abc import Iterator

import pytest

from tests.hostile.operations import hostile_to, operations
from tests.integration.conformance import document
from tests.integration.test_access_matrix import Matrix
from tests.integration.world import World

EACH = int(os.environ.get("AUFRUF_FUZZ", "4"))
OPERATIONS = operations(document())


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    with World() as world:
        found = Matrix(world)
        found.names["token"] = world.receipt().rpartition("/")[2]
        yield found


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_no_request_breaks_an_operation(matrix: Matrix, path: str, method: str) -> None:
    broken = []
    for seed in range(EACH):
        asked = hostile_to(document(), path, method, seed, matrix.names)
        login = matrix.logins["owner's session" if seed % 2 else "owner's token"]
        answer = matrix.world.request(method, asked.path, body=asked.body, headers=login | asked.headers)
        if answer.status >= 500:
            broken.append((seed, answer.status))
    assert broken == [], "numbers and statuses"
