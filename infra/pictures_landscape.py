"""The pictures of the event page, of the samples of `aufruf demo`: on a phone, a desk, the projector, on paper."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from PIL import Image

from chalicelib.calls.answers import judge
from chalicelib.calls.call import PublishedCall
from chalicelib.exports.landscape_files import landscape_files
from chalicelib.runtime.clock import stamp
from chalicelib.submissions.reference import from_bits
from chalicelib.submissions.submission import Submission, received
from infra.call_files import read_call_file
from infra.demo.people import Sample, read_samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    Take = Callable[[Page, str, bool], None]
    """Takes a picture under a name: of the whole page, or of what fits on the screen."""

ROOT = Path(__file__).parent.parent
PROJECTOR: Any = {"viewport": {"width": 1920, "height": 1080}}  # CSS pixels
DESK: Any = {"viewport": {"width": 1280, "height": 844}}
PHONE: Any = {"viewport": {"width": 390, "height": 844}}
# What organisers would do with the samples: the soup bike was reported four times, and one is too short to be shown.
_SAME, _TOO_SHORT = {5: 4, 6: 4, 7: 4}, {35}
_AT = datetime(2017, 9, 14, 13, 30, tzinfo=UTC)


def take_landscape(browser: Browser, take: Take) -> None:
    """All pictures of the event page."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "landscape.html"
        file.write_bytes(event_page_of_samples())
        for look, settings in {"390": PHONE, "1280": DESK, "dark": DESK | {"color_scheme": "dark"}}.items():
            with browser.new_context(locale="de-DE", **settings) as context:
                page = context.new_page()
                page.goto(file.as_uri())
                take(page, f"landscape-{look}", True)
        with browser.new_context(locale="de-DE", **PROJECTOR) as context:
            _present(context.new_page(), file, take)


def take_handout(browser: Browser, target: Path) -> None:
    """The first page of the handout on A4, as it is printed: poppler's `pdftoppm` makes a picture of the PDF."""
    if shutil.which("pdftoppm") is None:
        raise RuntimeError("pdftoppm was not found: the picture of the handout needs it (Debian: poppler-utils).")
    with tempfile.TemporaryDirectory() as folder:
        file, printed, taken = (Path(folder) / name for name in ("landscape.html", "handout.pdf", "handout.png"))
        file.write_bytes(event_page_of_samples())
        with browser.new_context(locale="de-DE") as context:
            page = context.new_page()
            page.goto(file.as_uri())
            page.pdf(path=printed, format="A4", print_background=True)
        subprocess.run(  # noqa: S603 - what was found above, on a file of our own
            ["pdftoppm", "-r", "96", "-f", "1", "-l", "1", "-singlefile", "-png", printed, taken.with_suffix("")],  # noqa: S607
            check=True,
        )
        with Image.open(taken) as picture:
            picture.save(target, optimize=True)


def event_page_of_samples() -> bytes:
    """`landscape.html` as it would be on the day of the event."""
    call, _lines = read_call_file(ROOT / "calls" / "kosi-lab-dortmund.yaml")
    published = PublishedCall(call=call, version=1, published_at=stamp(_AT))
    accepted = {one.number: _accepted(published, one) for one in read_samples() if one.confirm}
    for number, leading in _SAME.items():
        same = accepted.pop(number)
        accepted[leading] = replace(accepted[leading], merged=(*accepted[leading].merged, same.id))
    shown = [one for number, one in accepted.items() if number not in _TOO_SHORT]
    base = "https://aufruf.example.org"
    files = landscape_files(published, shown, base=base, read_at=_AT, running=True)
    return next(one.content for one in files if one.name == "landscape.html")


def _accepted(published: PublishedCall, sample: Sample) -> Submission:
    answers = judge(published.call, sample.answers)
    came = received(published, from_bits(sample.number), answers, language=sample.language, now=_AT, at=stamp(_AT))
    return replace(came, state="accepted", expires_at=None)


def _present(page: Page, file: Path, take: Take) -> None:
    page.emulate_media(reduced_motion="reduce")  # it waits for the picture
    page.goto(f"{file.as_uri()}#kiosk")
    page.wait_for_selector("#kiosk[open]")
    page.evaluate("document.activeElement.blur()")
    for name, presses in {"title": 0, "map": 1, "themes": 1, "theme": 4}.items():
        for _ in range(presses):
            page.keyboard.press("ArrowRight")
        take(page, f"landscape-kiosk-{name}", False)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    take(page, "landscape-kiosk-join", False)
