"""The local SES, asked by boto3's own client."""

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from aiohttp import web
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from infra.local.mailbox import Mail, Mailbox
from infra.local.ses import SEND_PATH, Behaviour, LocalSes
from tests.local.waiting import wait_for

SENDER = "aufruf@example.org"
Serve = Callable[[web.Application], str]


class Post:
    """A mailbox, the SES that fills it, and a client."""

    def __init__(self, mailbox: Mailbox, serve: Serve, **options: Any) -> None:
        self.mailbox = mailbox
        self.ses = LocalSes(mailbox, [SENDER, "example.net"], **options)
        self.address = serve(self.ses.application())

    def client(self, timeout: float = 5.0) -> Any:
        return boto3.client(
            "sesv2",
            endpoint_url=self.address,
            region_name="eu-central-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=timeout),
        )

    def send(self, *, timeout: float = 5.0, **changes: Any) -> str:
        wish = {
            "FromEmailAddress": f"Aufruf <{SENDER}>",
            "Destination": {"ToAddresses": ["zoe@example.com"]},
            "Content": content(),
            **changes,
        }
        with closing(self.client(timeout)) as client:
            return str(client.send_email(**wish)["MessageId"])


def content(subject: str = "Grüße", **simple: Any) -> dict[str, Any]:
    return {
        "Simple": {
            "Subject": {"Data": subject, "Charset": "UTF-8"},
            "Body": {
                "Text": {"Data": "Guten Tag, Zoë", "Charset": "UTF-8"},
                "Html": {"Data": "<p>Guten Tag, Zoë</p>", "Charset": "UTF-8"},
            },
            **simple,
        }
    }


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with closing(Mailbox(tmp_path / "mailbox.sqlite3")) as mailbox:
        yield mailbox


@pytest.fixture
def post(mailbox: Mailbox, serve: Serve) -> Post:
    return Post(mailbox, serve)


def test_an_accepted_mail_is_in_the_mailbox_with_all_its_parts(post: Post) -> None:
    message_id = post.send(
        ReplyToAddresses=["kosi@example.org"],
        EmailTags=[{"Name": "entry", "Value": "K7Q49XMD2RTB-confirm"}],
        ConfigurationSetName="main",
        Content=content(
            Headers=[{"Name": "Auto-Submitted", "Value": "auto-generated"}],
            Attachments=[{"FileName": "a.ics", "ContentType": "text/calendar", "RawContent": b"BEGIN:VCALENDAR"}],
        ),
    )
    [mail] = post.mailbox.mails()
    assert mail.id == message_id
    assert (mail.to, mail.sender, mail.reply_to) == ("zoe@example.com", f"Aufruf <{SENDER}>", "kosi@example.org")
    assert (mail.subject, mail.text, mail.html) == ("Grüße", "Guten Tag, Zoë", "<p>Guten Tag, Zoë</p>")
    assert mail.tags == {"entry": "K7Q49XMD2RTB-confirm"}
    assert mail.headers == {"Auto-Submitted": "auto-generated"}
    [attached] = mail.attachments
    assert attached == {
        "name": "a.ics", "content_type": "text/calendar", "content": base64.b64encode(b"BEGIN:VCALENDAR").decode()
    }  # fmt: skip
    assert mail.configuration_set == "main"
    assert mail.sent_at.endswith("Z")


def test_any_address_of_a_known_domain_may_send(post: Post) -> None:
    assert post.send(FromEmailAddress="team@example.net")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"FromEmailAddress": "somebody@elsewhere.org"}, "MessageRejected"),
        ({"FromEmailAddress": f"Aufruf\r\nBcc: x@example.com <{SENDER}>"}, "BadRequestException"),
        ({"Destination": {"ToAddresses": []}}, "BadRequestException"),
        ({"Destination": {"ToAddresses": ["no address"]}}, "BadRequestException"),
        ({"Destination": {"ToAddresses": ["zoë@example.com"]}}, "BadRequestException"),
        ({"Destination": {"ToAddresses": ["a@example.com"] * 51}}, "BadRequestException"),
        ({"Content": content("two\r\nlines")}, "BadRequestException"),
        ({"Content": content(Headers=[{"Name": "X-A", "Value": "ä"}])}, "BadRequestException"),
        ({"Content": content(Body={"Text": {"Data": "Zoë"}})}, "BadRequestException"),
        ({"Content": content(Body={})}, "BadRequestException"),
        ({"Content": {"Raw": {"Data": b"Subject: x"}}}, "BadRequestException"),
        ({"EmailTags": [{"Name": "entry", "Value": "a b"}]}, "BadRequestException"),
    ],
)
def test_what_ses_refuses_is_refused_with_its_error_and_not_kept(
    post: Post, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        post.send(**changes)
    assert refusal.value.response["Error"]["Code"] == code
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert post.mailbox.mails() == []


def test_broken_json_is_a_bad_request(post: Post) -> None:
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/eu-central-1/ses/aws4_request"}
    answer = requests.post(post.address + SEND_PATH, data=b"{", headers=signed, timeout=5)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "BadRequestException")


def test_a_web_page_cannot_put_a_mail_here(post: Post) -> None:
    answer = requests.post(post.address + SEND_PATH, data=b"{}", timeout=5)
    assert answer.status_code == 403


def test_another_operation_is_unknown(post: Post) -> None:
    with closing(post.client()) as client, pytest.raises(ClientError) as refusal:
        client.get_account()
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_more_mails_in_a_second_than_the_limit_are_throttled(mailbox: Mailbox, serve: Serve) -> None:
    now = [100.0]
    post = Post(mailbox, serve, clock=lambda: now[0])
    post.ses.behaviour = Behaviour(throttle_per_second=2)
    post.send()
    post.send()
    with pytest.raises(ClientError) as refusal:
        post.send()
    assert refusal.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    now[0] += 1.01
    post.send()
    assert len(mailbox.mails()) == 3


def test_a_failing_ses_keeps_nothing(mailbox: Mailbox, serve: Serve) -> None:
    draws = iter([0.29, 0.31])
    post = Post(mailbox, serve, chance=lambda: next(draws))
    post.ses.behaviour = Behaviour(fail_rate=0.3)
    with pytest.raises(ClientError) as refusal:
        post.send()
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    post.send()
    assert len(mailbox.mails()) == 1


def test_a_caller_that_goes_away_during_the_pause_has_not_sent(post: Post) -> None:
    post.ses.behaviour = Behaviour(pause_seconds=0.6)
    with pytest.raises(ReadTimeoutError):
        post.send(timeout=0.2)
    patient = threading.Thread(target=post.send)
    patient.start()
    patient.join()  # its pause began after the other's, so the other's is over too
    assert len(post.mailbox.mails()) == 1


def test_a_lost_reply_is_an_accepted_mail(post: Post) -> None:
    post.ses.behaviour = Behaviour(lose_reply=True)
    with pytest.raises(ConnectionClosedError):
        post.send()
    assert len(post.mailbox.mails()) == 1


def test_every_accepted_mail_is_handed_on_with_its_tags(mailbox: Mailbox, serve: Serve) -> None:
    seen: list[Mail] = []

    async def accepted(mail: Mail) -> None:
        assert mailbox.get(mail.id) == mail
        seen.append(mail)

    post = Post(mailbox, serve, accepted=accepted)
    post.send(EmailTags=[{"Name": "entry", "Value": "e1"}])
    wait_for(lambda: seen, what="the hand-over")
    assert seen[0].tags == {"entry": "e1"}
