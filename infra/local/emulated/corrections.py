"""Where MiniStack 1.5.33 is not yet as AWS is, in a way that this project would notice.

Each is a few lines on its internals; `tests/local/test_emulator.py` has a test for each, so that a new
version shows which are no longer needed.
"""

# ruff: noqa: SLF001 - that is what this file is for

import hashlib
import importlib
import os
import shutil
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from infra.local.emulated.autosave import Application, Receive, Scope, Send

_KEPT_PACKAGES = 3

API_PREFIX = "/_aws/execute-api/"


def internals(name: str) -> Any:
    """A module of MiniStack's, which this project's type checker does not see."""
    return importlib.import_module(f"ministack.{name}")


def correct(note: Callable[[str], None], code: Path) -> Application:
    """MiniStack's ASGI application, corrected.

    `note` is told of a service whose state changed without a request; `code` is a folder for unpacked functions.
    """
    _unpack_once(code)
    _take_every_type_as_binary()
    _import_gateway_responses()
    _know_batches_by_their_action()
    _take_numbers_from_parameters()
    _note_deleted_messages(note)
    return _keep_paths_as_sent(internals("app").app)


def forget_stream_positions() -> None:
    """Start every stream reader at the horizon.

    Positions are kept over a restart, stream records are not: a reader would wait at, say, position 500
    for a stream that begins again at 0, and the first 500 changes would never be relayed.
    """
    internals("services.lambda_svc")._dynamodb_stream_positions._data.clear()


def forget_logs() -> None:
    """Empty log groups and metrics before the last save, or they would grow for ever; the log file has them."""
    logs = sys.modules.get("ministack.services.cloudwatch_logs")
    if logs is not None:
        for group in logs._log_groups._data.values():
            group["streams"].clear()
        logs._log_records._data.clear()
    metrics = sys.modules.get("ministack.services.cloudwatch")
    if metrics is not None:
        metrics._metrics._data.clear()


def _keep_paths_as_sent(application: Application) -> Application:
    """API Gateway hands a path over as it was sent: `%2F` in a segment is no separator."""

    async def kept(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(API_PREFIX):
            scope = {**scope, "path": scope["raw_path"].decode("ascii")}
        await application(scope, receive, send)

    return kept


def _take_every_type_as_binary() -> None:
    """The API's binary type `*/*` means every body, also one whose request names no type."""
    api = internals("services.apigateway_v1")
    matches = api._media_type_matches

    def matches_or_any(media_type: Any, binary_types: Any) -> bool:
        return "*/*" in (binary_types or ()) or bool(matches(media_type, binary_types))

    api._media_type_matches = matches_or_any


def _import_gateway_responses() -> None:
    """The answers of the gateway's own stand in the API's definition."""
    api = internals("services.apigateway_v1")
    import_api = api._import_rest_api

    def import_with_responses(spec: dict[str, Any], *arguments: Any) -> str:
        api_id: str = import_api(spec, *arguments)
        for kind, response in spec.get("x-amazon-apigateway-gateway-responses", {}).items():
            api._put_gateway_response(api_id, kind, response)
        return api_id

    api._import_rest_api = import_with_responses


def _know_batches_by_their_action() -> None:
    """IAM knows no `sqs:SendMessageBatch`: a batch needs the right of the single action."""
    actions = internals("core.iam_actions")
    extract = actions.extract_iam_action

    def extract_single(*arguments: Any) -> str | None:
        action: str | None = extract(*arguments)
        return action.removesuffix("Batch") if action is not None and action.startswith("sqs:") else action

    actions.extract_iam_action = extract_single


def _take_numbers_from_parameters() -> None:
    """A parameter's value is a text; CloudFormation makes a number of it where a mapping wants one."""
    functions = internals("services.lambda_svc")
    concurrency = functions._sqs_esm_concurrency

    def concurrency_by_number(esm: dict[str, Any], *arguments: Any) -> int:
        scaling = esm.get("ScalingConfig") or {}
        if isinstance(scaling.get("MaximumConcurrency"), str):
            scaling["MaximumConcurrency"] = int(scaling["MaximumConcurrency"])
        limit: int = concurrency(esm, *arguments)
        return limit

    functions._sqs_esm_concurrency = concurrency_by_number


def _note_deleted_messages(note: Callable[[str], None]) -> None:
    """The one write that is no request: the poller deletes the messages that a function has handled."""
    queues = internals("services.sqs")
    delete_messages = queues._delete_messages_for_esm

    def delete_and_note(*arguments: Any) -> None:
        delete_messages(*arguments)
        note("sqs")

    queues._delete_messages_for_esm = delete_and_note


def _unpack_once(folder: Path) -> None:
    """One unpacked copy of a package for all its functions' processes, also after a restart.

    Each process would unpack its own, thousands of files; on Lambda the code is there, read-only, before it starts.
    """
    lock = threading.Lock()

    class Package(zipfile.ZipFile):
        def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:  # noqa: ARG002
            assert self.filename is not None
            with lock:
                tree = folder / hashlib.sha256(Path(self.filename).read_bytes()).hexdigest()
                if not tree.exists():
                    self._unpack(tree)
                os.utime(tree)
            Path(path).rmdir()
            Path(path).symlink_to(tree)

        def _unpack(self, tree: Path) -> None:
            folder.mkdir(exist_ok=True)
            for old in sorted(folder.iterdir(), key=lambda old: old.stat().st_mtime)[: -_KEPT_PACKAGES + 1]:
                shutil.rmtree(old, ignore_errors=True)
            part = tempfile.mkdtemp(dir=folder, prefix="part-")
            super().extractall(part)
            Path(part).rename(tree)

    internals("core.lambda_runtime").zipfile = SimpleNamespace(
        ZipFile=Package, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
    )
