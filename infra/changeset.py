"""CloudFormation's side of a deployment: what state the stack is in, change sets, and waiting."""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from infra.report import Change, Report
from infra.stage import DeploymentFailed, given
from infra.watching import watched

if TYPE_CHECKING:
    from types_boto3_cloudformation.literals import ChangeSetTypeType
    from types_boto3_cloudformation.type_defs import (
        ChangeTypeDef,
        DescribeChangeSetOutputTypeDef,
        RollbackConfigurationTypeDef,
        StackEventTypeDef,
        StackTypeDef,
    )

_NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")

WAY_OUT = {
    "UPDATE_ROLLBACK_FAILED": "repair what its events name, then: aws cloudformation continue-update-rollback",
    "ROLLBACK_FAILED": "it has never worked, so: aws cloudformation delete-stack, then deploy again",
    "CREATE_FAILED": "it has never worked, so: aws cloudformation delete-stack, then deploy again",
    "DELETE_FAILED": "finish deleting it: aws cloudformation delete-stack, then deploy again",
}

_AWS_SECONDS = 3.0
_EMULATOR_SECONDS = 0.1
_LIMIT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change that CloudFormation has computed and not yet made. `id` is its ARN."""

    id: str
    changes: list[Change]


class StackChanger:
    """Makes and executes change sets on one stack. `endpoint` is the emulator's address, none for AWS."""

    def __init__(self, stack: str, *, session: boto3.Session, endpoint: str | None, report: Report) -> None:
        self._stack = stack
        self._client = session.client("cloudformation", endpoint_url=endpoint)
        self._alarms = partial(session.client, "cloudwatch", endpoint_url=endpoint)
        self._report = report
        self._pause = _EMULATOR_SECONDS if endpoint else _AWS_SECONDS

    def settle(self) -> None:
        """Bring the stack to where a change set can be made: wait for what still runs, clear a failed first try away.

        Raises DeploymentFailed, with the way out, where only a person can go on.
        """
        status = self._status()
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            self._report.step(f"Waiting for an earlier deployment of {self._stack} ({status})")
            status = self._wait()
        if status in WAY_OUT:
            message = f"{self._stack} is in {status}; {WAY_OUT[status]}"
            raise DeploymentFailed(message)
        if status == "ROLLBACK_COMPLETE":
            # A creation that failed leaves an empty stack, which can only be deleted.
            self._report.step(f"Removing what a failed first deployment of {self._stack} left")
            self._client.delete_stack(StackName=self._stack)
            self._wait()

    def propose(
        self,
        template_url: str,
        declared: Mapping[str, Any],
        parameters: Mapping[str, str],
        *,
        keep: bool = True,
        watch_minutes: int = 0,
    ) -> ChangeSet | None:
        """Have CloudFormation compute what would change; none if nothing would.

        `declared` is the template's own parameters; `keep` leaves those that are not given as the stack has them,
        otherwise only those without a default. With `watch_minutes` CloudFormation undoes an update of its own accord
        when one of the stack's alarms rings meanwhile, or so long afterwards.

        Raises DeploymentFailed, with CloudFormation's reason.
        """
        stack = self._describe()
        new = stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS"
        watch: RollbackConfigurationTypeDef = {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}
        if watch_minutes and not new:
            watch = watched(self._client, self._alarms(), self._stack, watch_minutes, self._report)
        kind: ChangeSetTypeType = "CREATE" if new else "UPDATE"
        try:
            made = self._client.create_change_set(
                StackName=self._stack,
                # A name of its own each time: one that an interrupted run left behind is not in the way.
                ChangeSetName=f"deploy-{secrets.token_hex(8)}",
                ChangeSetType=kind,
                TemplateURL=template_url,
                Parameters=given(declared, parameters, _values(stack), keep=keep),
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
                # Said each time: a stack keeps the triggers of its last update.
                RollbackConfiguration=watch,
            )
        except ClientError as error:
            raise DeploymentFailed(str(error)) from error
        described = self._wait_for_change_set(made["Id"])
        change_set = ChangeSet(made["Id"], [_change(change) for change in self._changes(described)])
        if described["Status"] != "FAILED":
            return change_set
        reason = described.get("StatusReason", "")
        self.withdraw(change_set)
        if any(text in reason for text in _NOTHING_TO_DO):
            return None
        message = f"CloudFormation refuses the template: {reason}"
        raise DeploymentFailed(message)

    def withdraw(self, change_set: ChangeSet) -> None:
        """Delete a change set without executing it."""
        self._client.delete_change_set(ChangeSetName=change_set.id)

    def execute(self, change_set: ChangeSet) -> None:
        """Make the change and wait until it is made. Raises DeploymentFailed with the reasons of what failed."""
        seen = {event["EventId"] for event in self._events()}
        self._report.step(f"Deploying {self._stack}")
        # New tables and the like are kept when a stack is deleted, but not when its creation fails half-way:
        # the next try would leave one more of each behind.
        self._client.execute_change_set(ChangeSetName=change_set.id, RetainExceptOnCreate=True)
        status = self._wait(seen, total=len(change_set.changes))
        if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            reasons = [
                f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
                for event in reversed(list(self._events()))
                if event["EventId"] not in seen
                and event.get("ResourceStatusReason", "")
                # An alarm that rang is the reason of the rollback itself.
                and event.get("ResourceStatus", "").endswith(("_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS"))
                and "cancelled" not in event["ResourceStatusReason"]
            ]
            message = "\n".join([f"{self._stack} is in {status}", *reasons])
            raise DeploymentFailed(message)

    def parameters(self) -> dict[str, str]:
        """The parameters the stack has, by name; none where there is no stack."""
        return _values(self._describe())

    def template(self) -> str | None:
        """The template the stack was last deployed with, as it was handed over; none where it never was."""
        if self._status() in {"", "REVIEW_IN_PROGRESS"}:
            return None
        body: Any = self._client.get_template(StackName=self._stack, TemplateStage="Original")["TemplateBody"]
        # boto3 reads JSON for us.
        return body if isinstance(body, str) else json.dumps(body)

    def _describe(self) -> "StackTypeDef | None":
        try:
            return self._client.describe_stacks(StackName=self._stack)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    def _status(self) -> str:
        stack = self._describe()
        return stack["StackStatus"] if stack else ""

    def _wait(self, seen: set[str] | None = None, total: int = 0) -> str:
        """Poll until nothing is in progress; the status then, empty for a stack that is gone.

        With `seen`, the ids of older events, tells how many of `total` resources are finished.
        """
        deadline = time.monotonic() + _LIMIT_SECONDS
        while time.monotonic() < deadline:
            if seen is not None:
                self._tell(seen, total)
            status = self._status()
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(self._pause)
        message = f"{self._stack} is still not finished; deploy again to go on waiting"
        raise DeploymentFailed(message)

    def _tell(self, seen: set[str], total: int) -> None:
        finished = [
            event["LogicalResourceId"]
            for event in self._events()
            if event["EventId"] not in seen
            and event.get("ResourceStatus") in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}
            and event.get("PhysicalResourceId") != event["StackId"]
        ]
        if finished:
            done = len(set(finished))
            self._report.progress(done, max(done, total), finished[0])

    def _events(self) -> "Iterator[StackEventTypeDef]":
        """The stack's events, newest first."""
        try:
            for page in self._client.get_paginator("describe_stack_events").paginate(StackName=self._stack):
                yield from page["StackEvents"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise

    def _wait_for_change_set(self, name: str) -> "DescribeChangeSetOutputTypeDef":
        deadline = time.monotonic() + _LIMIT_SECONDS
        while time.monotonic() < deadline:
            described = self._client.describe_change_set(ChangeSetName=name)
            if described["Status"] in {"CREATE_COMPLETE", "FAILED"}:
                return described
            time.sleep(self._pause)
        message = f"CloudFormation does not finish computing the change of {self._stack}"
        raise DeploymentFailed(message)

    def _changes(self, described: "DescribeChangeSetOutputTypeDef") -> "Iterator[ChangeTypeDef]":
        yield from described.get("Changes", [])
        while token := described.get("NextToken"):
            described = self._client.describe_change_set(ChangeSetName=described["ChangeSetId"], NextToken=token)
            yield from described.get("Changes", [])


def _change(change: "ChangeTypeDef") -> Change:
    resource = change["ResourceChange"]
    return Change(
        action=resource["Action"],
        name=resource["LogicalResourceId"],
        type=resource["ResourceType"],
        replacement=resource.get("Replacement", ""),
    )


def _values(stack: "StackTypeDef | None") -> dict[str, str]:
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack.get("Parameters", [])} if stack else {}
