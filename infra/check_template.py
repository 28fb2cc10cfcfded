"""Check the template that would be deployed: as it is merged, and as SAM translates it.

    python -m infra.check_template

Needs the development requirements (cfn-lint, aws-sam-translator) and checkov in an environment of its own
(`.venv-checkov`, by `make check`). Exits with 1 when there is any finding.
"""

import copy
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.archive import PackagingFailed
from infra.hardening import argued
from infra.package import PROJECT, package
from infra.template import Template, with_code

CHECKOV = PROJECT / ".venv-checkov" / "bin" / "checkov"

_REGION = "eu-central-1"


class _NoManagedPolicies:
    """SAM asks for the names of managed policies; our roles have none."""

    def load(self) -> dict[str, str]:
        return {}


def translate(template: Template) -> Template:
    """What CloudFormation makes of a SAM template when it deploys it.

    Raises InvalidDocumentException of `samtranslator` where SAM would refuse it.
    """
    from samtranslator.translator.transform import transform  # type: ignore[import-untyped]  # half a second, and only a developer has it

    # SAM takes code from S3 only; any place will do.
    template = with_code(template, bucket="artefacts", key="code.zip")
    region = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = _REGION
    try:
        translated: Template = transform(template, {}, _NoManagedPolicies())
    finally:
        os.environ.pop("AWS_DEFAULT_REGION")
        if region:
            os.environ["AWS_DEFAULT_REGION"] = region
    return translated


def findings(template: Template) -> list[str]:
    """What cfn-lint says about a template, in its own words."""
    from cfnlint.api import lint  # type: ignore[import-untyped]  # a second, and only a developer has it

    matches = lint(json.dumps(template), regions=[_REGION])
    return [f"{match.rule.id} {'/'.join(map(str, match.path or []))}: {match.message}" for match in matches]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What checkov says: findings in its own words, how many checks passed, and which it was told to leave out."""

    findings: list[str]
    passed: int
    skipped: frozenset[str]


def judge(templates: Mapping[str, Template], *, checkov: Path = CHECKOV) -> Judgement:
    """Have checkov look at each template, with the exceptions that `infra.hardening` argues.

    The API's paths are left out: they are all alike, no check reads them, and its graph of them takes most of a minute.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [str(checkov), "--framework", "cloudformation", "--skip-download", "--output", "json"]
        for name, template in templates.items():
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps(_without_paths(argued(template)), indent=1), encoding="utf-8")
            command += ["--file", str(path)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603 - ours
        report = json.loads(answer.stdout)
    results = report["results"]
    return Judgement(
        findings=[f"{one['check_id']} {one['resource']}: {one['check_name']}" for one in results["failed_checks"]]
        + [f"cannot be read: {name}" for name in results["parsing_errors"]],
        passed=len(results["passed_checks"]),
        skipped=frozenset(one["check_id"] for one in results["skipped_checks"]),
    )


def _without_paths(template: Template) -> Template:
    result = copy.deepcopy(template)
    for resource in result["Resources"].values():
        for body in ("DefinitionBody", "Body"):
            resource.get("Properties", {}).get(body, {}).pop("paths", None)
    return result


def main() -> int:
    """Check from the command line; 0 when there are no findings."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            merged = json.loads(package(Path(folder)).template.read_text(encoding="utf-8"))
        except PackagingFailed as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command speaks
            return 1
    templates = {"merged": merged, "translated": translate(merged)}
    found = {f"cfn-lint, {name} template": findings(template) for name, template in templates.items()}
    judgement = judge(templates)
    skipped = ", ".join(sorted(judgement.skipped))
    found[f"checkov, {judgement.passed} passed, {len(judgement.skipped)} argued exceptions ({skipped})"] = (
        judgement.findings
    )
    for name, lines in found.items():
        print(f"{name}:", *(lines or ["no findings"]), sep="\n  " if lines else " ")  # noqa: T201 - a command speaks
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
