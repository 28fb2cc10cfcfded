"""Packages and deploys the application to the local stack, each only when something has changed."""

import hashlib
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from botocore.exceptions import ClientError

from infra.deploy import deploy
from infra.doctor.place import Place
from infra.local import emulator, stack
from infra.local.completing import complete
from infra.package import Package, package
from infra.report import Change
from infra.stack import outputs as stack_outputs

Say = Callable[[str], None]

_SOURCES = (
    "app.py", "requirements.txt", "chalicelib", ".chalice", "infra/resources",
    "infra/archive.py", "infra/bytecode.py", "infra/hardening.py", "infra/package.py", "infra/slim.py",
    "infra/template.py",
)  # fmt: skip
_LAMBDA_MACHINE = ("Linux", "x86_64", (3, 11))

SENDER = "aufruf@example.org"


def parameters(*, public_url: str, ses_endpoint: str) -> dict[str, str]:
    """The template's parameters on a laptop: everything that waits, waits less."""
    return {
        "PublicUrl": public_url,
        "MailSender": SENDER,
        "SesEndpoint": ses_endpoint,
        "MailTimeoutSeconds": "5",
        "MailLeaseSeconds": "8",
        "MailVisibilitySeconds": "8",
        "MailBackoffSeconds": "1",
        "MailRatePerSecond": "20",
        "DecisionMailSeconds": "20",
        "ExportTimeoutSeconds": "30",
        "ExportLeaseSeconds": "31",
        "ExportVisibilitySeconds": "32",
        "ReconcileSchedule": "rate(1 minute)",
        "CallsCacheSeconds": "1",
        "ExportSettleSeconds": "1",
        "RequireTls": "false",  # the emulator speaks HTTP
        "Firewall": "false",  # the emulator attaches none
    }


class _Steps:
    """What a deployment reports, as sentences."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def step(self, text: str) -> None:
        self._say(text)

    def changes(self, changes: Sequence[Change]) -> None:
        self._say(f"{len(changes)} resources change")

    def progress(self, done: int, total: int, text: str) -> None:
        """Too quick here to be worth a line."""


class Build:
    """Packages the project at `root` and deploys it, remembering in `data` what was done last."""

    def __init__(self, data: Path, *, root: Path = emulator.ROOT) -> None:
        self._data = data
        self._root = root

    def package(self, say: Say) -> Package:
        """The package of the sources as they are; made anew when they have changed. Raises what `package` raises."""
        folder = self._data / "package"
        made = Package(template=folder / "template.json", archive=folder / "deployment.zip")
        note = folder / "made-of.txt"
        sources = self._fingerprint()
        if note.exists() and note.read_text() == sources and made.template.exists() and made.archive.exists():
            return made
        say("Packaging the application")
        note.unlink(missing_ok=True)
        machine = (platform.system(), platform.machine(), sys.version_info[:2])
        made = package(folder, host=machine != _LAMBDA_MACHINE)
        note.write_text(sources)
        return made

    def deploy(self, made: Package, wanted: Mapping[str, str], endpoint: str, say: Say) -> dict[str, str]:
        """The outputs of the stack, deployed when the package or a parameter has changed."""
        session = emulator.session()
        note = self._data / "deployed.json"
        deployed = {"package": _digest(made.template, made.archive), "parameters": dict(wanted), "completed": True}
        if note.exists() and json.loads(note.read_text()) == deployed and self._stands(endpoint):
            return stack_outputs(stack.NAME, session=session, endpoint=endpoint)
        note.unlink(missing_ok=True)
        say("Deploying the production template to the emulator")
        result = deploy(
            made,
            stack=stack.NAME,
            parameters=wanted,
            # Nobody sets any by hand here: what a newer template says is what counts.
            keep=False,
            session=session,
            endpoint=endpoint,
            report=_Steps(say),
        )
        complete(Place(stack.NAME, "local", client=partial(emulator.client, endpoint=endpoint), api="", local=True))
        note.write_text(json.dumps(deployed))
        return result

    def _stands(self, endpoint: str) -> bool:
        try:
            with closing(emulator.client("cloudformation", endpoint)) as stacks:
                found = stacks.describe_stacks(StackName=stack.NAME)["Stacks"][0]
        except ClientError:
            return False
        return str(found["StackStatus"]) in ("CREATE_COMPLETE", "UPDATE_COMPLETE")

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(f"{sys.version} {platform.platform()}".encode())
        for source in _SOURCES:
            for file in _files(self._root / source):
                digest.update(f"{file.relative_to(self._root)}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
        return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for child in sorted(path.iterdir()):
            if child.name not in ("__pycache__", "deployments", "deployed") and child.suffix != ".pyc":
                yield from _files(child)
    elif path.exists():
        yield path


def _digest(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
