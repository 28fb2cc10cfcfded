"""Other people's websites: a server of its own for the example pages, so of another origin than the application."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from threading import Thread

from tests.deployed.stack import ROOT

EXAMPLES = ROOT / "docs" / "examples"
DOCUMENTED = "https://aufruf.example.org"


class Site:
    """Pages by name: those of `docs/examples`, and `pages` of a test's own, all with the real address put in."""

    def __init__(self, aufruf: str) -> None:
        self._aufruf = aufruf
        self.pages: dict[str, str] = {}
        self.port = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def by_another_name(self) -> str:
        """The same server: for a browser another site."""
        return f"http://localhost:{self.port}"

    def read(self, name: str) -> bytes | None:
        page = self.pages.get(name)
        path = EXAMPLES / name
        if page is None and path.is_file() and path.parent == EXAMPLES:
            page = path.read_text(encoding="utf-8")
        return None if page is None else page.replace(DOCUMENTED, self._aufruf).encode()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, site: Site, *arguments: object) -> None:
        self._site = site
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].strip("/")
        body = self._site.read(name)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", f"{guess_type(name)[0] or 'text/html'}; charset=utf-8")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        with suppress(BrokenPipeError):  # the browser has gone on to another page
            self.wfile.write(body or b"")

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the browser's own log says what matters."""


@contextmanager
def website(aufruf: str) -> Iterator[Site]:
    """A website on a port of its own while the block runs."""
    site = Site(aufruf)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, site)) as server:
        site.port = server.server_port
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
