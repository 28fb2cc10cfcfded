"""The front in API Gateway's place: every byte goes through, both ways."""

import gzip
import http.client
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from infra.local import ports
from infra.local.front import Front
from infra.local.mailbox import Mailbox
from infra.local.ses import LocalSes
from infra.local.stack import LocalStack

Answer = Callable[[web.Request], web.Response]
PREFIX = "/_aws/execute-api/abc/api"


class Gateway:
    """A front before an upstream that records what reaches it and answers as told."""

    def __init__(self, serve: Any, mailbox: Mailbox) -> None:
        self.seen: list[tuple[web.Request, bytes]] = []
        self.answer: Answer = lambda request: web.Response(text="ok")
        upstream = web.Application(client_max_size=20 * 1024 * 1024)
        upstream.router.add_route("*", r"/{path:[\s\S]*}", self._upstream)
        self.stack: LocalStack | None = LocalStack(endpoint=serve(upstream), url="", outputs={"RestAPIId": "abc"})
        self.port = ports.choose()
        front = Front(
            port=self.port, stack=lambda: self.stack, mailbox=mailbox, ses=LocalSes(mailbox, []), issue_token=str
        )
        serve(front.application(), on=self.port)

    async def _upstream(self, request: web.Request) -> web.Response:
        self.seen.append((request, await request.read()))
        return self.answer(request)

    def ask(
        self, method: str, target: str, body: bytes | None = None, headers: list[tuple[str, str]] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """One request with exactly these headers, Host aside."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers or []:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response, response.read()


@pytest.fixture
def gateway(serve: Any, tmp_path: Path) -> Iterator[Gateway]:
    with closing(Mailbox(tmp_path / "m.sqlite3")) as mailbox:
        yield Gateway(serve, mailbox)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_goes_through(gateway: Gateway, method: str) -> None:
    response, body = gateway.ask(method, "/calls")
    assert (response.status, body, gateway.seen[0][0].method) == (200, b"ok", method)


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/a%2Fb/c%20d",
        "/a%0Ab%00",
        "/%C3%A4?q=%C3%A4&q=2&empty=&plus=a+b&pct=%2B",
        "//double//slash/",
        "/a/../b/./c",
        "/x?",
        "/@:!$&'()*,;=",
    ],
)
def test_path_and_query_arrive_as_they_were_sent(gateway: Gateway, target: str) -> None:
    gateway.ask("GET", target)
    assert gateway.seen[0][0].raw_path == PREFIX + (target if target != "/x?" else "/x")


def test_a_body_that_is_no_text_arrives_byte_for_byte(gateway: Gateway) -> None:
    body = bytes(range(256)) * 300
    gateway.ask("POST", "/echo", body, [("Content-Type", "multipart/form-data; boundary=x")])
    request, seen = gateway.seen[0]
    assert seen == body
    assert request.headers["Content-Type"] == "multipart/form-data; boundary=x"


def test_a_body_without_a_type_gets_none(gateway: Gateway) -> None:
    gateway.ask("POST", "/echo", b"body")
    headers = gateway.seen[0][0].headers
    assert headers["Content-Length"] == "4"
    assert not {"Content-Type", "Content-Disposition", "Transfer-Encoding", "Accept", "Accept-Encoding"} & set(headers)


def test_a_compressed_answer_stays_compressed(gateway: Gateway) -> None:
    packed = gzip.compress(b"hello" * 100, mtime=0)
    gateway.answer = lambda request: web.Response(body=packed, headers={"Content-Encoding": "gzip"})
    response, body = gateway.ask("GET", "/", headers=[("Accept-Encoding", "gzip")])
    assert (response.getheader("Content-Encoding"), body) == ("gzip", packed)
    assert gateway.seen[0][0].headers["Accept-Encoding"] == "gzip"


def test_headers_go_through_repeated_ones_too(gateway: Gateway) -> None:
    def answer(request: web.Request) -> web.Response:
        response = web.Response(status=201, headers={"X-Own": "é"})
        response.headers.add("Set-Cookie", "a=1; Path=/")
        response.headers.add("Set-Cookie", "b=2; Path=/")
        return response

    gateway.answer = answer
    response, _ = gateway.ask("POST", "/", b"", [("X-A", "1"), ("X-A", "2"), ("Idempotency-Key", "k")])
    assert response.status == 201
    assert response.headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2; Path=/"]
    request = gateway.seen[0][0]
    assert request.headers.getall("X-A") == ["1", "2"]
    assert request.headers["Idempotency-Key"] == "k"
    assert "User-Agent" not in request.headers
    assert response.getheader("Server") is None


def test_hop_by_hop_headers_stay_here(gateway: Gateway) -> None:
    gateway.answer = lambda request: web.Response(headers={"Connection": "X-Secret", "X-Secret": "1", "X-Kept": "1"})
    response, _ = gateway.ask("GET", "/", headers=[("Connection", "X-Hop"), ("X-Hop", "1"), ("TE", "trailers")])
    assert (response.getheader("X-Secret"), response.getheader("X-Kept")) == (None, "1")
    assert not {"X-Hop", "TE"} & set(gateway.seen[0][0].headers)


def test_the_caller_is_named_as_api_gateway_names_it(gateway: Gateway) -> None:
    gateway.ask("GET", "/", headers=[("X-Forwarded-For", "8.8.8.8"), ("X-Forwarded-Host", "evil")])
    headers = gateway.seen[0][0].headers
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Host"] == f"127.0.0.1:{gateway.port}"
    assert (headers["X-Forwarded-Proto"], headers["X-Forwarded-Port"]) == ("http", str(gateway.port))


def test_redirects_are_handed_on_not_followed(gateway: Gateway) -> None:
    gateway.answer = lambda request: web.Response(status=303, headers={"Location": "thanks/K7Q4"})
    response, _ = gateway.ask("POST", "/calls/x/submissions", b"a=1")
    assert (response.status, response.getheader("Location"), len(gateway.seen)) == (303, "thanks/K7Q4", 1)


def test_head_has_the_length_and_no_body(gateway: Gateway) -> None:
    gateway.answer = lambda request: web.Response(body=b"x" * 1234)
    response, body = gateway.ask("HEAD", "/")
    assert (response.status, response.getheader("Content-Length"), body) == (200, "1234", b"")


def test_ten_megabytes_go_through_and_more_is_refused(gateway: Gateway) -> None:
    most = b"x" * (10 * 1024 * 1024)
    assert gateway.ask("POST", "/", most)[0].status == 200
    response, body = gateway.ask("POST", "/", most + b"x")
    assert (response.status, response.getheader("Content-Type")) == (413, "application/problem+json; charset=utf-8")
    assert b"10485760" in body
    assert len(gateway.seen) == 1


def test_without_the_emulator_the_answer_says_try_again(gateway: Gateway) -> None:
    assert gateway.stack is not None
    silent = f"http://127.0.0.1:{ports.choose()}"
    gateway.stack = LocalStack(endpoint=silent, url="", outputs=gateway.stack.outputs)
    response, body = gateway.ask("GET", "/calls")
    assert (response.status, response.getheader("Retry-After")) == (502, "2")
    assert urlsplit(silent).netloc.encode() not in body


def test_before_the_stack_is_up_the_answer_says_try_again(gateway: Gateway) -> None:
    gateway.stack = None
    response, _ = gateway.ask("GET", "/calls")
    assert (response.status, response.getheader("Retry-After")) == (502, "2")
    assert response.getheader("Content-Type", "").startswith("application/problem+json")
