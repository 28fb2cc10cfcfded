"""The OpenAPI document says what the app does: it is read off the doors, and nothing is left out."""

import inspect
import re
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

import app
from chalicelib.calls.call import Call
from chalicelib.errors import Refusal
from chalicelib.web.door import Served, everything_served
from chalicelib.web.openapi import openapi_document
from tests.builders import PROJECT, call_of, kosi
from tests.constitution.test_access import OPEN

BASE = "https://aufruf.example.org"
BY_ITSELF = {"HEAD", "OPTIONS"}  # with GET, and where there is CORS


def document(*calls: Call) -> dict[str, Any]:
    """As it goes out."""
    return msgspec.json.decode(msgspec.json.encode(openapi_document(everything_served(), calls, base=BASE)))


def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def named(one: Served) -> str:
    return f"{'|'.join(one.methods)} {one.path}"


@pytest.mark.parametrize("one", everything_served(), ids=named)
def test_every_view_says_what_it_takes_and_gives(one: Served) -> None:
    assert one.about is not None, f"`{one.view.__name__}` needs about=…, see web/operation.py"
    assert inspect.getdoc(one.view)
    assert set(re.findall(r"{(\w+)}", one.path)) == set(one.about.names)
    assert one.about.login == (one.path.startswith("/organiser") and one.path not in OPEN)


def test_every_route_of_the_app_is_in_the_document_and_the_other_way_round() -> None:
    routes = {
        f"{method} {path}" for path, methods in app.app.routes.items() for method in methods if method not in BY_ITSELF
    }
    assert set(operations(document())) == routes


@pytest.mark.parametrize(
    "calls", [(), (call_of(),), (kosi(),), (call_of(), kosi())], ids=["none", "one", "kosi", "two"]
)
def test_the_document_is_valid(calls: tuple[Call, ...]) -> None:
    errors = OpenAPIV31SpecValidator(document(*calls)).iter_errors()
    assert [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors] == []


def test_operations_have_names_of_their_own_and_links_lead_to_them() -> None:
    described = operations(document())
    names = [operation["operationId"] for operation in described.values()]
    assert len(set(names)) == len(names)
    links = [
        link
        for operation in described.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert links
    for link in links:
        [target] = [one for one in described.values() if one["operationId"] == link["operationId"]]
        assert set(link.get("parameters", {})) <= {one.get("name") for one in target["parameters"]}


@pytest.mark.parametrize("one", everything_served(), ids=named)
def test_what_is_refused_is_documented_with_its_code(one: Served) -> None:
    assert one.about is not None
    answers = document()["paths"][one.path][one.methods[0].lower()]["responses"]
    by_login = [303, 401, 404, 503, *([403] if one.methods != ("GET",) else [])] if one.about.login else []
    assert set(answers) == {
        str(status) for status in [*one.about.gives, *(refusal.status for refusal in one.about.refuses), *by_login]
    }
    for refusal in one.about.refuses:
        problem = answers[str(refusal.status)]["content"]["application/problem+json"]["schema"]
        assert refusal.code in problem["properties"]["code"]["enum"]
        assert refusal.title in answers[str(refusal.status)]["description"]


def test_every_refusal_of_the_app_is_an_answer_of_some_operation() -> None:
    """Otherwise somebody wrote a refusal that programs cannot know of."""
    documented = {refusal for one in everything_served() if one.about for refusal in one.about.refuses}
    codes = {refusal.code for refusal in documented} | set(re.findall(r"`([a-z-]+)`: ", str(document())))
    nowhere = {"MethodNotAllowed", "Broken"}  # of no operation: the first has none, nobody plans the second
    assert {one.__name__ for one in kinds_of(Refusal) - documented if one.code not in codes} <= nowhere


def test_the_document_of_one_call_says_exactly_what_its_form_takes() -> None:
    [schema] = [document(call_of())["components"]["schemas"]["Report"]["properties"]["answers"]]
    assert list(schema["properties"]) == list(call_of().fields)
    assert document(call_of())["components"]["schemas"]["CallName"] == {"const": "small-call"}


def test_each_step_of_a_call_says_what_it_takes() -> None:
    described = operations(document(kosi()))
    for step in kosi().form.steps:
        [content, _] = described[f"POST /calls/{{call}}/form/{step.id}"]["requestBody"]["content"].values()
        assert content["schema"]["$ref"].endswith(f"/Keep{step.id.title().replace('_', '')}")


def test_nothing_of_it_is_loaded_before_it_is_asked_for() -> None:
    """A cold start of the other routes pays for none of it."""
    seen = "import sys, app; print([name for name in sys.modules if 'openapi' in name])"
    loaded = subprocess.run(
        [sys.executable, "-c", f"import tests.conftest; {seen}"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "[]"


def kinds_of(kind: type[Refusal]) -> set[type[Refusal]]:
    found = {one for child in kind.__subclasses__() for one in {child, *kinds_of(child)}}
    return {one for one in found if one.__module__.startswith("chalicelib.")}
