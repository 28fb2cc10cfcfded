"""The schemas of the OpenAPI document, from the types that views answer with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from chalicelib.web.problems import Problem

_HERE = "#/components/schemas/{name}"


class Schemas:
    """The schemas of some types, each under its name in `components`."""

    def __init__(self, types: Iterable[Any]) -> None:
        self._types = list(dict.fromkeys([Problem, *types]))
        schemas, components = msgspec.json.schema_components(self._types, ref_template=_HERE)
        self._by_type = dict(zip(self._types, schemas, strict=True))
        self.components: dict[str, Any] = {name: _growing(schema) for name, schema in sorted(components.items())}

    def of(self, body: Any) -> dict[str, Any]:
        """The schema of a type, or the schema itself where it is one."""
        return body if isinstance(body, dict) else self._by_type[body]


def _growing(schema: Any) -> Any:
    """Definitions are read strictly; answers may have members more one day, and clients are to expect that."""
    if isinstance(schema, dict):
        return {
            name: _growing(value)
            for name, value in schema.items()
            if not (name == "additionalProperties" and value is False)
        }
    return [_growing(one) for one in schema] if isinstance(schema, list) else schema
