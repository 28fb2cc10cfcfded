"""Byte code beside every module: a function's file system cannot be written, so each cold start would compile again."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

TASK_ROOT = "/var/task"
"""Where Lambda unpacks a zip; tracebacks name it."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip knows no earlier time


class NotCompiled(Exception):
    """A module is no Python; the message names it and holds the compiler's words."""


def compile_all(folder: Path) -> None:
    """Compile every module in `folder` for this Python, the same bytes each time.

    The byte code is not checked against its source (PEP 552, unchecked hash): nothing changes there. Raises
    NotCompiled.
    """
    arguments = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", TASK_ROOT, str(folder)]
    done = subprocess.run(  # noqa: S603 - our own interpreter, and arguments of our own
        [sys.executable, "-P", "-m", "compileall", *arguments],
        # The order of a set of constants in byte code follows the seed.
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"the byte code could not be made:\n{done.stdout.strip()}"
        raise NotCompiled(message)


def write_zip(folder: Path, target: Path) -> None:
    """Write everything in `folder` to a new zip at `target`, in the order of names and without times."""
    with zipfile.ZipFile(target, "w") as whole:
        add_to_zip(folder, whole)


def add_to_zip(folder: Path, whole: zipfile.ZipFile) -> None:
    """Add everything in `folder` to a zip that is being written."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=_EARLIEST)
            entry.external_attr = 0o644 << 16
            whole.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
