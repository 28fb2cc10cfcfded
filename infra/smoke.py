"""Whether what was deployed works: asked from outside, as people ask."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from infra.stage import DeploymentFailed

# A new stage of API Gateway answers 403 or 500 for some seconds, and a function's first start takes one.
_TRIES = 6
_PAUSE_SECONDS = 5.0
_ANSWER_SECONDS = 30


def prove(address: str, *, tries: int = _TRIES, sleep: Callable[[float], None] = time.sleep) -> None:
    """Ask the app at `address` (without a slash at its end) for what shows that it works; reads only.

    That it is alive and may read its tables (`/health`), that it makes pages (`/`), and that unknown paths reach it.
    Raises DeploymentFailed with what is wrong.
    """
    wrong: list[str] = []
    for attempt in range(tries):
        if attempt:
            sleep(_PAUSE_SECONDS)
        wrong = [line for check in (_health, _pages, _unknown) if (line := check(address))]
        if not wrong:
            return
    raise DeploymentFailed("\n".join(wrong))


def _health(address: str) -> str:
    status, _, _ = _ask(f"{address}/health")
    return "" if status == 200 else f"{address}/health answers {status}, not 200"  # noqa: PLR2004


def _pages(address: str) -> str:
    status, headers, body = _ask(f"{address}/", accept="text/html")
    if status == 200 and headers.get("Content-Type", "").startswith("text/html") and b"</html>" in body:  # noqa: PLR2004
        return ""
    return f"{address}/ answers {status}, {headers.get('Content-Type', 'nothing')}, not a page"


def _unknown(address: str) -> str:
    status, _, body = _ask(f"{address}/no-such-page")
    try:
        ours = json.loads(body)["status"] == status == 404  # noqa: PLR2004
    except (ValueError, KeyError, TypeError):
        ours = False
    return "" if ours else f"{address}/no-such-page answers {status}, and the app would say 404"


def _ask(address: str, accept: str = "application/json") -> tuple[int | str, Mapping[str, str], bytes]:
    request = urllib.request.Request(address, headers={"Accept": accept})  # noqa: S310 - ours, from the outputs
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - see above
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()
    except OSError as error:
        return f"nothing ({error})", {}, b""
