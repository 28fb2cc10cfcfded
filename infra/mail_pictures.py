"""The pictures in `docs/pictures/mail`: every mail in each language, on a narrow phone and on a desk, light and dark.

`make pictures` makes them, and this alone does: python -m infra.mail_pictures
"""

from __future__ import annotations

import sys
from io import BytesIO
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from infra.chromium import ARGUMENTS, find_chromium
from infra.local.emulator import ROOT
from infra.mail_samples import sample_mails

FOLDER = ROOT / "docs" / "pictures" / "mail"
WIDTHS = (320, 600)  # CSS pixels
_COLOURS = 32
Scheme = Literal["light", "dark"]
# In the dark one width will do: nothing but colours differs.
LOOKS: tuple[tuple[int, Scheme], ...] = (*((width, "light") for width in WIDTHS), (320, "dark"))


def main() -> int:
    """Take all pictures; 1 when there is no browser."""
    chromium = find_chromium()
    if chromium is None:
        sys.stderr.write("No Chromium or Chrome was found. Say where one is: CHROMIUM=/path/to/chromium\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        for (kind, language), mail in sample_mails().items():
            for width, scheme in LOOKS:
                end = "" if scheme == "light" else f"-{scheme}"
                _take(browser, mail.html, width, scheme, f"{kind}-{language}-{width}{end}")
        browser.close()
    return 0


def _take(browser: Browser, html: str, width: int, scheme: Scheme, name: str) -> None:
    """One picture; fails where a mail is wider than the screen."""
    with browser.new_context(viewport={"width": width, "height": 600}, color_scheme=scheme) as context:
        page = context.new_page()
        page.set_content(html)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            raise RuntimeError(f"{name} is {wide} pixels wide")
        picture = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
        picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
