"""Handing a mail to SES, or to the stage's own relay, once, and saying what came of it."""

from __future__ import annotations

from email.utils import formataddr
from typing import TYPE_CHECKING

from chalicelib.mail.answers import Refused, Throttled, Unknown
from chalicelib.mail.events import tag_of
from chalicelib.runtime.aws import ses
from chalicelib.runtime.clock import moment
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from chalicelib.ledger.entry import Entry
    from chalicelib.mail.message import Mail

_THROTTLED = {"TooManyRequestsException", "ThrottlingException", "Throttling", "LimitExceededException"}

# RFC 3834: no out-of-office answers to a machine.
_ALWAYS = {"Auto-Submitted": "auto-generated"}


def send(mail: Mail, entry: Entry, *, to: str, sender_name: str, reply_to: str) -> str:
    """Send `mail` and give its message id. Raises `Throttled`, `Refused`, `Unknown`."""
    headers = _ALWAYS | mail.headers
    if settings().smtp_relay:
        from chalicelib.mail.smtp import hand_over  # few stages have one

        addresses = {"From": formataddr((sender_name, settings().mail_sender)), "To": to, "Reply-To": reply_to}
        return hand_over(mail, addresses | headers, message_id=_message_id(entry), at=moment(entry.changed_at))
    from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

    try:
        answer = ses().send_email(
            FromEmailAddress=formataddr((sender_name, settings().mail_sender)),
            Destination={"ToAddresses": [to]},
            ReplyToAddresses=[reply_to],
            Content={
                "Simple": {
                    "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": mail.text, "Charset": "UTF-8"},
                        "Html": {"Data": mail.html, "Charset": "UTF-8"},
                    },
                    "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
                    "Attachments": [
                        {
                            "FileName": one.name,
                            "ContentType": one.content_type,
                            "ContentDisposition": "ATTACHMENT",
                            "ContentTransferEncoding": "BASE64",
                            "RawContent": one.content,
                        }
                        for one in mail.attachments
                    ],
                }
            },
            # SES hands the tags back in its events: the way to the ledger's entry when our own mark was lost.
            EmailTags=[
                {"Name": "call", "Value": entry.call},
                {"Name": "submission", "Value": tag_of(entry.submission_id)},
                {"Name": "kind", "Value": entry.kind},
                {"Name": "round", "Value": str(entry.round)},
                {"Name": "attempt", "Value": str(entry.attempts)},
            ],
            ConfigurationSetName=settings().configuration_set,
        )
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _THROTTLED or status == 429:  # noqa: PLR2004
            raise Throttled from error
        if status >= 500:  # noqa: PLR2004
            raise Unknown from error
        raise Refused(code) from error
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        raise Refused("no-connection") from error
    except BotoCoreError as error:
        raise Unknown from error
    return answer["MessageId"]


def _message_id(entry: Entry) -> str:
    """The same for every attempt at a mail: a mailbox that gets it twice can show it once."""
    unique = f"{tag_of(entry.submission_id)}.{tag_of(entry.kind)}.{entry.round}"
    return f"<{unique}@{settings().mail_sender.rpartition('@')[2]}>"
