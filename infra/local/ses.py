"""Amazon SES v2 as the application sees it: `SendEmail`, into the local mailbox.

Answers and refuses as SES does, and can be told to be slow, full, broken or to lose its reply (`Behaviour`),
for the tests of what happens then. A mail is in the mailbox before it is answered. Takes `Simple` content.
"""

import asyncio
import random
import re
import time
import uuid
from base64 import b64encode
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from email.utils import parseaddr

import msgspec
from aiohttp import web

from infra.local.mailbox import Mail, Mailbox

SEND_PATH = "/v2/email/outbound-emails"

_MAX_RECIPIENTS = 50
_MAX_BYTES = 40 * 1024 * 1024
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_HEADER_NAME = re.compile(r"[!-9;-~]{1,126}")
_HEADER_VALUE = re.compile(r"[ -~]{1,995}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ADDRESS = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,253}")

Accepted = Callable[[Mail], Awaitable[None]]


async def _no_events(mail: Mail) -> None:
    """The place where a mail's fate begins: `Send`, `Delivery`, `Bounce` and `Complaint` events would go out here."""


class Refused(Exception):
    """SES says no: its error's name, the HTTP status, and a sentence."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Behaviour(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How the local SES behaves. The defaults are a good day."""

    pause_seconds: float = 0.0
    """Between receiving a mail and accepting it. A caller that goes away meanwhile has not sent it."""
    answer_after_seconds: float = 0.0
    """Between accepting a mail and answering. A caller that dies meanwhile has sent it, and does not know."""
    throttle_per_second: float | None = None
    """Mails accepted in any one second; more are answered 429. None: no limit; 0: none at all."""
    fail_rate: float = 0.0
    """The share of mails, 0 to 1, answered with an internal error and not accepted."""
    lose_reply: bool = False
    """Accept, then drop the connection instead of answering."""
    events: bool = True
    """Tell what becomes of the mails."""


class _Part(msgspec.Struct, rename="pascal"):
    data: str
    charset: str = "US-ASCII"


class _Body(msgspec.Struct, rename="pascal"):
    text: _Part | None = None
    html: _Part | None = None


class _Header(msgspec.Struct, rename="pascal"):
    name: str
    value: str


class _Attachment(msgspec.Struct, rename="pascal"):
    raw_content: bytes
    file_name: str
    content_type: str = "application/octet-stream"


class _Simple(msgspec.Struct, rename="pascal"):
    subject: _Part
    body: _Body
    headers: list[_Header] = []
    attachments: list[_Attachment] = []


class _Content(msgspec.Struct, rename="pascal"):
    simple: _Simple | None = None


class _Destination(msgspec.Struct, rename="pascal"):
    to_addresses: list[str] = []
    cc_addresses: list[str] = []
    bcc_addresses: list[str] = []


class _SendEmail(msgspec.Struct, rename="pascal"):
    content: _Content
    destination: _Destination
    from_email_address: str = ""
    reply_to_addresses: list[str] = []
    email_tags: list[_Header] = []
    configuration_set_name: str = ""


