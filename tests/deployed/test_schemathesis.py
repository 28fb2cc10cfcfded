"""Schemathesis asks the deployed stack everything that the OpenAPI document allows, and much that it does not.

All its checks run, one operation after the other and in sequences along the document's links. What no document can say
is helped along here, each time with the reason; no check is left out.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count
from secrets import token_hex
from typing import Any

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from msgspec.structs import replace
from schemathesis import Case, Response
from schemathesis.checks import load_all_checks
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.pytest._test_builder import build_operation_test

import app  # noqa: F401 - its import declares all routes
from chalicelib.runtime.clock import now
from chalicelib.runtime.keys import Keys
from chalicelib.submissions.links import receipt_token
from chalicelib.submissions.reference import read
from chalicelib.web.door import everything_served
from chalicelib.web.openapi import openapi_document
from chalicelib.web.operation import JSON
from tests.builders import kosi, kosi_answers, submission_of
from tests.deployed.stack import CALL, Stack

SEED = 20170914
EXAMPLES = 5  # for each operation, beside the cases that cover its schemas
SEQUENCES = 12
# Of the cases that cover a form's fields every second is sent, of one (the submission as JSON) all: the fields
# are judged in one place, whatever they came in. The emulator takes some twenty requests a second.
ONE_IN = 2
DEEPEST = 5
WHOLE = ("POST /calls/{call}/submissions", JSON)
RUN = token_hex(4)
NUMBERS = count(1)


def document(base: str) -> dict[str, Any]:
    """As it goes out, about the call of these tests."""
    return msgspec.json.decode(msgspec.json.encode(openapi_document(everything_served(), [kosi()], base=base)))


CONFIG = schemathesis.Config.from_dict({
    "seed": SEED,
    "generation": {"max-examples": EXAMPLES, "database": "none", "no-shrink": True},
})  # fmt: skip


def without_formats(schema: Any) -> Any:
    """In JSON Schema a format only annotates; every one has a pattern beside it. To look for texts that fit the pattern
    and not the format takes ten seconds, and finds none.
    """
    if isinstance(schema, dict):
        annotation = schema.keys() >= {"format", "pattern"}
        return {name: without_formats(part) for name, part in schema.items() if not (annotation and name == "format")}
    return [without_formats(part) for part in schema] if isinstance(schema, list) else schema


load_all_checks()
DESCRIBED = without_formats(document("http://127.0.0.1"))
PUBLIC = schemathesis.openapi.from_dict(DESCRIBED, config=CONFIG).exclude(path_regex="^/organiser")
OPERATIONS = {one.ok().label: one.ok() for one in PUBLIC.get_all_operations()}


class Visitor:
    """Somebody who sends what schemathesis thought of, and knows what no document tells."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.seen: Counter[int] = Counter()
        self.session = requests.Session()
        self.session.trust_env = False
        secret = stack.outputs["KeysSecret"]
        stored = stack.aws("secretsmanager", lambda secrets: secrets.get_secret_value(SecretId=secret)["SecretString"])
        self._keys = msgspec.json.decode(stored, type=Keys)
        self._tokens: dict[str, str] = {}
        self._used: set[str] = set()
        self._met: Counter[str] = Counter()

    def sends(self, case: Case) -> bool:
        """Whether this case is among those that are sent."""
        if case.media_type is None or (case.operation.label, case.media_type) == WHOLE:
            return True
        self._met[case.operation.label] += 1
        return self._met[case.operation.label] % ONE_IN == 1

    def prepare(self, case: Case) -> None:
        """Put into a good request what only a person knows, or a client's own book-keeping."""
        if _is_good(case, ParameterLocation.HEADER) and "Idempotency-Key" in (case.headers or {}):
            # A key is for one report. With other answers it is refused (422), as it has to be.
            case.headers["Idempotency-Key"] = f"schemathesis-{RUN}-{next(NUMBERS)}"
        if _is_good(case, ParameterLocation.PATH) and "token" in case.path_parameters:
            # A receipt's link comes by mail only.
            case.path_parameters["token"] = self._token(str(case.operation.definition.raw["operationId"]))

        if _is_good(case, ParameterLocation.BODY):
            case.body = _sendable(case.body)
        if isinstance(case.body, dict) and str(case.body.get("ticket")) in self._used:
            # So is a ticket; a sequence may take the same one twice.
            del case.body["ticket"]

    def _token(self, operation: str) -> str:
        """Of one report for each operation; what is erased is gone (410), so each erasure gets a new one."""
        if operation.startswith("erase"):
            return self._new_receipt()
        if operation not in self._tokens:
            self._tokens[operation] = self._new_receipt()
        return self._tokens[operation]

    def _new_receipt(self) -> str:
        """The token that the mail of a new report carries."""
        reference = self.stack.accepted(kosi_answers(reporter_email=f"schemathesis-{RUN}-{next(NUMBERS)}@example.org"))
        submission_id = read(reference)
        assert submission_id is not None
        return receipt_token(self._keys, replace(submission_of(), call=CALL, id=submission_id), now())

    def saw(self, case: Case, response: Response) -> None:
        self.seen[response.status_code] += 1
        assert response.status_code < 500, response.text
        if response.status_code < 300 and isinstance(case.body, dict) and isinstance(case.body.get("ticket"), str):
            self._used.add(case.body["ticket"])


