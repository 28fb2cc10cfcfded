"""The one address of the local stack: the application, and the `/_local` routes that only a laptop has."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from infra.local.mailbox import Mailbox
from infra.local.mailbox_pages import MailboxPages
from infra.local.proxy import MAX_BODY_BYTES, Proxy, problem
from infra.local.ses import Behaviour, LocalSes
from infra.local.stack import FunctionFailed, LocalStack

TokenIssuer = Callable[[], str]
"""Makes an API token of an owner of every call. Called in a thread."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_ANY = r"/{path:[\s\S]*}"  # a line feed is a character like any other (`%0A`)
_SAFE = frozenset({"GET", "HEAD"})


class Front:
    """The front server's application. `stack()` is None until the stack is deployed."""

    def __init__(
        self,
        *,
        port: int,
        stack: Callable[[], LocalStack | None],
        mailbox: Mailbox,
        ses: LocalSes,
        issue_token: TokenIssuer,
    ) -> None:
        self._stack = stack
        self._mailbox = mailbox
        self._ses = ses
        self._issue_token = issue_token
        hosts = [f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")]
        self._hosts = set(hosts)
        self._origins = {f"http://{host}" for host in self._hosts}
        self._proxy = Proxy(self._api)

    def application(self) -> web.Application:
        """The server."""
        pages = MailboxPages(self._mailbox)
        local = web.Application(middlewares=[self._only_from_here])
        local.router.add_get("/mails", self._mails)
        local.router.add_get("/mailbox", pages.overview)
        local.router.add_get("/mailbox/{id}", pages.message)
        local.router.add_post("/nightly", self._nightly)
        local.router.add_post("/reconcile", self._reconcile)
        local.router.add_post("/token", self._token)
        local.router.add_get("/ses", self._ses_behaviour)
        local.router.add_post("/ses", self._change_ses_behaviour)
        local.router.add_route("*", _ANY, self._nothing_here)
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.add_subapp("/_local", local)
        application.router.add_route("*", _ANY, self._proxy.handle)
        application.on_startup.append(lambda _: self._proxy.open())
        application.on_cleanup.append(lambda _: self._proxy.close())
        application.on_response_prepare.append(_without_server)
        return application

    def _api(self) -> str | None:
        stack = self._stack()
        return None if stack is None else stack.api

    @web.middleware
    async def _only_from_here(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse other sites: a name that a stranger points at 127.0.0.1, and a stranger's page that posts here."""
        if request.headers.get("Host", "") not in self._hosts:
            return problem(403, "Forbidden", "These routes answer at 127.0.0.1 and localhost only.")
        if request.method not in _SAFE:
            origin = request.headers.get("Origin")
            site = request.headers.get("Sec-Fetch-Site", "none")
            if (origin is not None and origin not in self._origins) or site not in ("none", "same-origin"):
                return problem(403, "Forbidden", "These routes take no posts from other sites.")
        try:
            response = await handler(request)
        except FunctionFailed as error:
            return problem(502, "The function failed", str(error))
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    async def _mails(self, request: web.Request) -> web.Response:
        limit = request.query.get("limit")
        if limit is not None and not (limit.isascii() and limit.isdigit()):
            return problem(400, "Bad Request", "`limit` is a number.")
        mails = self._mailbox.mails(to=request.query.get("to"), limit=None if limit is None else int(limit))
        return _json([mail.document() for mail in mails])

    async def _nightly(self, _request: web.Request) -> web.Response:
        stack = self._deployed()
        return _json({"exports": await asyncio.to_thread(stack.nightly)})

    async def _reconcile(self, _request: web.Request) -> web.Response:
        stack = self._deployed()
        return _json(await asyncio.to_thread(stack.reconcile))

    async def _token(self, _request: web.Request) -> web.Response:
        self._deployed()
        return _json({"token": await asyncio.to_thread(self._issue_token)})

    async def _ses_behaviour(self, _request: web.Request) -> web.Response:
        return _json(msgspec.to_builtins(self._ses.behaviour))

    async def _change_ses_behaviour(self, request: web.Request) -> web.Response:
        """Set what the body names; the rest goes back to a good day."""
        try:
            self._ses.behaviour = msgspec.json.decode(await request.read(), type=Behaviour, strict=False)
        except msgspec.DecodeError as error:
            return problem(400, "Bad Request", str(error))
        return await self._ses_behaviour(request)

    async def _nothing_here(self, _request: web.Request) -> web.Response:
        return problem(404, "Not Found", "The local server has no such route.")

    def _deployed(self) -> LocalStack:
        stack = self._stack()
        if stack is None:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "2"}, text="The stack is not up yet.")
        return stack


def _json(document: Any) -> web.Response:
    return web.json_response(document, dumps=lambda value: json.dumps(value, ensure_ascii=False))


async def _without_server(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop("Server", None)
