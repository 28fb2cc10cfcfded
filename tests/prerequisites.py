"""What the tests need beside Python packages. `make test` runs this first: `python -m tests.prerequisites`.

Nothing is skipped in silence: what is missing is named, with the command that brings it, and the run fails; of
LibreOffice, which few machines have, it is only said that it was not tried. On Debian, as root (a container, CI),
Chromium is installed here; anywhere else the user's own Chromium or Chrome is found.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from infra.chromium import find_chromium
from infra.local.emulator import PYTHON as EMULATOR_PYTHON

_INSTALL_SECONDS = 600


def check() -> list[str]:
    """What is missing, each as a sentence that says what to do about it."""
    missing = []
    if shutil.which("make") is None:
        missing.append("make is missing: install it (Debian, Ubuntu: apt-get install make).")
    if find_spec("playwright") is None:
        missing.append("The Python package playwright is missing: `make test` installs it; was this started by hand?")
    if not EMULATOR_PYTHON.exists():
        missing.append(f"The emulator's environment is missing ({EMULATOR_PYTHON}): `make test` makes it.")
    if find_chromium() is None and ("CHROMIUM" in os.environ or not (_is_root_on_debian() and _install_chromium())):
        missing.append(_how_to_get_chromium())
    return missing


def _is_root_on_debian() -> bool:
    try:
        release = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return False
    is_debian = re.search(r'^ID="?debian"?$', release, re.MULTILINE) is not None
    return is_debian and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install_chromium() -> bool:
    """Install Debian's Chromium; whether there is one afterwards."""
    say("Installing Debian's Chromium for the tests in a browser (once) …")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "chromium"]):
        done = subprocess.run(
            command, env=quiet, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False, errors="replace"
        )
        if done.returncode != 0:
            say(f"`{' '.join(command)}` failed:\n{(done.stdout + done.stderr)[-2000:]}")
            return False
    return find_chromium() is not None


def _how_to_get_chromium() -> str:
    named = os.environ.get("CHROMIUM")
    if named:
        return f"CHROMIUM names {named}, which does not start: let it name a Chromium or Chrome, or unset it."
    ways = {
        "Linux": "install it (apt-get, dnf or snap install chromium)",
        "Darwin": "install it (brew install --cask chromium, or Google Chrome)",
    }
    way = ways.get(platform.system(), "install Chromium or Chrome")
    way_out = f"{way}, or say where one is: CHROMIUM=/path make test."
    return f"No Chromium or Chrome was found for the tests in a browser: {way_out}"


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """1 when something is missing, said in words."""
    missing = check()
    for one in missing:
        say(one)
    if missing:
        say("The tests were not run.")
    elif shutil.which("soffice") is None:
        say("LibreOffice (soffice) is not here: that it opens the workbook is not tried; openpyxl opens it.")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
