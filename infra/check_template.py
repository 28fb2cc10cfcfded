"""Check the template that would be deployed: as it is merged, and as SAM translates it.

    python -m infra.check_template

Needs the development requirements (cfn-lint, aws-sam-translator). Exits with 1 when there is any finding.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from infra.archive import PackagingFailed
from infra.package import package
from infra.template import Template, with_code

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


def main() -> int:
    """Check from the command line; 0 when there are no findings."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            merged = json.loads(package(Path(folder)).template.read_text(encoding="utf-8"))
        except PackagingFailed as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command speaks
            return 1
    found = {"merged": findings(merged), "translated": findings(translate(merged))}
    for name, lines in found.items():
        print(f"{name} template:", *(lines or ["no findings"]), sep="\n  " if lines else " ")  # noqa: T201 - a command speaks
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
