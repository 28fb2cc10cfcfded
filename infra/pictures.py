"""The pictures in `docs/pictures`: every page a submitter meets, on a phone and on a desk. `make pictures` makes them.

They are taken from a local stack that is started for them, with this machine's own Chromium. `flow.svg` beside them
is drawn by hand.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from infra.chromium import ARGUMENTS, find_chromium
from infra.demo.people import Sample, read_samples
from infra.local import ports
from infra.local.emulator import ROOT
from infra.pictures_landscape import take_handout, take_landscape

FOLDER = ROOT / "docs" / "pictures"
PHONE: Any = {"viewport": {"width": 390, "height": 844}}  # CSS pixels
DESK: Any = {"viewport": {"width": 1280, "height": 844}}
_TELLING = frozenset(
    {"call", "form-errors", "step-1", "step-errors", "check", "thanks", "receipt-confirmed", "mailbox", "mail"}
)
_SHORT = frozenset({"call", "step-errors", "check", "thanks"})
# All pages on a phone; the most telling ones on a desk, in the dark, and in colours that a person has chosen.
LOOKS: dict[str, tuple[Any, frozenset[str] | None]] = {
    "390": (PHONE, None),
    "1280": (DESK, _TELLING),
    "dark": (PHONE | {"color_scheme": "dark"}, _SHORT),
    "contrast": (PHONE | {"forced_colors": "active", "color_scheme": "dark"}, _SHORT),
}
_NOT_YET, _CLOSED = "opens-in-a-hundred-years", "closed-long-ago"
_COLOURS = 48  # enough for text and flat colours, and a third of the bytes
_MANY_COLOURS = 160  # for charts, whose colours mean something
_LONGEST = 3200  # pixels: of a longer page its upper part
_START_SECONDS = 180
_MAIL_SECONDS = 30


def main() -> int:
    """Take all pictures; 1 when there is no browser."""
    chromium = find_chromium()
    if chromium is None:
        sys.stderr.write(
            "No Chromium or Chrome was found. Say where one is: CHROMIUM=/path/to/chromium make pictures\n"
        )
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    sample = read_samples()[0]
    with tempfile.TemporaryDirectory() as data, _local_stack(Path(data)) as url, sync_playwright() as playwright:
        _publish_calls_out_of_time(Path(data), sample.call)
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        for look, (settings, only) in LOOKS.items():
            with browser.new_context(base_url=url, locale="de-DE", **settings) as context:
                _walk(_Camera(context.new_page(), look, only), url, sample)
        _form_for_readme(browser, url, sample.call)
        _landscape(browser)
        browser.close()
    return 0


@contextmanager
def _local_stack(data: Path) -> Iterator[str]:
    """A stack of its own while the block runs; gives its address."""
    port = ports.choose()
    log = data / "output.txt"
    with log.open("w") as output:
        running = subprocess.Popen(  # noqa: S603 - our own command
            [Path(sys.executable).with_name("aufruf"), "run"],
            cwd=ROOT,
            env=os.environ | {"PORT": str(port), "DATA": str(data / "stack")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not (data / "stack" / "stack.json").exists():
            if running.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The local stack did not start:\n{log.read_text()}")
            time.sleep(0.2)
        yield f"http://{ports.HOST}:{port}"
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGINT)
        running.wait()


@dataclass(frozen=True)
class _Camera:
    """Takes pictures of one kind: `width` in CSS pixels, `look` as the end of their names. `only` limits which."""

    page: Page
    look: str
    only: frozenset[str] | None = None

    def take(self, name: str) -> None:
        if self.only is None or name in self.only:
            _take(self.page, f"{name}-{self.look}")


def _walk(camera: _Camera, url: str, sample: Sample) -> None:
    """One submitter's way, a picture at each station."""
    page, call = camera.page, sample.call
    answers = sample.answers | {"reporter_email": f"brigitte.beispielhaus+{camera.look}@example.org"}
    for name, path in {
        "calls": "/",
        "call": f"/calls/{call}",
        "call-not-yet": f"/calls/{_NOT_YET}",
        "call-closed": f"/calls/{_CLOSED}",
        "accessibility": f"/calls/{call}/accessibility",
        "links": f"/calls/{call}/links",
        "no-such-page": "/calls/there-is-none",
        "form": f"/calls/{call}/form",
    }.items():
        page.goto(path)
        camera.take(name)
    _fill_in(page, answers | {"summary": "Zu kurz.", "reporter_email": "brigitte.beispielhaus", "since": 24})
    page.wait_for_timeout(1500)  # a call takes nothing from those who are quicker than people
    _send(page)
    page.wait_for_selector(".errors")
    camera.take("form-errors")

    page.goto(f"/calls/{call}")
    page.locator("main a.button").click()
    _send(page)
    page.wait_for_selector(".errors")
    camera.take("step-errors")
    page.goto(page.url)
    steps = int(page.locator("#progress").get_attribute("max") or 0)
    for number in range(1, steps + 1):
        page.wait_for_selector(f"#progress[value='{number}']")
        _fill_in(page, answers)
        camera.take(f"step-{number}")
        _send(page)
    page.wait_for_url("**/check?*")
    camera.take("check")
    _send(page)
    page.wait_for_url("**/thanks/**")
    camera.take("thanks")
    _read_mail(camera, url, str(answers["reporter_email"]))