def _sendable(value: Any, depth: int = 0) -> Any:
    """Without what is refused wherever it stands (400): NUL in a text, and things nested too deep. A schema can say
    neither of an answer to a question that is not asked, which may be anything and is dropped.
    """
    if isinstance(value, str):
        return value.replace("\0", "")
    if depth >= DEEPEST:
        return None
    if isinstance(value, dict):
        return {_sendable(name): _sendable(part, depth + 1) for name, part in value.items()}
    return [_sendable(part, depth + 1) for part in value] if isinstance(value, list) else value


def _is_good(case: Case, place: ParameterLocation) -> bool:
    """Whether the request is meant to keep to the document in this place."""
    part = case.meta.components.get(place) if case.meta else None
    return part is not None and part.mode.is_positive


@pytest.fixture(scope="module")
def visitor(stack: Stack) -> Iterator[Visitor]:
    sys.stdout.write(f"schemathesis: seed {SEED}\n")
    one = Visitor(stack)
    yield one
    sys.stdout.write(f"schemathesis: {one.seen.total()} answers, by status {dict(sorted(one.seen.items()))}\n")
    one.session.close()


def test_the_stack_answers_with_the_document_that_is_tested_here(stack: Stack) -> None:
    answer = stack.ask("GET", f"/openapi.json?call={CALL}")
    assert answer.status_code == 200
    assert answer.json() == document(stack.url)
    again = stack.ask("GET", f"/openapi.json?call={CALL}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_does_what_it_says(operation: str, visitor: Visitor) -> None:
    def meets(case: Case) -> None:
        if visitor.sends(case):
            visitor.prepare(case)
            response = case.call(base_url=visitor.stack.url, session=visitor.session)
            visitor.saw(case, response)
            case.validate_response(response)

    # What `@PUBLIC.parametrize()` does, but here and not at collection: to think of all the cases takes its time.
    run = build_operation_test(
        config=PUBLIC.config,
        operation=OPERATIONS[operation],
        test_func=meets,
        given_kwargs={},
        feedback=NO_FEEDBACK,
    )
    run()


def test_sequences_along_the_links_do_what_they_say(visitor: Visitor) -> None:
    class Sequences(PUBLIC.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"base_url": visitor.stack.url, "session": visitor.session}

        def before_call(self, case: Case) -> None:
            visitor.prepare(case)

        def after_call(self, response: Response, case: Case) -> None:
            visitor.saw(case, response)
            super().after_call(response, case)

    Sequences.run(
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=6,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
    )
