"""The deployed stack: the production template on the emulator, started as a user starts it, and a real browser.

Tests share one stack: each uses addresses and keys of its own and leaves the stack as it found it. Those that break
more than a function start their own.
"""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from infra.chromium import ARGUMENTS, find_chromium
from infra.local import ports
from tests.deployed.stack import Stack

_SHOWN = 6_000  # characters of each log
_stacks: list[Stack] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """After a failure: what the stack said."""
    report = yield
    if report.failed and "tests/deployed" in item.path.as_posix():
        for stack in _stacks:
            report.sections.append((f"aufruf run, {stack.url}", stack.output[-_SHOWN:]))
            report.sections.append((f"emulator and functions, {stack.data}", stack.log[-_SHOWN:]))
    return report


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack that tests share. Its stop is a test of its own: clean, and nothing left behind."""
    started = Stack(tmp_path_factory.mktemp("deployed") / "data", ports.choose())
    _stacks.append(started)
    try:
        started.start()
        yield started
        started.stop()
    finally:
        started.end()
        _stacks.remove(started)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that the tests of one file may stop, kill and start again."""
    own = Stack(tmp_path_factory.mktemp("own") / "data", ports.choose())
    _stacks.append(own)
    try:
        own.start()
        yield own
    finally:
        own.end()
        _stacks.remove(own)


@pytest.fixture
def address() -> str:
    """A mail address that no other test uses."""
    return f"person-{token_hex(6)}@example.org"


@pytest.fixture
def key() -> str:
    """An `Idempotency-Key` that no other test uses."""
    return f"key-{token_hex(8)}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """This machine's own Chromium, headless."""
    chromium: Path | None = find_chromium()
    assert chromium is not None, "no Chromium: `python -m tests.prerequisites` says how to get one"
    expect.set_options(timeout=20_000)  # ms: how fast a page is says a benchmark, not a machine that does other things
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield opened
        opened.close()
