"""The schemas of the OpenAPI document, from the types that views answer with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import FunctionType
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.web.problems import Problem

if TYPE_CHECKING:
    from chalicelib.calls.call import Call
    from chalicelib.web.operation import ByCall, Schema

_HERE = "#/components/schemas/{name}"


class Schemas:
    """The schemas of some types and of what `calls` ask, each under its name in `components`."""

    def __init__(self, types: Iterable[Any], calls: Sequence[Call]) -> None:
        self._calls = calls
        several = list(dict.fromkeys([Problem, *types]))
        schemas, components = msgspec.json.schema_components(several, ref_template=_HERE)
        self._by_type: dict[Any, Schema] = dict(zip(several, schemas, strict=True))
        self.components: dict[str, Any] = {name: _growing(schema) for name, schema in sorted(components.items())}

    def of(self, body: Any) -> Schema:
        """The schema of a type, or of what the calls ask, or the schema itself where it is one."""
        if isinstance(body, FunctionType):
            return self.named(body.__name__, body)
        schema: Schema = body if isinstance(body, dict) else self._by_type[body]
        return schema

    def named(self, name: str, body: Schema | ByCall) -> Schema:
        """A schema that many places name."""
        name = name.title().replace("_", "")
        if name not in self.components:
            self.components[name] = body(self._calls) if callable(body) else body
        return {"$ref": _HERE.format(name=name)}


def _growing(schema: Any) -> Any:
    """Definitions are read strictly; answers may have members more one day, and clients are to expect that."""
    if isinstance(schema, dict):
        return {
            name: _growing(value)
            for name, value in schema.items()
            if not (name == "additionalProperties" and value is False)
        }
    return [_growing(one) for one in schema] if isinstance(schema, list) else schema
