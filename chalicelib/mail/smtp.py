"""Handing a mail to an SMTP relay instead of SES: one connection, one mail, one answer.

For whoever has a mail server and no SES (`SmtpRelay`, docs/other-ground.md). The answers are those of `sender`. What
becomes of a mail afterwards, a relay does not tell: bounces come to the sender's mailbox as mails.
"""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from chalicelib.mail.answers import Refused, Throttled, Unknown
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    import smtplib
    from collections.abc import Mapping
    from datetime import datetime

    from chalicelib.mail.message import Mail

# Not every server on the way takes eight bits.
_POLICY = SMTP.clone(cte_type="7bit")
_PORTS = {"smtps": 465, "starttls": 587, "smtp": 25}
_SECONDS = 10  # for each answer of the relay

# RFC 5321, 4.2.3: the service closes the channel, usually since somebody sends too much.
_CLOSING = 421


class _Login(Struct, frozen=True):
    """The secret `SmtpSecretArn`: `{"user": "…", "password": "…"}`."""

    user: str
    password: str


def hand_over(mail: Mail, headers: Mapping[str, str], *, message_id: str, at: datetime) -> str:
    """Give `mail` to the relay; the message id. `headers` are From, To, Reply-To and what the mail has beside.

    Raises `Throttled`, `Refused`, `Unknown`.
    """
    message = _message(mail, headers, message_id=message_id, at=at)
    relay = _connect()
    try:
        _send(relay, message)
    finally:
        relay.close()
    return message_id


def _message(mail: Mail, headers: Mapping[str, str], *, message_id: str, at: datetime) -> EmailMessage:
    message = EmailMessage(_POLICY)
    for name, value in headers.items():
        message[name] = value
    message["Subject"] = mail.subject
    message["Message-ID"] = message_id
    message["Date"] = format_datetime(at)
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for one in mail.attachments:
        kind, *parameters = (part.strip() for part in one.content_type.split(";"))
        main, _, sub = kind.partition("/")
        params = dict(part.split("=", 1) for part in parameters)
        message.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name, params=params)
    return message


def _connect() -> smtplib.SMTP:
    """A connection that may send; nothing has been sent when this fails."""
    import smtplib

    address = urlsplit(settings().smtp_relay)
    host, port = address.hostname or "", address.port or _PORTS[address.scheme]
    try:
        if address.scheme == "smtps":
            relay: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=ssl.create_default_context())
        else:
            relay = smtplib.SMTP(host, port, timeout=_SECONDS)
    except smtplib.SMTPResponseException as error:
        raise _answer(error.smtp_code) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Refused("no-connection") from error
    try:
        if address.scheme == "starttls":
            relay.starttls(context=ssl.create_default_context())
        relay.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException) as error:
        relay.close()
        raise Refused("no-connection") from error
    if settings().smtp_secret:
        known = _login()
        try:
            relay.login(known.user, known.password)
        except (OSError, smtplib.SMTPException) as error:
            # Some close the connection on the third wrong word, or know no logins at all.
            relay.close()
            raise Refused("relay-login") from error
    return relay


def _send(relay: smtplib.SMTP, message: EmailMessage) -> None:
    import smtplib

    sender, to = parseaddr(str(message["From"]))[1], parseaddr(str(message["To"]))[1]
    try:
        _expect(relay.mail(sender), 250)
        _expect(relay.rcpt(to), 250, 251)
    except UnicodeError as error:
        # Letters beyond ASCII before the @ need an extension that few mailboxes have.
        raise Refused("address") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Refused("no-connection") from error
    try:
        _expect(relay.data(message.as_bytes()), 250)
    except smtplib.SMTPDataError as error:
        # It said no to DATA itself: nothing was sent.
        raise _answer(error.smtp_code) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unknown from error


def _expect(answer: tuple[int, bytes], *good: int) -> None:
    code, _ = answer
    if code not in good:
        raise _answer(code)


def _answer(code: int) -> Throttled | Refused:
    # Other 4xx (a full mailbox, greylisting) are tried again by the ledger, with pauses that grow.
    return Throttled() if code == _CLOSING else Refused(f"smtp-{code}")


@cache
def _login() -> _Login:
    from chalicelib.runtime.aws import aws_errors, secrets

    with aws_errors():
        answer = secrets().get_secret_value(SecretId=settings().smtp_secret)
    return msgspec.json.decode(answer["SecretString"], type=_Login)
