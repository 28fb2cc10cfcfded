"""A request as the rooms see it: plain values, no Chalice."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.web.languages import choose

# The language that somebody in the organisers' area asked for last.
LANGUAGE_COOKIE = "__Host-language"


class Request(Struct, frozen=True):
    """One HTTP request. Header names are lower case; `query` holds each name's last value; `body` is exact bytes."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    language: str
    id: str

    @property
    def wants_html(self) -> bool:
        """Whether the client is a browser: it names `text/html` and does not like JSON better."""
        if "text/html" not in self.headers.get("accept", "").lower():  # programs, and there is no more to look for
            return False
        html, json = self._quality("text/html"), self._quality("application/json")
        return html > 0 and html >= json

    def in_language_of(self, offered: tuple[str, ...]) -> Request:
        """The same request, answered in the best of the `offered` languages."""
        return replace(self, language=choose(self.query.get("lang"), self.headers.get("accept-language", ""), offered))

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies the browser sent, by name (RFC 6265, 4.2.1)."""
        pairs = (pair.strip().partition("=") for pair in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}

    @property
    def root(self) -> str:
        """The relative way from this page to the app's root: links work behind any base path and host name."""
        return "../" * self.path.lstrip("/").count("/") or "./"

    def _quality(self, media_type: str) -> float:
        """The q value that `Accept` gives this exact type; ranges do not count, every client sends them."""
        for part in self.headers.get("accept", "").split(","):
            name, _, parameters = part.partition(";")
            if name.strip().lower() == media_type:
                return _q(parameters)
        return 0.0


def _q(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
