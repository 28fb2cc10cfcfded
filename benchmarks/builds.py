"""The builds that are measured, unpacked as Lambda unpacks them, in `.cache/benchmarks`.

What is slow to make is kept there: the dependencies of each stack, by their lock file. Apps are put on anew each time.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import work
from infra import archive, bytecode
from infra.package import PROJECT, chalice_app, package

STACKS = Path(__file__).parent / "stacks"
CACHE = PROJECT / ".cache" / "benchmarks"
_REGION = "eu-central-1"
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# Chalice packages only what has a function.
_DEPENDENCIES_APP = """\
from chalice.app import Chalice

app = Chalice("dependencies")


@app.lambda_function()
def nothing(event, context):
    pass
"""
_DEPENDENCIES_CONFIG = '{"version": "2.0", "app_name": "dependencies"}'


@dataclass(frozen=True)
class Build:
    """One build: its unpacked folder, what Lambda is told to call, and the bytes of its zip."""

    name: str
    folder: Path
    handler: str
    zip_bytes: int

    @property
    def certificates(self) -> Path:
        return self.folder / "botocore" / "cacert.pem"


def client() -> Path:
    """Lambda's runtime client with byte code, as Lambda has it beside the function."""
    return _kept("client", PROJECT / "requirements-benchmarks.txt", _install_client)


def ours(folder: Path) -> tuple[Build, Path]:
    """Aufruf as `make deploy` ships it, unpacked below `folder`, and its zip."""
    made = package(folder / "package", cache=PROJECT / ".cache" / "package")
    with zipfile.ZipFile(made.archive) as whole:
        whole.extractall(folder / "ours")
    return Build("Aufruf", folder / "ours", "app.app", made.archive.stat().st_size), made.archive


def plain(folder: Path) -> Build:
    """Aufruf as `chalice package` ships it: every dependency whole, no byte code."""
    dependencies = _kept("plain", PROJECT / "requirements.txt", _install_for_lambda)
    staging = folder / "plain-staging"
    staging.mkdir()
    chalice_app(PROJECT, staging, "prod")
    whole = staging / "whole.zip"
    shutil.copyfile(dependencies / "dependencies.zip", whole)
    with zipfile.ZipFile(staging / "out" / "deployment.zip") as app, zipfile.ZipFile(whole, "a") as target:
        app.extractall(folder / "plain")
        for name in app.namelist():
            if not name.startswith("chalice/") and name != "app.py":  # those two are in the dependencies' zip already
                target.writestr(name, app.read(name), zipfile.ZIP_DEFLATED)
    _link(dependencies / "site-packages", folder / "plain")
    return Build("Aufruf, plain chalice package", folder / "plain", "app.app", whole.stat().st_size)


def others(folder: Path, *, compiled: bool = False, only: str = "") -> list[Build]:
    """The comparison stacks. `compiled`: with byte code beside each module, which none of their packagers adds."""
    sources = sorted(path.parent for path in STACKS.glob("*/app.py"))
    return [_other(source, folder, compiled=compiled) for source in sources if only in source.name]


def _other(source: Path, folder: Path, *, compiled: bool) -> Build:
    dependencies = _kept(source.name, source / "requirements.txt", _install_for_lambda)
    name = source.name + ("-compiled" if compiled else "")
    target = folder / name
    kind = "compiled" if compiled else "site-packages"
    if compiled and not (dependencies / kind).exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            shutil.copytree(dependencies / "site-packages", Path(scratch) / kind)
            bytecode.compile_all(Path(scratch) / kind)
            (Path(scratch) / kind).rename(dependencies / kind)
    target.mkdir(parents=True)
    _link(dependencies / kind, target)
    shutil.copyfile(source / "app.py", target / "app.py")
    room = target
    if "chalice" in source.name:
        room = target / "chalicelib"
        room.mkdir()
        (room / "__init__.py").touch()
        _chalice_runtime(target)
    shutil.copyfile(STACKS / "shared" / "form.py", room / "form.py")
    (room / "form.json").write_text(json.dumps(work.form()), encoding="utf-8")
    if compiled:
        own = [target / "app.py", *room.glob("form.py"), *target.glob("chalice/*.py"), *target.glob("chalicelib/*.py")]
        arguments = ["-q", "--invalidation-mode", "unchecked-hash", *map(str, own)]
        subprocess.run([sys.executable, "-m", "compileall", *arguments], check=True)
    return Build(name, target, "app.app", (dependencies / "dependencies.zip").stat().st_size)


def _chalice_runtime(target: Path) -> None:
    """Of Chalice, its packager ships these two modules."""
    import chalice

    (target / "chalice").mkdir()
    for name in ("__init__.py", "app.py"):
        shutil.copyfile(Path(chalice.__file__).with_name(name), target / "chalice" / name)


def _link(source: Path, target: Path) -> None:
    """Put everything in `source` into `target` by links: a hundred megabytes need no copying."""
    for path in source.iterdir():
        if not (target / path.name).exists():
            (target / path.name).symlink_to(path)


def _kept(name: str, requirements: Path, install: Callable[[Path, Path], None]) -> Path:
    """What `install` makes of `requirements`, from the cache when it has been made before."""
    facts = requirements.read_bytes() + _PYTHON.encode()
    built = CACHE / f"{name}-{hashlib.sha256(facts).hexdigest()[:12]}"
    if not built.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        print(f"preparing {name} (once) …", file=sys.stderr)
        for old in CACHE.glob(f"{name}-*"):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="building-") as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            install(requirements, made)
            made.rename(built)
    return built


def _install_client(requirements: Path, made: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--target", str(made)]
    subprocess.run([*pip, "-r", str(requirements)], check=True)


def _install_for_lambda(requirements: Path, made: Path) -> None:
    """Let chalice package an app that does nothing but have these requirements."""
    scratch = made / "scratch"
    (scratch / ".chalice").mkdir(parents=True)
    (scratch / ".chalice" / "config.json").write_text(_DEPENDENCIES_CONFIG, encoding="utf-8")
    (scratch / "app.py").write_text(_DEPENDENCIES_APP, encoding="utf-8")
    shutil.copy2(requirements, scratch / "requirements.txt")
    archive.run_chalice(scratch, "package", "out", region=_REGION)
    packed, folder = scratch / "out" / "deployment.zip", made / "site-packages"
    with zipfile.ZipFile(packed) as source:
        source.extractall(folder)
    (folder / "app.py").unlink()
    shutil.rmtree(folder / "chalice")
    packed.rename(made / "dependencies.zip")
    shutil.rmtree(scratch)


def prepare() -> None:
    """Make everything that is kept."""
    client()
    _kept("plain", PROJECT / "requirements.txt", _install_for_lambda)
    with tempfile.TemporaryDirectory() as scratch:
        others(Path(scratch), compiled=True)


if __name__ == "__main__":
    prepare()
