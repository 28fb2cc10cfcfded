"""Every handler under the integration tests is held to its function's policy, as IAM would, and what it needs is seen.

A call that the policy does not grant is refused as AWS refuses it, and fails the test. What all tests together needed
is compared with `tests/permissions.json` when all of them ran and passed; `--write-permissions` writes it anew.
"""

import ast
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from botocore.signers import RequestSigner
from chalice.app import Chalice, EventSourceHandler

from infra.permissions import Permission, granted, read_policies, read_record, write_record
from infra.template import read_resources

PROJECT = Path(__file__).parent.parent
PLACE = PROJECT / "tests" / "integration"
USED: dict[str, set[Permission]] = {}
"""By function, what this process has seen."""
DENIED: list[str] = []
"""What was refused; a test that ends with any has failed, whatever the app made of it."""

_function: ContextVar[str | None] = ContextVar("function", default=None)

_OF_ITEMS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_OF_OBJECTS = {
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
}
_OF_BUCKETS = {
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
}
_OF_VERSIONS = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}


# Which function is at work


@contextmanager
def attributed() -> Iterator[None]:
    """Know which function each call is made for: whoever enters the app, enters it by one of its entry points."""
    # Imported once the environment stands, which the settings read only once.
    from chalicelib.runtime.keys import Keys
    from chalicelib.runtime.settings import settings

    http, event_source, sign = Chalice.__call__, EventSourceHandler.__call__, RequestSigner.generate_presigned_url

    def call_http(handler: Any, event: Any, context: Any) -> Any:
        return _as("api_handler", lambda: http(handler, event, context))

    def call_event_source(handler: Any, event: Any, context: Any) -> Any:
        return _as(handler.func.__name__, lambda: event_source(handler, event, context))

    # A thread begins without a context: what it does, it does for the function that started it.
    submit = ThreadPoolExecutor.submit

    def hand_to_thread(pool: Any, act: Callable[..., Any], /, *given: Any, **named: Any) -> Any:
        function = _function.get() or _entered_below()
        if function is None:
            return submit(pool, act, *given, **named)
        return submit(pool, lambda: _as(function, lambda: act(*given, **named)))

    def presign(signer: Any, request_dict: Any, operation_name: str, **more: Any) -> Any:
        # A signed link can do what its signer may.
        address = urlsplit(request_dict["url"])
        host, key = address.netloc, address.path.strip("/")
        bucket, _, key = (host.partition(".")[0], "", key) if not host.startswith("s3.") else key.partition("/")
        hold("s3", operation_name, {"Bucket": bucket, "Key": key})
        return sign(signer, request_dict, operation_name=operation_name, **more)

    # A process reads the secret once and is one function's only; here it is several functions' in turn. Who uses the
    # keys has read them.
    digest, signer_of = Keys.digest, Keys._signer

    def use_digest(keys: Any, *parts: Any) -> Any:
        hold("secretsmanager", "GetSecretValue", {"SecretId": settings().keys_secret})
        return digest(keys, *parts)

    def use_signer(keys: Any, purpose: str) -> Any:
        hold("secretsmanager", "GetSecretValue", {"SecretId": settings().keys_secret})
        return signer_of(keys, purpose)

    with (
        mock.patch.object(Keys, "digest", use_digest),
        mock.patch.object(Keys, "_signer", use_signer),
        mock.patch.object(Chalice, "__call__", call_http),
        mock.patch.object(EventSourceHandler, "__call__", call_event_source),
        mock.patch.object(RequestSigner, "generate_presigned_url", presign),
        mock.patch.object(ThreadPoolExecutor, "submit", hand_to_thread),
    ):
        yield


def _as(function: str, act: Callable[[], Any]) -> Any:
    before = _function.set(function)
    try:
        return act()
    finally:
        _function.reset(before)


def working() -> str | None:
    """The function that is at work, if any."""
    return _function.get()


@cache
def _below() -> dict[tuple[str, str], str]:
    """The rooms' functions that the entry points of `app.py` hand over to, by file and name: some tests enter there."""
    found = {}
    for entry in ast.parse((PROJECT / "app.py").read_text(encoding="utf-8")).body:
        if isinstance(entry, ast.FunctionDef):
            for line in entry.body:
                if isinstance(line, ast.ImportFrom):
                    module = str(PROJECT / (line.module or "").replace(".", "/")) + ".py"
                    found.update({(module, name.name): entry.name for name in line.names})
    return found


def _entered_below() -> str | None:
    frame = sys._getframe()
    while frame.f_back:
        frame = frame.f_back
        function = _below().get((frame.f_code.co_filename, frame.f_code.co_name))
        if function:
            return function
    return None


# What a call needs


def hold(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Remember what a call needs, and refuse it as AWS does where the function's policy does not grant it."""
    function = _function.get() or _entered_below()
    if function is None:
        return
    for permission in needs(service, operation, parameters):
        USED.setdefault(function, set()).add(permission)
        if permission not in granted_by_policies().get(function, set()):
            message = f"{function} is not authorized to perform {permission}: .chalice/policy-{function}.json"
            DENIED.append(message)
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, operation)


def hold_missing(service: str, parameters: dict[str, Any], error: ClientError) -> None:
    """An object that is not there: only who may list the bucket is told so, others hear 403."""
    if service == "s3" and error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
        hold("s3", "ListObjectsV2", {"Bucket": parameters["Bucket"]})


