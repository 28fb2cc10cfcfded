"""Deploy a package: upload, show what would change, change it, wait. Safe to repeat, also after an interruption.

The same for AWS and for the emulator, which is only another endpoint.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import boto3

from infra.artefacts import Artefacts
from infra.changeset import StackChanger
from infra.package import Package
from infra.report import Change, Report, SilentReport
from infra.stack import outputs
from infra.stage import DeploymentFailed, kept
from infra.template import with_code

__all__ = ["DataLossRefused", "DeploymentDeclined", "DeploymentFailed", "deploy"]

# Types whose content is what a call is about.
_PRECIOUS = frozenset({"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"})


class DataLossRefused(DeploymentFailed):
    """The change would replace or remove a table, a bucket or the keys. Nothing has been changed."""


class DeploymentDeclined(DeploymentFailed):
    """Whoever was asked said no. Nothing has been changed."""


def deploy(
    package: Package,
    *,
    stack: str,
    parameters: Mapping[str, str],
    session: boto3.Session,
    report: Report | None = None,
    endpoint: str | None = None,
    keep: bool = True,
    watch_minutes: int = 0,
    confirm: Callable[[Sequence[Change]], bool] | None = None,
    allow_data_loss: bool = False,
    prove: Callable[[Mapping[str, str]], None] | None = None,
) -> dict[str, str]:
    """Bring `stack` to what `package` and `parameters` say, and give back its outputs.

    A parameter that is not given keeps the value that the stack has; with `keep` off, it gets the template's default.
    `endpoint` is the emulator's address, none for AWS. `watch_minutes` as in `StackChanger.propose`. `confirm` is shown
    the changes and may decline. `prove` is handed the outputs of what was deployed and raises DeploymentFailed where it
    does not work: an update is then taken back.

    Raises DataLossRefused (unless `allow_data_loss`), DeploymentDeclined, and DeploymentFailed for everything else.
    """
    report = report or SilentReport()
    changer = StackChanger(stack, session=session, endpoint=endpoint, report=report)
    changer.settle()
    artefacts = Artefacts(session, endpoint)
    report.step(f"Uploading to {artefacts.bucket}")
    artefacts.make_bucket()
    template = json.loads(package.template.read_text(encoding="utf-8"))
    template = with_code(template, bucket=artefacts.bucket, key=artefacts.put_archive(package.archive))
    before = Before(changer.template(), changer.parameters())
    declared = template.get("Parameters", {})
    if keep:
        for line in kept(declared, parameters, before.parameters):
            report.step(line)
    address = artefacts.put_template(json.dumps(template))
    change_set = changer.propose(address, declared, parameters, keep=keep, watch_minutes=watch_minutes)
    if change_set is None:
        report.step(f"{stack} is up to date")
    else:
        report.changes(change_set.changes)
        try:
            if not allow_data_loss:
                _refuse_data_loss(change_set.changes)
            if confirm and not confirm(change_set.changes):
                raise DeploymentDeclined("declined; nothing has been changed")
        except DeploymentFailed:
            changer.withdraw(change_set)
            raise
        changer.execute(change_set)
    found = outputs(stack, session=session, endpoint=endpoint)
    if prove:
        report.step("Trying what was deployed")
        try:
            prove(found)
        except DeploymentFailed as error:
            if change_set is None or before.template is None:
                raise
            _take_back(changer, artefacts, before, report, error)
    return found


@dataclass(frozen=True, slots=True)
class Before:
    """What a stack was before: its template as text, none for a new one, and its parameters."""

    template: str | None
    parameters: Mapping[str, str]


def _take_back(
    changer: StackChanger, artefacts: Artefacts, before: Before, report: Report, error: DeploymentFailed
) -> NoReturn:
    """Deploy again what stood before. What the new template had added stays, as everything that holds data does."""
    report.step(f"It does not work: {error}")
    report.step("Deploying again what stood before")
    template = before.template or ""
    address = artefacts.put_template(template)
    change_set = changer.propose(address, json.loads(template).get("Parameters", {}), before.parameters, keep=False)
    if change_set:
        changer.execute(change_set)
    message = f"{error}\nWhat stood before has been deployed again."
    raise DeploymentFailed(message) from error


def _refuse_data_loss(changes: Sequence[Change]) -> None:
    lost = [
        f"{change.name} ({change.type}) would be {'removed' if change.action == 'Remove' else 'replaced, empty'}"
        for change in changes
        if change.type in _PRECIOUS and (change.action == "Remove" or change.replacement in {"True", "Conditional"})
    ]
    if lost:
        message = "\n".join(["refused, nothing has been changed:", *lost])
        raise DataLossRefused(message)