class LocalSes:
    """SES for the identities in `senders` (addresses or domains), keeping what it accepts in `mailbox`.

    `accepted` is called with each mail once it is kept, before the caller is answered.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        senders: Collection[str],
        *,
        accepted: Accepted = _no_events,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.behaviour = Behaviour()
        self._mailbox = mailbox
        self._senders = {sender.lower() for sender in senders}
        self._accepted = accepted
        self._chance = chance
        self._clock = clock
        self._recent: deque[float] = deque()

    def application(self) -> web.Application:
        """The server. Run it with `handler_cancellation=True`, or a caller that went away is not noticed."""
        application = web.Application(client_max_size=_MAX_BYTES)
        application.router.add_post(SEND_PATH, self._send)
        application.router.add_route("*", "/{path:.*}", self._unknown)
        return application

    async def _send(self, request: web.Request) -> web.Response:
        try:
            _check_signed(request)
            mail = self._mail(await request.read())
            await asyncio.sleep(self.behaviour.pause_seconds)
            if request.transport is None or request.transport.is_closing():
                raise asyncio.CancelledError
            self._admit()
        except Refused as refusal:
            return _refusal(refusal)
        self._mailbox.add(mail)
        if self.behaviour.events:
            await self._accepted(mail)
        await asyncio.sleep(self.behaviour.answer_after_seconds)
        if self.behaviour.lose_reply and request.transport is not None:
            request.transport.abort()
        return web.json_response({"MessageId": mail.id})

    async def _unknown(self, request: web.Request) -> web.Response:
        return _refusal(Refused("UnknownOperationException", f"The local SES does not know {request.path}.", 404))

    def _admit(self) -> None:
        now = self._clock()
        limit = self.behaviour.throttle_per_second
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if limit is not None and len(self._recent) + 1 > limit:
            raise Refused("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
        if self._chance() < self.behaviour.fail_rate:
            raise Refused("InternalServiceErrorException", "The service has an internal error.", 500)
        self._recent.append(now)

    def _mail(self, body: bytes) -> Mail:
        try:
            wish = msgspec.json.decode(body, type=_SendEmail)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused("BadRequestException", f"The request cannot be read: {error}") from None
        simple = wish.content.simple
        if simple is None:
            raise Refused("BadRequestException", "The local SES takes Simple content only.")
        self._check(wish, simple)
        recipients = wish.destination
        return Mail(
            id=f"{time.time_ns() // 1_000_000:016x}-{uuid.uuid4()}-000000",
            to=", ".join([*recipients.to_addresses, *recipients.cc_addresses, *recipients.bcc_addresses]),
            sender=wish.from_email_address,
            reply_to=", ".join(wish.reply_to_addresses),
            subject=simple.subject.data,
            text=simple.body.text.data if simple.body.text else "",
            html=simple.body.html.data if simple.body.html else "",
            headers={header.name: header.value for header in simple.headers},
            attachments=[
                {
                    "name": one.file_name,
                    "content_type": one.content_type,
                    "content": b64encode(one.raw_content).decode(),
                }
                for one in simple.attachments
            ],
            tags={tag.name: tag.value for tag in wish.email_tags},
            configuration_set=wish.configuration_set_name,
            sent_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )

    def _check(self, wish: _SendEmail, simple: _Simple) -> None:
        if _CONTROL.search(simple.subject.data) or _CONTROL.search(wish.from_email_address):
            raise Refused("BadRequestException", "A header holds a control character.")
        sender = parseaddr(wish.from_email_address)[1].lower()
        if sender not in self._senders and sender.rpartition("@")[2] not in self._senders:
            raise Refused(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in this region: "
                f"{wish.from_email_address}",
            )
        recipients = wish.destination
        everyone = [*recipients.to_addresses, *recipients.cc_addresses, *recipients.bcc_addresses]
        if not 1 <= len(everyone) <= _MAX_RECIPIENTS:
            raise Refused("BadRequestException", f"A mail has 1 to {_MAX_RECIPIENTS} recipients.")
        for address in [*everyone, *wish.reply_to_addresses]:
            if not _ADDRESS.fullmatch(parseaddr(address)[1]) or _CONTROL.search(address):
                raise Refused("BadRequestException", f"Illegal address: {address!r}")
        for header in simple.headers:
            if not _HEADER_NAME.fullmatch(header.name) or not _HEADER_VALUE.fullmatch(header.value):
                raise Refused("BadRequestException", f"Illegal header: {header.name!r}")
        for tag in wish.email_tags:
            if not _TAG.fullmatch(tag.name) or not _TAG.fullmatch(tag.value):
                raise Refused("BadRequestException", f"Illegal tag: {tag.name!r}: {tag.value!r}")
        _check_parts(simple)


def _check_signed(request: web.Request) -> None:
    """A web page in a browser cannot sign, so it cannot put mails here."""
    if "AWS4-HMAC-SHA256" not in request.headers.get("Authorization", ""):
        raise Refused("MissingAuthenticationTokenException", "Missing Authentication Token", 403)


def _check_parts(simple: _Simple) -> None:
    parts = [simple.subject, *(part for part in (simple.body.text, simple.body.html) if part is not None)]
    if len(parts) == 1:
        raise Refused("BadRequestException", "A mail needs a text or an HTML part.")
    for attachment in simple.attachments:
        if not attachment.file_name or _CONTROL.search(attachment.file_name + attachment.content_type):
            raise Refused("BadRequestException", f"Illegal attachment: {attachment.file_name!r}")
    for part in parts:
        try:
            part.data.encode(part.charset)
        except (LookupError, UnicodeEncodeError):
            message = f"The text does not fit its character set ({part.charset}); give Charset UTF-8."
            raise Refused("BadRequestException", message) from None


def _refusal(refusal: Refused) -> web.Response:
    return web.json_response(
        {"message": str(refusal)}, status=refusal.status, headers={"x-amzn-ErrorType": refusal.code}
    )
