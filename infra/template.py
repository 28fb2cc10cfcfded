"""What the CloudFormation template is made of. Pure: dictionaries in, dictionaries out.

Chalice makes the functions and the REST API from `app.py`, and merges `infra/resources/*.yaml` over them. The rest,
which a merge cannot say, is here: every path of the API leads to the app, whatever its method.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from infra.hardening import harden

RESOURCES = Path(__file__).with_name("resources")

Template = dict[str, Any]

_METHODS = ("get", "head", "post", "put", "patch", "delete", "options")


class ResourcesInvalid(Exception):
    """The files in `infra/resources/` contradict each other, or the app."""


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms (`!Ref x`, `!GetAtt a.b`) as what they stand for."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def read_resources(folder: Path = RESOURCES) -> Template:
    """All files of `folder` as one template.

    Raises ResourcesInvalid where two files say the same key: the later one would win in silence.
    """
    merged: Template = {}
    for path in sorted(folder.glob("*.yaml")):
        with path.open(encoding="utf-8") as file:
            part = yaml.load(file, Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader
        _add(merged, part, path.name)
    return merged


def _add(merged: dict[str, Any], part: Mapping[str, Any], source: str) -> None:
    for section, content in part.items():
        if section not in merged:
            merged[section] = content
            continue
        both = isinstance(content, dict) and isinstance(merged[section], dict)
        twice = sorted(set(content) & set(merged[section])) if both else [section]
        if twice:
            message = f"{source} says again what another file says: {', '.join(twice)}"
            raise ResourcesInvalid(message)
        merged[section] = {**merged[section], **content}


def complete(template: Template) -> Template:
    """Chalice's merged template with every path and every method of the API leading to the app.

    API Gateway answers 403 "Missing Authentication Token" itself to a path or a method it does not know; this way
    the app answers 404 or 405 in the caller's language. Written out method by method, since the `ANY` extension is
    not imported everywhere.

    Raises ResourcesInvalid where `infra/resources/` adds to a function that the app does not have.
    """
    strangers = sorted(name for name, resource in template["Resources"].items() if "Type" not in resource)
    if strangers:
        message = f"infra/resources adds to what the app does not have: {', '.join(strangers)}"
        raise ResourcesInvalid(message)
    result = copy.deepcopy(template)
    body = result["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    integration = _integration(body)
    for path in _all_paths(body["paths"]):
        operations = body["paths"].setdefault(path, {})
        for method in _METHODS:
            operations.setdefault(method, _operation(path, integration))
    return harden(result)


def _integration(body: Mapping[str, Any]) -> dict[str, Any]:
    """The integration chalice gives every route: they all call the one function."""
    for operations in body["paths"].values():
        for operation in operations.values():
            found: dict[str, Any] = operation["x-amazon-apigateway-integration"]
            return found
    raise ResourcesInvalid("the app has no routes")


def _all_paths(routes: Mapping[str, Any]) -> Iterator[str]:
    """The routes, what lies above them, the root, and `/{proxy+}` for everything else, in a fixed order."""
    paths = {"/", "/{proxy+}"}
    for route in routes:
        parts = route.strip("/").split("/")
        paths.update("/" + "/".join(parts[:length]) for length in range(1, len(parts) + 1))
    yield from sorted(paths)


def _operation(path: str, integration: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"responses": {}, "x-amazon-apigateway-integration": dict(integration)}
    names = re.findall(r"{(\w+)\+?}", path)
    if names:
        operation["parameters"] = [{"name": name, "in": "path", "required": True, "type": "string"} for name in names]
    return operation


def with_code(template: Template, *, bucket: str, key: str) -> Template:
    """The template with every function's code at `key` in `bucket` instead of beside the template."""
    result = copy.deepcopy(template)
    for function in functions(result).values():
        function["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    return result


def functions(template: Template) -> dict[str, Any]:
    """The functions of a merged template, by logical id."""
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
