"""A stage whose mails go to a mail server of its own instead of SES: the whole way of a report, and its login."""

import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from msgspec.structs import replace

from chalicelib.mail import sender, smtp
from chalicelib.runtime.settings import settings
from infra.local import ports
from tests.integration.world import World, client


class Taken(list[Envelope]):
    """What a relay takes."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.append(envelope)
        return "250 OK"


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, known: LoginPassword) -> AuthResult:
    return AuthResult(success=(known.login, known.password) == (b"aufruf", b"a password"))


# A relay on the same machine, without TLS; tests/unit/mail/test_smtp.py has those with it.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_mail_goes_to_the_relay_which_is_logged_in_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, port = Taken(), ports.choose()
    with world.border.aside():
        secret = json.dumps({"user": "aufruf", "password": "a password"})
        arn = client("secretsmanager").create_secret(Name="relay", SecretString=secret)["ARN"]
    changed = replace(settings(), smtp_relay=f"smtp://127.0.0.1:{port}", smtp_secret=arn)
    for module in (sender, smtp):
        monkeypatch.setattr(module, "settings", lambda: changed)
    smtp._login.cache_clear()
    relay = Controller(
        taken,
        hostname="127.0.0.1",
        port=port,
        authenticator=authenticate,
        auth_required=True,
        auth_require_tls=False,
    )
    relay.start()
    try:
        world.publish()
        assert world.submit().status == 201
        world.drain()
        world.drain()
    finally:
        relay.stop()
        smtp._login.cache_clear()
    [envelope] = taken
    assert envelope.rcpt_tos == ["ada@example.org"]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=default)
    assert isinstance(message, EmailMessage)
    text = message.get_body(("plain",))
    assert text is not None
    assert "/receipts/" in text.get_content()
    [entry] = world.items("mails")
    assert (entry["state"]["S"], entry["message_id"]["S"]) == ("sent", message["Message-ID"])
    assert world.mails == [], "nothing by SES"
