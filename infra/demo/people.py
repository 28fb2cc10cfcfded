"""People who take part: they post the form's answers over HTTP, wait for their mail and follow its link."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SAMPLES = Path(__file__).parent / "samples.yaml"
_LINK = re.compile(r"https?://\S+/receipts/[\w.~-]+")
_LOOK_SECONDS = 0.25
_TIMEOUT_SECONDS = 30


class DemoFailed(Exception):
    """The server refused a sample or could not be reached; the message says which and why."""


@dataclass(frozen=True)
class Sample:
    """One invented report."""

    call: str
    number: int
    language: str
    confirm: bool
    answers: dict[str, Any]

    @property
    def key(self) -> str:
        """The same at each run, so that running the demo twice sends nothing twice."""
        return f"demo-{self.number}"


def read_samples(path: Path = SAMPLES) -> list[Sample]:
    """All samples."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Sample(call=document["call"], number=number, **one) for number, one in enumerate(document["submissions"], 1)
    ]


def send(url: str, sample: Sample) -> tuple[str, bool]:
    """Post a sample; gives its reference, and whether it was there before. Raises `DemoFailed`."""
    status, answer = _ask(
        f"{url}/calls/{sample.call}/submissions?lang={sample.language}",
        body={"answers": sample.answers},
        headers={"Idempotency-Key": sample.key},
    )
    return answer["reference"], status == 200  # noqa: PLR2004 - 200 is a replay, 201 is new


def confirm(url: str, references: set[str], *, seconds: float, each: Any) -> set[str]:
    """Follow the links in the mails about `references`, calling `each` for each; gives those without mail in time."""
    waiting = set(references)
    deadline = time.monotonic() + seconds
    while waiting and time.monotonic() < deadline:
        _status, mails = _ask(f"{url}/_local/mails")
        for mail in mails:
            reference = next((one for one in waiting if one in mail["subject"]), None)
            link = _LINK.search(mail["text"])
            if reference is None or link is None:
                continue
            _ask(f"{link.group()}/confirm", body={})
            waiting.discard(reference)
            each(reference)
        time.sleep(_LOOK_SECONDS)
    return waiting


def _ask(url: str, *, body: object | None = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    request = urllib.request.Request(  # noqa: S310 - the address of our own local server
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Accept": "application/json", "Content-Type": "application/json"} | (headers or {}),
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise DemoFailed(f"{url} answered {error.code}: {error.read().decode(errors='replace')[:500]}") from error
    except OSError as error:
        raise DemoFailed(f"{url} does not answer: {error}") from error
