"""Where this machine's own Chromium or Chrome is: the tests in a browser and the pictures of the pages use that one."""

import os
import shutil
import subprocess
from pathlib import Path

# The first that starts is taken. Playwright's own download is never used.
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_APPLICATIONS = ("Chromium", "Google Chrome", "Microsoft Edge")
_ANSWER_SECONDS = 30

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name but this machine's is ever looked up.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
"""How it is started: headless in a container, and silent towards the network."""


def find_chromium() -> Path | None:
    """The browser that `CHROMIUM` names, else the first one found that starts; `None` where there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return Path(named) if _starts(Path(named)) else None
    on_path = [Path(found) for name in _NAMES if (found := shutil.which(name))]
    bundles = [Path("/Applications") / f"{name}.app" / "Contents" / "MacOS" / name for name in _APPLICATIONS]
    return next((one for one in [*on_path, *bundles] if one.exists() and _starts(one)), None)


def _starts(browser: Path) -> bool:
    """Ubuntu's `chromium-browser`, for one, may be a script that only says where to get it."""
    try:
        asked = subprocess.run(  # noqa: S603 - a browser that the user has installed
            [browser, "--version"], capture_output=True, timeout=_ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0
