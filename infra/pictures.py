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
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from infra.chromium import ARGUMENTS, find_chromium
from infra.demo.people import Sample, read_samples
from infra.local import ports
from infra.local.emulator import ROOT

FOLDER = ROOT / "docs" / "pictures"
WIDTHS = (390, 1280)  # CSS pixels: a phone, a desk
HEIGHT = 844
_COLOURS = 48  # enough for text and flat colours, and a third of the bytes
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
    sample = read_samples()[0]
    with tempfile.TemporaryDirectory() as data, _local_stack(Path(data)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        for width in WIDTHS:
            _walk(browser, url, sample, width)
        _form_for_readme(browser, url, sample.call)
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


def _walk(browser: Browser, url: str, sample: Sample, width: int) -> None:
    """One submitter's way, a picture at each station."""
    answers = sample.answers | {"reporter_email": f"brigitte.beispielhaus+{width}@example.org"}
    with browser.new_context(base_url=url, viewport={"width": width, "height": HEIGHT}, locale="de-DE") as context:
        page = context.new_page()
        page.goto(f"/calls/{sample.call}")
        _take(page, f"call-{width}")
        page.goto(f"/calls/{sample.call}/form")
        _take(page, f"form-{width}")

        _fill_in(page, answers | {"summary": "Zu kurz.", "reporter_email": "brigitte.beispielhaus", "since": 24})
        page.wait_for_timeout(1500)  # a call takes nothing from those who are quicker than people
        _send(page)
        _take(page, f"form-errors-{width}")

        _fill_in(page, answers)
        _send(page)
        page.wait_for_url("**/thanks/**")
        _take(page, f"thanks-{width}")

        mail = _mail_to(url, str(answers["reporter_email"]))
        page.goto("/_local/mailbox")
        _take(page, f"mailbox-{width}")
        page.get_by_role("link", name=mail["subject"]).first.click()
        page.locator("pre a").first.click()
        _take(page, f"receipt-before-{width}")
        page.get_by_role("main").get_by_role("button").first.click()
        _take(page, f"receipt-confirmed-{width}")
        page.goto("about:blank")  # a mail program knows nothing of our pages' content security policy
        page.set_content(mail["html"])
        _take(page, f"mail-{width}")


def _form_for_readme(browser: Browser, url: str, call: str) -> None:
    """The upper part of the form on a phone, in English as the README is."""
    with browser.new_context(base_url=url, viewport={"width": WIDTHS[0], "height": HEIGHT}, locale="en-GB") as context:
        page = context.new_page()
        page.goto(f"/calls/{call}/form")
        page.evaluate("document.querySelector('main form h2').scrollIntoView({block: 'start', behavior: 'instant'})")
        _take(page, "form", whole=False)


def _fill_in(page: Page, answers: dict[str, Any]) -> None:
    for name, answer in answers.items():
        controls = page.locator(f"main [name='{name}']")
        if controls.count() == 0:
            continue
        if controls.first.get_attribute("type") in ("radio", "checkbox"):
            values = answer if isinstance(answer, list) else [answer]
            for control in controls.all():
                if answer is True or control.get_attribute("value") in values:
                    control.check()
        else:
            controls.first.fill(str(answer))


def _send(page: Page) -> None:
    page.locator("main form button[type=submit]").last.click()
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


def _take(page: Page, name: str, *, whole: bool = True) -> None:
    """A picture of the page (or of what fits on the screen), in few colours."""
    taken = page.screenshot(full_page=whole, animations="disabled", caret="hide")
    picture = Image.open(BytesIO(taken)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, _LONGEST)))
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
