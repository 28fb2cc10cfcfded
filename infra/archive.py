"""The zip that goes to Lambda: the dependencies, built once for each lock file, and the app on top of them.

The same sources make the same bytes, whenever and wherever they are packaged.
"""

import hashlib
import inspect
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from infra import bytecode, slim

# What runs on Amazon Linux 2, where Lambda's Python 3.11 lives: glibc 2.26 and older (PEP 600), on Intel.
LAMBDA_PLATFORMS = ("manylinux_2_26_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_KEPT = 4  # zips of dependencies in the cache
_COMPILE_TEMPLATES = "from chalicelib.web.templating import compile_templates; compile_templates()"


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


def dependencies(requirements: Path, app: Path, cache: Path, *, for_host: bool) -> Path:
    """A zip of what the app uses of everything in `requirements`, from `cache` when it has been built before.

    `for_host` builds for this machine instead of for Lambda, which is the same thing on an x86-64 Linux. On another
    machine the local stack needs it, since its functions run right there.
    """
    for_host = for_host and not _like_lambda()
    kept, languages = slim.operations(app), slim.languages(app)
    facts = [
        requirements.read_text(encoding="utf-8"),
        json.dumps([kept, languages]),
        inspect.getsource(slim),
        inspect.getsource(bytecode),
        platform.python_version() if for_host else ".".join(platform.python_version_tuple()[:2]),
        f"{platform.system()} {platform.machine()}" if for_host else " ".join(LAMBDA_PLATFORMS),
    ]
    key = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    built = cache / f"dependencies-{key}.zip"
    if not built.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as scratch:
            folder = Path(scratch) / "site-packages"
            _install(requirements, folder, () if for_host else LAMBDA_PLATFORMS)
            slim.slim(folder, kept, languages)
            bytecode.compile_all(folder)
            whole = Path(scratch) / "whole.zip"
            bytecode.write_zip(folder, whole)
            # Named when whole, so that an interrupted build is never taken for a finished one.
            whole.replace(built)
        _forget_old(cache)
    built.touch()
    return built


def _forget_old(cache: Path) -> None:
    """Keep the zips that were used last: each is for one lock file, and lock files change."""
    by_age = sorted(cache.glob("dependencies-*.zip"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in by_age[_KEPT:]:
        path.unlink(missing_ok=True)


def _like_lambda() -> bool:
    return platform.system() == "Linux" and platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc"


def _install(requirements: Path, folder: Path, platforms: Sequence[str]) -> None:
    """Install what `requirements` pins into `folder`; wheels for `platforms`, or for this machine when there are none.

    Not chalice's own installer: where no wheel fits, it compiles for minutes what then need not run on Lambda.
    """
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-compile",
        "--no-deps",
    ]
    pip += ["--target", str(folder), "--only-binary=:all:", "--implementation", "cp"]
    version = ".".join(platform.python_version_tuple()[:2])
    for name in platforms:
        pip += ["--platform", name, "--python-version", version]
    done = subprocess.run(  # noqa: S603 - our own interpreter, and arguments of our own
        [*pip, "-r", str(requirements)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        message = f"pip could not install {requirements.name}:\n{done.stdout.strip()}"
        raise PackagingFailed(message)


def put_app_on(dependencies_zip: Path, app_zip: Path, target: Path, *, scratch: Path) -> None:
    """Write `target`: a copy of the dependencies with the app added, its templates and modules compiled.

    Raises PackagingFailed with the words of what could not be compiled.
    """
    folder = scratch / "app"
    with zipfile.ZipFile(app_zip) as app:
        app.extractall(folder)
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own code
        [sys.executable, "-B", "-c", _COMPILE_TEMPLATES],
        cwd=folder,
        env={**_environment(""), "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"the templates could not be compiled:\n{done.stdout.strip()}"
        raise PackagingFailed(message)
    try:
        bytecode.compile_all(folder)
    except bytecode.NotCompiled as error:
        raise PackagingFailed(str(error)) from error
    shutil.copyfile(dependencies_zip, target)
    with zipfile.ZipFile(target, "a") as whole:
        bytecode.add_to_zip(folder, whole)


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