def needs(service: str, operation: str, parameters: dict[str, Any]) -> set[Permission]:
    """The permissions of one API call (AWS Service Authorization Reference)."""
    of_service = {"dynamodb": _tables, "s3": _objects, "sqs": _queues, "sesv2": _mails, "secretsmanager": _secrets}
    return set(of_service[service](operation, parameters))


def _tables(operation: str, parameters: dict[str, Any]) -> Iterator[Permission]:
    if operation in {"TransactWriteItems", "TransactGetItems"}:
        for item in parameters["TransactItems"]:
            [(kind, one)] = item.items()
            yield f"dynamodb:{_OF_ITEMS.get(kind, 'GetItem')} {_logical(one['TableName'])}.Arn"
    elif operation in {"BatchGetItem", "BatchWriteItem"}:
        for table in parameters["RequestItems"]:
            yield f"dynamodb:{operation} {_logical(table)}.Arn"
    else:
        index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
        yield f"dynamodb:{operation} {_logical(parameters['TableName'])}.Arn{index}"


def _objects(operation: str, parameters: dict[str, Any]) -> Iterator[Permission]:
    if parameters["Bucket"] not in _logical_names():
        # Not ours, so a city's. Who copies reads the one and writes the other (S3 API reference, "CopyObject").
        yield "s3:PutObject PushBucketArn/*"
        if operation == "CopyObject":
            yield from _objects("GetObject", parameters["CopySource"])
        return
    bucket = f"{_logical(parameters['Bucket'])}.Arn"
    if operation in _OF_BUCKETS:
        yield f"s3:{_OF_BUCKETS[operation]} {bucket}"
    elif operation == "DeleteObjects":
        # "You must always specify the s3:DeleteObject permission", for versions, too (S3 API reference, DeleteObjects).
        for one in parameters["Delete"]["Objects"]:
            yield from _objects("DeleteObject", {"Bucket": parameters["Bucket"], "Key": one["Key"]})
            yield from _objects("DeleteObject", {"Bucket": parameters["Bucket"], **one})
    else:
        action = _OF_OBJECTS.get(operation, operation)
        if "VersionId" in parameters:
            action = _OF_VERSIONS.get(action, action)
        yield f"s3:{action} {bucket}/{parameters['Key'].partition('/')[0]}/*"


def _queues(operation: str, parameters: dict[str, Any]) -> Iterator[Permission]:
    yield f"sqs:{operation.removesuffix('Batch')} {_logical(parameters['QueueUrl'])}.Arn"


def _mails(operation: str, parameters: dict[str, Any]) -> Iterator[Permission]:
    if operation == "SendEmail":
        yield "ses:SendEmail identity/MailDomain"
        yield f"ses:SendEmail configuration-set/{_logical(parameters['ConfigurationSetName'])}"
    else:
        yield f"ses:{operation} *"


def _secrets(operation: str, parameters: dict[str, Any]) -> Iterator[Permission]:
    known = parameters["SecretId"] in _logical_names()
    # Not ours, so the relay's.
    yield f"secretsmanager:{operation} {_logical(parameters['SecretId']) + '.Id' if known else 'SmtpSecretArn'}"


@cache
def _logical_names() -> dict[str, str]:
    """The template's name of whatever a function's environment names."""
    variables = read_resources()["Globals"]["Function"]["Environment"]["Variables"]
    return {
        os.environ[variable]: value.get("Ref") or value["Fn::GetAtt"][0]
        for variable, value in variables.items()
        if variable in os.environ and isinstance(value, dict) and ("Ref" in value or "Fn::GetAtt" in value)
    }


def _logical(physical: str) -> str:
    return _logical_names()[physical]


@cache
def granted_by_policies() -> dict[str, set[Permission]]:
    return {function: granted(policy) for function, policy in read_policies().items()}


# What all tests together needed


class Collector:
    """Brings together what the processes of a test run have seen, and judges when all tests ran and passed."""

    def __init__(self, *, write: bool) -> None:
        self._write = write
        self._ran: set[str] = set()
        self._failed = False
        self._verdict = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._ran.add(report.nodeid.partition("::")[0])
        self._failed = self._failed or report.failed

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        for function, permissions in getattr(node, "workeroutput", {}).get("permissions", {}).items():
            USED.setdefault(function, set()).update(permissions)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        config = session.config
        if hasattr(config, "workeroutput"):
            config.workeroutput["permissions"] = {name: sorted(found) for name, found in USED.items()}
            return
        whole = {path.relative_to(config.rootpath).as_posix() for path in PLACE.glob("test_*.py")} <= self._ran
        chosen = config.option.keyword or any("::" in argument for argument in config.args)
        if not whole or chosen:
            return
        if self._write:
            # Also after a failure: the next whole run that passes judges what is written here.
            write_record(USED)
            self._verdict = "permissions: recorded"
            return
        if self._failed:
            return
        wrong = different(read_record(), USED)
        self._verdict = "\n  ".join(["permissions: the record is not true; make permissions writes it anew", *wrong])
        if not wrong:
            self._verdict = "permissions: the record is what the handlers did"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._verdict:
            terminalreporter.write_line(self._verdict)


def different(record: dict[str, set[Permission]], used: dict[str, set[Permission]]) -> list[str]:
    """In what the record and a run differ, one line each."""
    return [
        f"{function}: {permission} {'was not needed' if permission in record.get(function, set()) else 'is new'}"
        for function in sorted({*record, *used})
        for permission in sorted(record.get(function, set()) ^ used.get(function, set()))
    ]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-permissions", action="store_true", help="write tests/permissions.json from this run")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Collector(write=config.getoption("--write-permissions")), "permissions")
