"""Tables in memory, in place of moto's: for the one test that makes a hundred thousand calls, minutes of moto's.

They know what our code asks of them and nothing else: an expression that they cannot read is an error. That they answer
as moto does is a test of their own (`tests/tables/test_fast.py`).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from tests.aws import refused

Item = dict[str, Any]
Names = dict[str, str]
Values = dict[str, Any]
_UNDECIDED = object()


class _Missing:
    """What is not there compares as nothing does."""

    def _no(self, _other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = _no  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


_MISSING = _Missing()
_FUNCTIONS: dict[str, Any] = {
    "attribute_exists": lambda value: value is not _MISSING,
    "attribute_not_exists": lambda value: value is _MISSING,
    "if_not_exists": lambda value, other: other if value is _MISSING else value,
}
_TOKEN = re.compile(r"\s*(#\w+|:\w+|<=|>=|<>|=|<|>|\(|\)|,|\+|[A-Za-z_]+)")
_PYTHON = {"=": "==", "<>": "!=", "AND": "and", "OR": "or", "NOT": "not", "IN": "in"}


@cache
def _compiled(expression: str) -> Callable[..., Any]:
    """A function of `at` (what stands at a name) and `val` (a given value)."""
    return eval(f"lambda at, val, f: {_translated(expression)}")  # type: ignore[no-any-return]


def _translated(expression: str) -> str:
    words, place = [], 0
    while place < len(expression):
        found = _TOKEN.match(expression, place)
        assert found, expression[place:]
        word, place = found[1], found.end()
        if word.startswith("#"):
            words.append(f"at({word!r})")
        elif word.startswith(":"):
            words.append(f"val({word!r})")
        elif word in _FUNCTIONS:
            words.append(f"f[{word!r}]")
        else:
            assert not word.isalpha() or word in _PYTHON, word
            words.append(_PYTHON.get(word, word))
    # `x IN (a)` names a list of one.
    return re.sub(r"in \( (val\('[^']+'\)) \)", r"in (\1,)", " ".join(words))


def _plain(value: dict[str, Any]) -> Any:
    [(kind, given)] = value.items()
    return int(given) if kind == "N" else given


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _worth(expression: str, item: Item, names: Names, values: Values) -> Any:
    def at(name: str) -> Any:
        found = item.get(names[name])
        return _MISSING if found is None else _plain(found)

    return _compiled(expression)(at, lambda name: _plain(values[name]), _FUNCTIONS)


@cache
def _steps(expression: str) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """What an update sets, and what it removes."""
    sets, _, removes = expression.removeprefix("SET ").partition(" REMOVE ")
    if expression.startswith("REMOVE "):
        sets, removes = "", expression.removeprefix("REMOVE ")
    assert " ADD " not in expression, expression
    assert " DELETE " not in expression, expression
    return tuple(re.findall(r"(#\d+) = (.+?)(?=, #\d+ = |$)", sets)), tuple(removes.split(", ") if removes else ())


class FastTables:
    """Some tables (by name, with their keys) in memory; every other call goes to `others`."""

    def __init__(self, keys: dict[str, tuple[str, ...]], others: Callable[[Any, str, dict[str, Any]], Any]) -> None:
        self._keys = keys
        self._others = others
        self.items: dict[str, dict[tuple[str, ...], Item]] = defaultdict(dict)
        self._sorted: dict[tuple[str, str], list[Item]] = {}

    def __call__(self, client: Any, operation: str, asked: dict[str, Any]) -> Any:
        """As `BaseClient._make_api_call`."""
        answer = _UNDECIDED
        if client.meta.service_model.service_name == "dynamodb":
            if operation in {"BatchGetItem", "BatchWriteItem"}:
                if asked["RequestItems"].keys() <= self._keys.keys():
                    answer = getattr(self, f"_{operation}")(asked["RequestItems"])
            elif asked.get("TableName") in self._keys:
                answer = getattr(self, f"_{operation}")(asked)
        return self._others(client, operation, asked) if answer is _UNDECIDED else answer

    def put(self, table: str, item: Item) -> None:
        """Store an item without being asked for it."""
        key = self._key(table, item)
        self.items[table][key] = item
        self._sorted.pop((table, key[0]), None)

    def _key(self, table: str, item: Item) -> tuple[str, ...]:
        return tuple(item[name]["S"] for name in self._keys[table])

    def _checked(self, asked: dict[str, Any], key: tuple[str, ...]) -> Item:
        item = self.items[asked["TableName"]].get(key, {})
        condition = asked.get("ConditionExpression")
        if condition and not _worth(condition, item, *_given(asked)):
            raise refused("ConditionalCheckFailedException")
        return item

    def _GetItem(self, asked: dict[str, Any]) -> Any:  # noqa: N802 - named as AWS does
        item = self.items[asked["TableName"]].get(self._key(asked["TableName"], asked["Key"]))
        return {"Item": _projected(item, asked)} if item else {}

    def _PutItem(self, asked: dict[str, Any]) -> Any:  # noqa: N802
        self._checked(asked, self._key(asked["TableName"], asked["Item"]))
        self.put(asked["TableName"], asked["Item"])
        return {}

    def _DeleteItem(self, asked: dict[str, Any]) -> Any:  # noqa: N802
        key = self._key(asked["TableName"], asked["Key"])
        self._checked(asked, key)
        self.items[asked["TableName"]].pop(key, None)
        self._sorted.pop((asked["TableName"], key[0]), None)
        return {}

    def _UpdateItem(self, asked: dict[str, Any]) -> Any:  # noqa: N802
        key = self._key(asked["TableName"], asked["Key"])
        item, (names, values) = self._checked(asked, key), _given(asked)
        sets, removes = _steps(asked["UpdateExpression"])
        new = {**asked["Key"], **item}
        new |= {names[name]: _typed(_worth(worth, item, names, values)) for name, worth in sets}
        for name in removes:
            new.pop(names[name], None)
        self.put(asked["TableName"], new)
        return {"Attributes": new}

    def _BatchGetItem(self, tables: dict[str, Any]) -> Any:  # noqa: N802
        found = {
            table: [
                _projected(item, asked)
                for key in asked["Keys"]
                if (item := self.items[table].get(self._key(table, key)))
            ]
            for table, asked in tables.items()
        }
        return {"Responses": found, "UnprocessedKeys": {}}

    def _BatchWriteItem(self, tables: dict[str, Any]) -> Any:  # noqa: N802
        for table, requests in tables.items():
            for request in requests:
                self.put(table, request["PutRequest"]["Item"])
        return {"UnprocessedItems": {}}

    def _Query(self, asked: dict[str, Any]) -> Any:  # noqa: N802
        assert "IndexName" not in asked
        table, (names, values) = asked["TableName"], _given(asked)
        rows = list(self._rows(table, _plain(values[":0"]), asked, names, values))
        shown = rows[: asked.get("Limit", len(rows))]
        more = (
            {}
            if len(shown) == len(rows)
            else {"LastEvaluatedKey": {name: shown[-1][name] for name in self._keys[table]}}
        )
        return {"Items": shown, "Count": len(shown), "ScannedCount": len(shown), **more}

    def _rows(self, table: str, partition: str, asked: dict[str, Any], names: Names, values: Values) -> Iterator[Item]:
        place = (table, partition)
        if place not in self._sorted:
            found = [item for key, item in self.items[table].items() if key[0] == partition]
            self._sorted[place] = sorted(found, key=lambda item: self._key(table, item))
        start = self._key(table, asked["ExclusiveStartKey"]) if "ExclusiveStartKey" in asked else ()
        for item in self._sorted[place]:
            if self._key(table, item) > start and _worth(asked["KeyConditionExpression"], item, names, values):
                yield item


def _projected(item: Item, asked: dict[str, Any]) -> Item:
    if "ProjectionExpression" not in asked:
        return item
    names = [asked["ExpressionAttributeNames"][one] for one in asked["ProjectionExpression"].split(", ")]
    return {name: item[name] for name in names if name in item}


def _given(asked: dict[str, Any]) -> tuple[Names, Values]:
    return asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})
