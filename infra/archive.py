"""The zip that goes to Lambda: the dependencies, built once for each lock file, and the app on top of them."""

import hashlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

# What chalice writes into every zip beside the dependencies.
_APP = ("app.py", "chalicelib/", "chalice/")

# Chalice packages only what has a function.
_DEPENDENCIES_APP = """\
from chalice.app import Chalice

app = Chalice("dependencies")


@app.lambda_function()
def nothing(event, context):
    pass
"""
_DEPENDENCIES_CONFIG = '{"version": "2.0", "app_name": "dependencies", "stages": {"prod": {"autogen_policy": false}}}'


class PackagingFailed(Exception):
    """The app could not be packaged; the message holds what the tool said."""


def run_chalice(project: Path, *arguments: str, region: str) -> str:
    """Run chalice in `project` and give back what it printed.

    Raises PackagingFailed, with chalice's own words, when it fails, and when it says that a dependency is missing,
    which it does not count as a failure.
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter, and arguments of our own
        [sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())", *arguments],
        cwd=project,
        env=_environment(region),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode or "Could not install dependencies" in done.stdout:
        message = f"chalice {' '.join(arguments)} failed:\n{done.stdout.strip()}"
        raise PackagingFailed(message)
    return done.stdout


def _environment(region: str) -> dict[str, str]:
    """Our environment without AWS settings: packaging needs a region (it fails without) and no account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    # Chalice imports the app; without this its __pycache__ would ship.
    return {**kept, "AWS_DEFAULT_REGION": region, "PYTHONDONTWRITEBYTECODE": "1"}


def dependencies(requirements: Path, cache: Path, *, for_host: bool, region: str) -> Path:
    """A zip of everything in `requirements`, from `cache` when it has been built before.

    `for_host` builds for this machine instead of for Lambda, which is the same thing on an x86-64 Linux. On another
    machine the local stack needs it, since its functions run right there.
    """
    for_host = for_host and not _like_lambda()
    facts = [
        requirements.read_text(encoding="utf-8"),
        importlib.metadata.version("chalice"),
        platform.python_version() if for_host else ".".join(platform.python_version_tuple()[:2]),
        f"{platform.system()} {platform.machine()}" if for_host else "lambda",
    ]
    key = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    built = cache / f"dependencies-{key}.zip"
    if not built.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as scratch:
            build = _install_for_host if for_host else _install_for_lambda
            whole = build(requirements, Path(scratch), region)
            # Named when whole, so that an interrupted build is never taken for a finished one.
            whole.replace(built)
    return built


def _like_lambda() -> bool:
    return platform.system() == "Linux" and platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc"


def _install_for_lambda(requirements: Path, scratch: Path, region: str) -> Path:
    """Let chalice choose the wheels: it knows Lambda's platform, and honours the hashes."""
    (scratch / ".chalice").mkdir()
    (scratch / ".chalice" / "config.json").write_text(_DEPENDENCIES_CONFIG, encoding="utf-8")
    (scratch / "app.py").write_text(_DEPENDENCIES_APP, encoding="utf-8")
    shutil.copy2(requirements, scratch / "requirements.txt")
    run_chalice(scratch, "package", "out", region=region)
    result = scratch / "dependencies.zip"
    with (
        zipfile.ZipFile(scratch / "out" / "deployment.zip") as source,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in sorted(source.infolist(), key=lambda entry: entry.filename):
            if not entry.filename.startswith(_APP):
                target.writestr(entry, source.read(entry))
    return result


def _install_for_host(requirements: Path, scratch: Path, _region: str) -> Path:
    folder = scratch / "site-packages"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", str(folder)]
    done = subprocess.run(  # noqa: S603 - our own interpreter, and arguments of our own
        [*pip, "-r", str(requirements)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        message = f"pip could not install {requirements.name}:\n{done.stdout.strip()}"
        raise PackagingFailed(message)
    result = scratch / "dependencies.zip"
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                target.write(path, path.relative_to(folder))
    return result


def put_app_on(dependencies_zip: Path, app_zip: Path, target: Path) -> None:
    """Write `target`: a copy of the dependencies with the app's files added. Compresses the app only."""
    shutil.copyfile(dependencies_zip, target)
    with zipfile.ZipFile(app_zip) as app, zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as whole:
        for entry in sorted(app.infolist(), key=lambda entry: entry.filename):
            whole.writestr(entry, app.read(entry))


def sha256(path: Path) -> str:
    """The file's SHA-256, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_imports_alone(archive: Path, handlers: Iterable[str]) -> None:
    """Import every handler (`module.name`) with the standard library and the zip's content, and nothing else.

    The emulator's functions see the emulator's own packages, so a deployed test does not show what the zip lacks.
    Raises PackagingFailed with the traceback.
    """
    program = (
        "import importlib, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "for handler in sys.argv[2:]:\n"
        "    module, name = handler.rsplit('.', 1)\n"
        "    getattr(importlib.import_module(module), name)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as whole:
            whole.extractall(folder)
        done = subprocess.run(  # noqa: S603 - as above
            [sys.executable, "-I", "-S", "-B", "-c", program, folder, *handlers],
            cwd=folder,
            # All that Lambda promises. The stage's settings are not there: importing must not need them.
            env={"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1", "LAMBDA_TASK_ROOT": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode:
        message = f"{archive.name} does not import alone:\n{done.stdout.strip()}"
        raise PackagingFailed(message)
