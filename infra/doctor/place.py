"""The stack that is looked at: its clients, its resources, its template."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: which, what about it, and what mends it (a command where there is one)."""

    subject: str
    wrong: str
    mend: str


class NotHere(Exception):
    """There is nothing to look at on this stage; the message says why."""


class Place:
    """One stack. `client` makes a boto3 client of a service; `api` is where its API answers, without a slash at its
    end; `local` is the stack of `make run`, which has no TLS, no SES and nobody to wake.
    """

    def __init__(self, stack: str, stage: str, *, client: Callable[[str], Any], api: str, local: bool) -> None:
        self.stack = stack
        self.stage = stage
        self.api = api
        self.local = local
        self._make = client
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The client of a service, the same each time."""
        if service not in self._clients:
            self._clients[service] = self._make(service)
        return self._clients[service]

    @cached_property
    def described(self) -> Mapping[str, Any]:
        """What CloudFormation says of the stack."""
        found: Mapping[str, Any] = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][0]
        return found

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The stack's parameters."""
        return {one["ParameterKey"]: one["ParameterValue"] for one in self.described.get("Parameters", [])}

    @cached_property
    def template(self) -> dict[str, Any]:
        """The resources of the template that was deployed, before SAM."""
        answer = self.client("cloudformation").get_template(StackName=self.stack, TemplateStage="Original")
        body = answer["TemplateBody"]
        # boto3 reads JSON for us.
        resources: dict[str, Any] = (json.loads(body) if isinstance(body, str) else body)["Resources"]
        return resources

    @cached_property
    def resources(self) -> list[Mapping[str, Any]]:
        """What the stack is made of, SAM's own resources too."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.stack)
        return [one for page in pages for one in page["StackResourceSummaries"]]

    def physical(self, logical: str) -> str | None:
        """The physical id of a resource; none where the stage has no such."""
        for one in self.resources:
            if one["LogicalResourceId"] == logical:
                return str(one["PhysicalResourceId"])
        return None

    def of_type(self, kind: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Logical id, physical id and the template's properties (none for what SAM made) of all of a kind."""
        for one in self.resources:
            if one["ResourceType"] == kind and one.get("PhysicalResourceId"):
                name = one["LogicalResourceId"]
                yield name, one["PhysicalResourceId"], self.template.get(name, {}).get("Properties", {})

    @property
    def again(self) -> str:
        """The command that deploys this stage."""
        return "stop and start: make run" if self.local else f"make deploy STAGE={self.stage}"
