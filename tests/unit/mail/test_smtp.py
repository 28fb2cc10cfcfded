"""A mail by SMTP: what arrives at a relay, and what each of its answers means. The relay is a real one, on loopback."""

import email
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from chalicelib.ledger.entry import Entry
from chalicelib.mail import sender, smtp
from chalicelib.mail.answers import Refused, Throttled, Unknown
from chalicelib.mail.message import Attachment, Mail
from chalicelib.runtime.settings import settings
from infra.local import ports

# Of TLS from the first byte on aiosmtpd does not know that it is TLS.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

AT = "2026-05-04T10:00:00.000000Z"
ENTRY = Entry("0123456789AB#x", "confirm", "small-call", "claimed", 1, AT, round=2)
MAIL = Mail(
    "Ihre Meldung: Grüne Höfe",
    "Guten Tag, Grüße aus Dortmund",
    "<p>Grüße aus Dortmund</p>",
    headers={"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    attachments=(Attachment("event.ics", "text/calendar; charset=utf-8; method=PUBLISH", b"BEGIN:VCALENDAR\r\n"),),
)
Relay = Callable[..., list[Envelope]]


class Handler:
    """Takes mails, or answers as it is told, by command."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.taken: list[Envelope] = []
        self._answers = answers

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if "MAIL" not in self._answers:
            envelope.mail_from = address
        return self._answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if "RCPT" not in self._answers:
            envelope.rcpt_tos.append(address)
        return self._answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.taken.append(envelope)
        if self._answers.get("DATA") == "dies":
            server.transport.abort()
        return self._answers.get("DATA", "250 OK")


class _Controller(Controller):
    def _trigger_server(self) -> None:
        # aiosmtpd's own first visit knows no certificate but the machine's.
        socket.create_connection((self.hostname, self.port), 5).close()


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, known: LoginPassword) -> AuthResult:
    return AuthResult(success=(known.login, known.password) == (b"aufruf", b"right"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("relay") / "relay.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> Iterator[Relay]:
    """Start a relay that speaks a scheme and answers as told, and have mails go there; gives what it takes."""
    running: list[Controller] = []

    def start(scheme: str = "smtp", *, password: str = "", trusted: bool = True, **answers: str) -> list[Envelope]:
        handler = Handler(answers)
        context = None
        if scheme != "smtp":
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        port = ports.choose()
        controller = _Controller(
            handler,
            hostname="127.0.0.1",
            port=port,
            authenticator=authenticate,
            auth_required=bool(password),
            auth_require_tls=scheme != "smtps",
            ssl_context=context if scheme == "smtps" else None,
            tls_context=context if scheme == "starttls" else None,
            require_starttls=scheme == "starttls",
        )
        controller.start()
        running.append(controller)
        port = controller.server.sockets[0].getsockname()[1]
        changed = replace(
            settings(), smtp_relay=f"{scheme}://127.0.0.1:{port}", smtp_secret="relay" if password else ""
        )
        for module in (sender, smtp):
            monkeypatch.setattr(module, "settings", lambda: changed)
        monkeypatch.setattr(smtp, "_login", lambda: smtp._Login("aufruf", password))
        return handler.taken

    yield start
    for controller in running:
        controller.stop()


def send() -> str:
    return sender.send(MAIL, ENTRY, to="ada@example.org", sender_name="Stadt Köln", reply_to="team@example.org")


def read(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    found = email.message_from_bytes(envelope.content, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def test_the_relay_gets_the_mail_as_ses_would(relay: Relay) -> None:
    taken = relay()
    assert send() == "<0123456789AB_x.confirm.2@example.org>"
    [envelope] = taken
    message = read(envelope)
    assert isinstance(envelope.content, bytes)
    assert envelope.content.isascii()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("aufruf@example.org", ["ada@example.org"])
    assert message["From"] == "Stadt Köln <aufruf@example.org>"
    assert (message["To"], message["Reply-To"]) == ("ada@example.org", "team@example.org")
    assert (message["Subject"], message["Date"]) == (MAIL.subject, "Mon, 04 May 2026 10:00:00 +0000")
    assert (message["Auto-Submitted"], message["List-Unsubscribe-Post"]) == (
        "auto-generated",
        "List-Unsubscribe=One-Click",
    )
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert (text.get_content().strip(), html.get_content().strip()) == (MAIL.text, MAIL.html)
    [calendar] = message.iter_attachments()
    assert (calendar.get_content_type(), calendar.get_param("method"), calendar.get_filename()) == (
        "text/calendar",
        "PUBLISH",
        "event.ics",
    )
    assert calendar.get_payload(decode=True) == b"BEGIN:VCALENDAR\r\n"


@pytest.mark.parametrize("scheme", ["smtps", "starttls"])
def test_it_is_encrypted_and_logs_in(relay: Relay, scheme: str) -> None:
    taken = relay(scheme, password="right")
    send()
    assert len(taken) == 1


@pytest.mark.parametrize("scheme", ["smtps", "starttls"])
def test_a_relay_that_cannot_show_who_it_is_gets_nothing(relay: Relay, scheme: str) -> None:
    taken = relay(scheme, trusted=False)
    with pytest.raises(Refused, match="no-connection"):
        send()
    assert taken == []


def test_a_wrong_password_is_no_secret(relay: Relay) -> None:
    taken = relay("smtps", password="wrong")
    with pytest.raises(Refused, match="relay-login"):
        send()
    assert taken == []


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", ["450 grey", "550 nobody"])
def test_a_mail_that_is_not_taken_is_refused_with_its_code(relay: Relay, command: str, answer: str) -> None:
    relay(**{command: answer})
    with pytest.raises(Refused, match=f"smtp-{answer[:3]}"):
        send()


def test_a_relay_that_closes_is_left_alone_for_a_while(relay: Relay) -> None:
    relay(RCPT="421 too many")
    with pytest.raises(Throttled):
        send()


def test_an_answer_that_is_lost_leaves_open_whether_it_was_sent(relay: Relay) -> None:
    taken = relay(DATA="dies")
    with pytest.raises(Unknown):
        send()
    assert len(taken) == 1


def test_an_address_that_smtp_cannot_carry_is_refused(relay: Relay) -> None:
    relay()
    with pytest.raises(Refused, match="address"):
        sender.send(MAIL, ENTRY, to="zoë@example.org", sender_name="Stadt", reply_to="team@example.org")


def test_nobody_there_means_not_sent(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    relay()
    gone = replace(settings(), smtp_relay="smtp://127.0.0.1:9")
    monkeypatch.setattr(smtp, "settings", lambda: gone)
    with pytest.raises(Refused, match="no-connection"):
        send()
