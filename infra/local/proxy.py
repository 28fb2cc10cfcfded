"""API Gateway's place: every request goes to the stack's REST API, and its answer back, byte for byte."""

import io
from collections.abc import Callable, Iterable

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

MAX_BODY_BYTES = 10 * 1024 * 1024
"""As on API Gateway. The application's own limit is lower, and the application answers for it."""

GATEWAY_SECONDS = 29.0
"""What API Gateway waits for a function."""

# Each request under way is a process of the function, some 60 MB: the rest waits its turn, which is milliseconds.
_AT_ONCE = 12

_HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
# What API Gateway sets itself, whatever a client says.
_OURS = frozenset({"host", "content-length", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
                   "x-forwarded-proto", "forwarded", "expect"})  # fmt: skip


def problem(status: int, title: str, detail: str, *, retry_after: int | None = None) -> web.Response:
    """An answer of the gateway's own: RFC 9457."""
    headers = {"Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return web.json_response(
        {"type": "about:blank", "title": title, "status": status, "detail": detail},
        status=status,
        headers=headers,
        content_type="application/problem+json",
    )


def _passed_on(headers: Iterable[tuple[str, str]], connection: str, drop: frozenset[str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for name in connection.split(",")}
    return CIMultiDict((name, value) for name, value in headers if name.lower() not in drop | _HOP_BY_HOP | named)


class Proxy:
    """Forwards requests to `address()`: the REST API on the emulator, or None while the stack is not up."""

    def __init__(self, address: Callable[[], str | None], *, seconds: float = GATEWAY_SECONDS) -> None:
        self._address = address
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Must be called on the loop that serves."""
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=_AT_ONCE, keepalive_timeout=20),
            timeout=aiohttp.ClientTimeout(total=self._seconds, sock_connect=5),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            trust_env=False,
        )

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Forward one request."""
        address = self._address()
        if address is None or self._session is None:
            return problem(502, "Bad Gateway", "The local stack is not up. Please try again.", retry_after=2)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return problem(413, "Content Too Large", f"API Gateway takes {MAX_BODY_BYTES} bytes at most.")
        target = request.raw_path if request.raw_path.startswith("/") else request.rel_url.raw_path_qs
        try:
            async with self._session.request(
                request.method,
                URL(address + target, encoded=True),
                headers=self._request_headers(request),
                data=io.BytesIO(body) if body else None,
                allow_redirects=False,
            ) as answer:
                content = await answer.read()
        except TimeoutError:
            return problem(504, "Gateway Timeout", "The function did not answer in time.", retry_after=2)
        except (aiohttp.ClientError, ConnectionError):
            return problem(502, "Bad Gateway", "The emulator does not answer. Please try again.", retry_after=2)
        headers = _passed_on(
            answer.headers.items(), answer.headers.get("Connection", ""), frozenset({"content-length"})
        )
        if request.method == "HEAD":
            headers["Content-Length"] = answer.headers.get("Content-Length", "0")
        return web.Response(status=answer.status, reason=answer.reason, headers=headers, body=content)

    def _request_headers(self, request: web.Request) -> CIMultiDict[str]:
        headers = _passed_on(request.headers.items(), request.headers.get("Connection", ""), _OURS)
        # The client's own X-Forwarded-For is dropped: the emulator takes the first address in it for the
        # caller's, where API Gateway takes the connection's.
        headers["X-Forwarded-For"] = request.remote or "127.0.0.1"
        headers["X-Forwarded-Proto"] = "http"
        headers["X-Forwarded-Host"] = request.headers.get("Host", "")
        headers["X-Forwarded-Port"] = request.headers.get("Host", "").rpartition(":")[2]
        return headers
