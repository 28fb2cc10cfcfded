"""What of the dependencies ships: the code, and of their data only what the app uses.

botocore brings the models of four hundred services, Babel the customs of a thousand places, and a cold start pays for
what it has to read. Nothing here needs care when the app changes: the operations that are kept are those whose names
stand in the app's sources.
"""

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader

SERVICES = ("dynamodb", "s3", "secretsmanager", "sesv2", "sqs")
"""What the functions speak to; a test holds this against `runtime/aws.py`."""
_PARTITIONS = ("aws", "aws-eusc")  # the world but China and governments; the European Sovereign Cloud
# What PynamoDB asks DynamoDB for: its sources hold the operations' names as they are in the API.
_DYNAMODB = frozenset({
    "BatchGetItem", "BatchWriteItem", "DeleteItem", "DescribeTable", "GetItem", "PutItem", "Query", "Scan",
    "TransactGetItems", "TransactWriteItems", "UpdateItem",
})  # fmt: skip
# AWS's certificates end in these (https://www.amazontrust.com/repository/): to read all of the 120 that botocore
# brings takes 26 ms a connection. `AWS_CA_BUNDLE` names another file, for a server of one's own.
_ROOTS = (
    "Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3", "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
)  # fmt: skip
_CERTIFICATE = re.compile(
    r'# Label: "(?P<label>[^"]+)".*?(?P<pem>-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n)', re.DOTALL
)
# Never read at run time: what pip notes, what type checkers and documentation writers read; the resolver with which
# email-validator could ask name servers (it is told not to: `calls/judges.py`); a second data base of time zones.
# rapidfuzz is compiled for each kind of processor, three megabytes; the same in Python, which it falls back to, is
# quick enough to compare one report with some hundreds.
_USELESS = (
    "*.dist-info", "*.egg-info", "bin", "**/*.pyi", "botocore/docs/bcdoc/*.rst", "dns", "dateutil/zoneinfo/*.tar.gz",
    "rapidfuzz/**/*.so", "rapidfuzz/**/*.pxd", "rapidfuzz/**/*.hpp",
)  # fmt: skip


def operations(source: Path) -> dict[str, tuple[str, ...]]:
    """The operations of each service that the app in `source` may ask for: their names stand in its code."""
    words = {word for path in source.rglob("*.py") for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    found = {"dynamodb": tuple(sorted(_DYNAMODB))}
    for service in SERVICES:
        if service not in found:
            names = Loader().load_service_model(service, "service-2")["operations"]
            found[service] = tuple(name for name in sorted(names) if xform_name(name) in words)
    return found


def languages(source: Path) -> tuple[str, ...]:
    """The languages that the app in `source` speaks: English, and those it has catalogues for."""
    return tuple(sorted({"en", *(path.parent.parent.name for path in source.glob("web/locales/*/LC_MESSAGES/*.po"))}))


def slim(folder: Path, kept: dict[str, tuple[str, ...]], languages: Iterable[str]) -> None:
    """Take out of the packages in `folder` what the app does not use; `kept` are the operations by service."""
    for pattern in _USELESS:
        for path in folder.glob(pattern):
            _remove(path)
    for path in [one for one in folder.rglob("*") if one.is_dir() and one.name in {"tests", "test"}]:
        _remove(path)
    _slim_botocore(folder / "botocore", kept)
    spoken = {"root", *languages}
    for path in (folder / "babel" / "locale-data").glob("*.dat"):
        if path.stem.partition("_")[0] not in spoken:
            path.unlink()


def _slim_botocore(botocore: Path, kept: dict[str, tuple[str, ...]]) -> None:
    data = botocore / "data"
    loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    models: dict[Path, Any] = {}
    for service, names in kept.items():
        version = loader.determine_latest_version(service, "service-2")
        to = data / service / version
        models[to / "service-2.json"] = _model(loader.load_service_model(service, "service-2"), names)
        models[to / "endpoint-rule-set-1.json"] = loader.load_service_model(service, "endpoint-rule-set-1")
    models[data / "endpoints.json"] = _endpoints(loader.load_data("endpoints"), kept)
    for path in data.iterdir():
        if path.is_dir():
            _remove(path)
    for path, model in models.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(model, separators=(",", ":")), encoding="utf-8")
    certificates = botocore / "cacert.pem"
    certificates.write_text(_roots(certificates.read_text(encoding="utf-8")), encoding="utf-8")


def _model(model: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """A service's model with the operations in `names`, what they are made of, its errors, and no documentation."""
    model = _without_documentation(model)
    for parameter in model.get("clientContextParams", {}).values():
        parameter["documentation"] = ""  # botocore reads it
    chosen = {name: model["operations"][name] for name in names}
    shapes = model["shapes"]
    # Errors belong to a client whether or not an operation names them: `client.exceptions.NoSuchKey`.
    todo = list(_shapes_in(chosen)) + [name for name, shape in shapes.items() if shape.get("exception")]
    reached: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += _shapes_in(shapes[name])
    return model | {"operations": chosen, "shapes": {name: shapes[name] for name in shapes if name in reached}}


def _shapes_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        for child in node.values():
            yield from _shapes_in(child)
    elif isinstance(node, list):
        for child in node:
            yield from _shapes_in(child)


def _without_documentation(node: Any) -> Any:
    if isinstance(node, dict):
        # A member may be called that, too; then what stands there is no text.
        return {
            key: _without_documentation(value)
            for key, value in node.items()
            if key not in {"documentation", "documentationUrl"} or not isinstance(value, str)
        }
    return [_without_documentation(one) for one in node] if isinstance(node, list) else node


def _endpoints(endpoints: dict[str, Any], services: Iterable[str]) -> dict[str, Any]:
    # The names that endpoints go by are not all those of the models.
    names = {"email", "sts", *services}
    partitions = [one for one in endpoints["partitions"] if one["partition"] in _PARTITIONS]
    kept = [
        one | {"services": {name: one["services"][name] for name in names & one["services"].keys()}}
        for one in partitions
    ]
    return endpoints | {"partitions": kept}


def _roots(certificates: str) -> str:
    known = {found["label"]: found["pem"] for found in _CERTIFICATE.finditer(certificates)}
    return "".join(f"# {label}\n{known[label]}" for label in _ROOTS)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