def _read_mail(camera: _Camera, url: str, address: str) -> None:
    """From the mail to a report that is erased."""
    page = camera.page
    mail = _mail_to(url, address)
    page.goto("/_local/mailbox")
    camera.take("mailbox")
    page.get_by_role("link", name=mail["subject"]).first.click()
    page.locator("pre a").first.click()
    receipt = page.url.partition("?")[0]
    camera.take("receipt-before")
    _send(page)
    camera.take("receipt-confirmed")
    for way in ("change", "erase"):
        page.goto(f"{receipt}/{way}")
        camera.take(f"receipt-{way}")
    page.locator("#field-confirm").check()
    _send(page)
    camera.take("receipt-erased")
    page.goto("about:blank")  # a mail program knows nothing of our pages' content security policy
    page.set_content(mail["html"])
    camera.take("mail")


def _publish_calls_out_of_time(data: Path, call: str) -> None:
    """Two more calls, so that there are pictures of one that is not open yet and of one that is closed."""
    text = (ROOT / "calls" / f"{call}.yaml").read_text(encoding="utf-8")
    for name, before, after in (
        (_NOT_YET, "opens_at: 2017", "opens_at: 2117"),
        (_CLOSED, "closes_at: null", "closes_at: 2017-12-01T09:00:00"),
    ):
        file = data / f"{name}.yaml"
        file.write_text(text.replace(f"call: {call}", f"call: {name}").replace(before, after), encoding="utf-8")
        subprocess.run(  # noqa: S603 - our own command
            [Path(sys.executable).with_name("aufruf"), "calls", "publish", file],
            cwd=ROOT,
            env=os.environ | {"DATA": str(data / "stack")},
            check=True,
            capture_output=True,
        )


def _form_for_readme(browser: Browser, url: str, call: str) -> None:
    """The first step of the form on a phone, in English as the README is."""
    with browser.new_context(base_url=url, locale="en-GB", **PHONE) as context:
        page = context.new_page()
        page.goto(f"/calls/{call}")
        page.locator("main a.button").click()
        page.wait_for_selector("#progress")
        _take(page, "form", whole=False)


def _landscape(browser: Browser) -> None:
    """The event page; it needs no stack."""
    take_landscape(browser, lambda page, name, whole: _take(page, name, whole=whole, colours=_MANY_COLOURS))
    take_handout(browser, FOLDER / "landscape-a4.png")


def _fill_in(page: Page, answers: dict[str, Any]) -> None:
    for name, answer in answers.items():
        controls = page.locator(f"main [name='{name}']")
        if controls.count() == 0 or not controls.first.is_visible():
            continue
        if controls.first.get_attribute("type") in ("radio", "checkbox"):
            values = answer if isinstance(answer, list) else [answer]
            for control in controls.all():
                if answer is True or control.get_attribute("value") in values:
                    control.check()
        else:
            controls.first.fill(str(answer))


def _send(page: Page) -> None:
    page.locator("main form:not([action*=discard]) button[type=submit]").first.click()
    page.wait_for_load_state()


def _mail_to(url: str, address: str) -> dict[str, str]:
    deadline = time.monotonic() + _MAIL_SECONDS
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        with direct.open(f"{url}/_local/mails", timeout=_MAIL_SECONDS) as answer:
            found = [mail for mail in json.load(answer) if mail["to"] == address]
        if found:
            return dict(found[0])
        time.sleep(0.2)
    raise RuntimeError(f"No mail came to {address}.")


def _take(page: Page, name: str, *, whole: bool = True, colours: int = _COLOURS) -> None:
    """A picture of the page (or of what fits on the screen), in few colours."""
    taken = page.screenshot(full_page=whole, animations="disabled", caret="hide")
    picture = Image.open(BytesIO(taken)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, _LONGEST)))
    picture.quantize(colours, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
