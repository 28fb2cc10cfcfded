"""What becomes of a mail on a laptop, told as SES tells it.

Mails arrive, but for the addresses of SES's own mailbox simulator, with or without a label (`bounce+anything@…`):
SES developer guide, "Using the mailbox simulator". They never leave this machine.
"""

import json
import uuid
from email.utils import parseaddr
from typing import Any

from infra.local.mailbox import Mail

SIMULATOR = "simulator.amazonses.com"
TOPIC = "arn:aws:sns:eu-central-1:000000000000:mail-events"


def fate(mail: Mail) -> list[dict[str, Any]]:
    """The events about a mail, in the order in which SES has them."""
    return [_event(mail, name, detail) for name, detail in [("Send", {}), *_what_happens(mail)]]


def envelope(event: dict[str, Any]) -> str:
    """An event as it comes out of a queue that is subscribed to the topic."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": str(uuid.uuid4()),
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Event Notification",
            "Message": json.dumps(event, ensure_ascii=False),
            "Timestamp": event["mail"]["timestamp"],
            "SignatureVersion": "1",
        }
    )


def _what_happens(mail: Mail) -> list[tuple[str, dict[str, Any]]]:
    delivered = ("Delivery", {"timestamp": mail.sent_at, "processingTimeMillis": 1, "recipients": [mail.to]})
    local, _, domain = parseaddr(mail.to)[1].lower().rpartition("@")
    if domain != SIMULATOR:
        return [delivered]
    match local.partition("+")[0]:
        case "bounce":
            return [_bounce(mail, "Permanent", "General")]
        case "suppressionlist":
            return [_bounce(mail, "Permanent", "Suppressed")]
        case "complaint":
            complaint = {
                "timestamp": mail.sent_at,
                "complainedRecipients": [{"emailAddress": mail.to}],
                "complaintFeedbackType": "abuse",
                "feedbackId": str(uuid.uuid4()),
            }
            return [delivered, ("Complaint", complaint)]
        case "ooto":
            # Somebody's automatic answer, which SES takes for a bounce that may pass.
            return [delivered, _bounce(mail, "Transient", "General")]
        case _:
            return [delivered]


def _bounce(mail: Mail, kind: str, subtype: str) -> tuple[str, dict[str, Any]]:
    return "Bounce", {
        "timestamp": mail.sent_at,
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [{"emailAddress": mail.to, "action": "failed", "status": "5.1.1"}],
        "feedbackId": str(uuid.uuid4()),
    }


def _event(mail: Mail, name: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventType": name,
        "mail": {
            "timestamp": mail.sent_at,
            "messageId": mail.id,
            "source": mail.sender,
            "destination": [mail.to],
            "tags": {tag: [value] for tag, value in mail.tags.items()},
        },
        name.lower(): detail,
    }
