"""What DynamoDB counts. Sizes by the developer guide, "Item sizes and formats"; units by "Read and write pricing"."""

from typing import Any

from infra.template import read_resources

WRITE_UNIT = 1024  # bytes
READ_UNIT = 4096  # bytes, of a consistent read
_NESTED = 3  # bytes that a list or map takes, and one for each of its members


def item_size(item: dict[str, Any]) -> int:
    """Bytes of an item in DynamoDB's JSON: names and values."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    [(kind, content)] = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        # Two digits a byte, and one.
        return (len(content.lstrip("-").replace(".", "").strip("0")) + 1) // 2 + 1
    if kind in {"BOOL", "NULL"}:
        return 1
    if kind == "L":
        return _NESTED + sum(1 + _value_size(one) for one in content)
    if kind == "M":
        return _NESTED + item_size(content) + len(content)
    raise NotImplementedError(kind)


def indexes() -> list[dict[str, Any]]:
    """The indexes of the submissions table, as the template has them."""
    table: dict[str, Any] = read_resources()["Resources"]["SubmissionsTable"]["Properties"]
    found: list[dict[str, Any]] = table.get("GlobalSecondaryIndexes", [])
    return found


def projected(item: dict[str, Any], index: dict[str, Any]) -> dict[str, Any] | None:
    """What of a submission stands in an index: keys, and what it projects; `None` where it is not in it."""
    keys = {one["AttributeName"] for one in index["KeySchema"]}
    if not keys <= item.keys():
        return None
    kind = index["Projection"]["ProjectionType"]
    if kind == "ALL":
        return item
    kept = keys | {"call_shard", "id"} | set(index["Projection"].get("NonKeyAttributes", []))
    return {name: value for name, value in item.items() if name in kept}


def written_units(item: dict[str, Any]) -> int:
    """Write units of a new submission, indexes included."""
    units = _units(item)
    for index in indexes():
        part = projected(item, index)
        if part is not None:
            # "100 bytes of overhead for each index item" are stored, not written.
            units += _units(part)
    return units


def _units(item: dict[str, Any]) -> int:
    return -(-item_size(item) // WRITE_UNIT)
