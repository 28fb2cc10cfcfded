"""Deploy a package: upload, show what would change, change it, wait. Safe to repeat, also after an interruption.

The same for AWS and for the emulator, which is only another endpoint.
"""

import json
from collections.abc import Callable, Mapping, Sequence

import boto3

from infra.artefacts import Artefacts
from infra.changeset import DeploymentFailed, StackChanger
from infra.package import Package
from infra.report import Change, Report, SilentReport
from infra.stack import outputs
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
    confirm: Callable[[Sequence[Change]], bool] | None = None,
    allow_data_loss: bool = False,
) -> dict[str, str]:
    """Bring `stack` to what `package` and `parameters` say, and give back its outputs.

    A parameter that is not given has its default, or the stack's own value where it has no default. `endpoint` is the
    emulator's address, none for AWS. `confirm` is shown the changes and may decline.

    Raises DataLossRefused (unless `allow_data_loss`), DeploymentDeclined, and DeploymentFailed for everything else.
    """
    report = report or SilentReport()
    changer = StackChanger(stack, session=session, endpoint=endpoint, report=report)
    changer.settle()
    template = json.loads(package.template.read_text(encoding="utf-8"))
    artefacts = Artefacts(session, endpoint)
    report.step(f"Uploading to {artefacts.bucket}")
    artefacts.make_bucket()
    template = with_code(template, bucket=artefacts.bucket, key=artefacts.put_archive(package.archive))
    address = artefacts.put_template(json.dumps(template))
    change_set = changer.propose(address, template.get("Parameters", {}), parameters)
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
    return outputs(stack, session=session, endpoint=endpoint)


def _refuse_data_loss(changes: Sequence[Change]) -> None:
    lost = [
        f"{change.name} ({change.type}) would be {'removed' if change.action == 'Remove' else 'replaced, empty'}"
        for change in changes
        if change.type in _PRECIOUS and (change.action == "Remove" or change.replacement in {"True", "Conditional"})
    ]
    if lost:
        message = "\n".join(["refused, nothing has been changed:", *lost])
        raise DataLossRefused(message)
