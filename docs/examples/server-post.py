#!/usr/bin/env python3
# SPDX-License-Identifier: CC0-1.0
"""Send a report from a server, with nothing but Python: `server-post.py https://aufruf.example.org entry.json`.

For a CMS that keeps its own form and passes on what people sent. A server names no origin, so policy.origins does not
matter; the call must take posts without a ticket (policy.tickets: optional).
"""

import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

CALL = "kosi-lab-dortmund"
TRIES = 5


def send(base: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Send it, again and again if need be: the key makes sure that it is one report."""
    request = urllib.request.Request(
        f"{base}/calls/{CALL}/submissions?lang=de",
        data=json.dumps({"answers": entry["answers"]}).encode(),
        headers={
            "Content-Type": "application/json",
            "Accept": "application/json",
            # The CMS's own name for this entry; the same key and answers always give the same reference.
            "Idempotency-Key": f"cms/{entry['id']}",
        },
    )
    for again in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:
                document: dict[str, Any] = json.load(answer)
                return document
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code != 429:
                raise  # refused, and it would be again
            wait = int(error.headers.get("Retry-After") or 2**again)
        except (urllib.error.URLError, TimeoutError):
            wait = 2**again
        time.sleep(wait)
    raise SystemExit("Aufruf cannot be reached; the entry has to be sent later.")


def main(base: str, file: str) -> None:
    """Print the reference, or what is wrong."""
    try:
        report = send(base, json.loads(Path(file).read_text(encoding="utf-8")))
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        errors = [f"  {one['field']}: {one['message']}" for one in problem.get("errors", [])]
        raise SystemExit("\n".join([problem["title"], *errors])) from None
    print(report["reference"])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
