"""Make what is deployed: the zip with the app, and the one template for a laptop and for AWS.

    python -m infra.package OUT [--stage prod] [--host]

Safe to repeat, and quick when nothing or only the app has changed: dependencies are built once for each lock file,
and a zip that has been proven to import alone is not proven again. Whatever goes wrong, nothing stale is left in OUT.
"""

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra import archive
from infra.archive import PackagingFailed
from infra.template import ResourcesInvalid, Template, complete, functions, read_resources

PROJECT = Path(__file__).resolve().parent.parent

# Names that packaging resolves by region are the same in all of them; the stack's region is the session's.
_REGION = "eu-central-1"

_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.py[co]", ".*", "*~", "*.orig", "*.rej")


@dataclass(frozen=True, slots=True)
class Package:
    """One build, ready to deploy: a SAM template (JSON), and beside it the zip it names."""

    template: Path
    archive: Path


def package(
    out: Path,
    *,
    stage: str = "prod",
    host: bool = False,
    project: Path = PROJECT,
    cache: Path | None = None,
) -> Package:
    """Package the app into `out`, replacing what an earlier run left there.

    `stage` is one of `.chalice/config.json`. `host` takes dependencies for this machine instead of Lambda's, for a
    local stack on another system than x86-64 Linux. `cache` keeps what is slow to make (`.cache/package` by default).

    Raises PackagingFailed, with the tool's own words, when chalice or pip fail, when `infra/resources/` does not fit
    the app, or when the zip does not import alone.
    """
    cache = cache or project / ".cache" / "package"
    result = Package(template=out / "template.json", archive=out / "deployment.zip")
    for stale in (result.template, result.archive):
        stale.unlink(missing_ok=True)
    if not (project / "requirements.txt").is_file():
        message = f"no requirements.txt in {project}"
        raise PackagingFailed(message)
    dependencies = archive.dependencies(project / "requirements.txt", project / "chalicelib", cache, for_host=host)
    out.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that both files can be moved into place whole.
    with tempfile.TemporaryDirectory(dir=out, prefix="packaging-") as scratch:
        staging = Path(scratch)
        template = chalice_app(project, staging, stage)
        whole = staging / "whole.zip"
        archive.put_app_on(dependencies, staging / "out" / "deployment.zip", whole, scratch=staging)
        _prove(whole, template, cache)
        whole.replace(result.archive)
    result.template.write_text(json.dumps(template, indent=1) + "\n", encoding="utf-8")
    return result


def chalice_app(project: Path, staging: Path, stage: str) -> Template:
    """Package a clean copy of the app without its dependencies; gives the finished template."""
    shutil.copy2(project / "app.py", staging / "app.py")
    shutil.copytree(project / "chalicelib", staging / "chalicelib", ignore=_NOT_SHIPPED)
    (staging / ".chalice").mkdir()
    for path in (project / ".chalice").glob("*.json"):
        shutil.copy2(path, staging / ".chalice" / path.name)
    try:
        (staging / "resources.json").write_text(json.dumps(read_resources(project / "infra" / "resources")))
        merge = ("--merge-template", "resources.json")
        archive.run_chalice(staging, "package", "--stage", stage, *merge, "out", region=_REGION)
        return complete(json.loads((staging / "out" / "sam.json").read_text(encoding="utf-8")))
    except ResourcesInvalid as error:
        raise PackagingFailed(str(error)) from error


def _prove(whole: Path, template: Template, cache: Path) -> None:
    handlers = sorted({function["Properties"]["Handler"] for function in functions(template).values()})
    proven = cache / "proven" / archive.sha256(whole)
    if proven.exists():
        return
    archive.check_imports_alone(whole, handlers)
    proven.parent.mkdir(exist_ok=True)
    proven.touch()


def main(arguments: list[str] | None = None) -> int:
    """Package from the command line; 0 when it worked."""
    parser = argparse.ArgumentParser(prog="python -m infra.package", description="Package Aufruf for deployment.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--host", action="store_true", help="dependencies for this machine, for a local stack")
    options = parser.parse_args(arguments)
    try:
        made = package(options.out, stage=options.stage, host=options.host)
    except PackagingFailed as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command speaks
        return 1
    print(made.template, made.archive, sep="\n")  # noqa: T201 - a command speaks
    return 0


if __name__ == "__main__":
    sys.exit(main())
