"""The deployed local stack: its addresses, and its functions called by hand."""

import json
import time
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local import emulator
from infra.stack import api_address

NAME = "aufruf-local"

FINAL_STATES = frozenset({"ready", "failed", "cancelled"})
_EXPORTS_SECONDS = 30.0
_POLL_SECONDS = 0.25
_FUNCTION_SECONDS = 900.0


class FunctionFailed(Exception):
    """A function that was called by hand raised; the message is its error."""


@dataclass(frozen=True, kw_only=True)
class LocalStack:
    """Where the stack is. `endpoint` is the emulator, `url` what people open, `outputs` the template's."""

    endpoint: str
    url: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    name: str = NAME

    @property
    def api(self) -> str:
        """The REST API's address on the emulator, without a slash at its end."""
        return api_address(self.outputs, self.endpoint)

    def client(self, service: str, *, timeout: float = 60.0, attempts: int = 3) -> Any:
        """A boto3 client on this stack; `timeout` in seconds for one answer."""
        return emulator.client(service, self.endpoint, timeout=timeout, attempts=attempts)

    def run_schedule(self, function: str) -> Any:
        """Invoke the function of the output `function` as its schedule would; what it returns."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": emulator.ACCOUNT,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": emulator.REGION,
            "resources": [f"arn:aws:events:{emulator.REGION}:{emulator.ACCOUNT}:rule/{self.name}-{function}"],
            "detail": {},
        }
        # One attempt: a schedule whose answer is late must not run twice.
        with closing(self.client("lambda", timeout=_FUNCTION_SECONDS, attempts=1)) as functions:
            answer = functions.invoke(FunctionName=self.outputs[function], Payload=json.dumps(event).encode())
            result = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise FunctionFailed(str((result or {}).get("errorMessage", result)))
        return result

    def reconcile(self) -> Any:
        """Put back on the queues what fell through."""
        return self.run_schedule("ReconcileFunction")

    def nightly(self, *, seconds: float = _EXPORTS_SECONDS) -> list[dict[str, Any]]:
        """Run the night's work now, wait up to `seconds` for its exports: `call`, `export_id`, `state`, `unchanged`?"""
        exports = [dict(export) for export in (self.run_schedule("NightlyFunction") or {}).get("exports", [])]
        deadline = time.monotonic() + seconds
        while True:
            for export in exports:
                if export.get("state") not in FINAL_STATES:
                    export["state"] = self.export_state(export["call"], export["export_id"])
            if time.monotonic() > deadline or all(export["state"] in FINAL_STATES for export in exports):
                break
            time.sleep(_POLL_SECONDS)
        return [
            {
                "call": export["call"],
                "export_id": export["export_id"],
                "state": export["state"],
                **({"unchanged": True} if export.get("unchanged") else {}),
            }
            for export in exports
        ]

    def export_state(self, call: str, export_id: str) -> str | None:
        """The state of one export, or None where there is no such."""
        with closing(self.client("dynamodb")) as tables:
            found = tables.get_item(
                TableName=self.outputs["ExportsTable"],
                Key={"call": {"S": call}, "export_id": {"S": export_id}},
                ConsistentRead=True,
            )
        state = found.get("Item", {}).get("state", {}).get("S")
        return None if state is None else str(state)

    def write(self, file: Path, *, pid: int) -> None:
        """Write where everything is, for tools and tests; the file appears whole."""
        document = {
            "endpoint": self.endpoint,
            "url": self.url,
            "stack": self.name,
            "outputs": dict(self.outputs),
            "pid": pid,
        }
        part = file.with_suffix(".part")
        part.write_text(json.dumps(document, indent=2) + "\n")
        part.replace(file)
