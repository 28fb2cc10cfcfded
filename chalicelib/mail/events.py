"""SES's events as they arrive: an envelope of SNS, in it what happened to which mail. Values only.

Source: SES developer guide, "Contents of event data that Amazon SES publishes to Amazon SNS".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from chalicelib.ledger.fate import Event, Happened

_SIMPLE: dict[str, Happened] = {
    "Send": "send",
    "Delivery": "delivery",
    "DeliveryDelay": "delay",
    "Reject": "reject",
    "Rendering Failure": "rendering-failure",
    "RenderingFailure": "rendering-failure",
}
_MEMBERS = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure", "RenderingFailure": "failure"}
# SES did not even try, and does not hold it against us (developer guide, "account-level suppression list").
_NOT_TRIED = "OnAccountSuppressionList"


class Told(Struct, frozen=True):
    """One event, and the mail it is about. `submission_id` is the ledger's; `addresses` are whom it is about."""

    submission_id: str
    kind: str
    round: int
    message_id: str
    event: Event
    addresses: tuple[str, ...]
    tried: bool = True


class Unreadable(Exception):
    """Not an event of SES that we could understand."""


def tag_of(submission_id: str) -> str:
    """A ledger id as SES takes it in a tag: letters, digits, `_` and `-`."""
    return submission_id.replace("#", "_")


def read_event(body: dict[str, Any]) -> Told | None:
    """What a message tells; `None` for what is no news about a mail of ours. Raises `Unreadable`."""
    text = body.get("Message")
    if body.get("Type") == "Notification" and isinstance(text, str):
        if not text.startswith("{"):
            return None  # "Successfully validated SNS topic for Amazon SES event publishing."
        try:
            body = msgspec.json.decode(text, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise Unreadable from error
    try:
        mail, tags = body["mail"], body["mail"]["tags"]
        event, addresses, tried = _event(body)
        if event is None:
            return None
        return Told(
            submission_id=tags["submission"][0].replace("_", "#"),
            kind=tags["kind"][0],
            round=int(tags["round"][0]),
            message_id=mail["messageId"],
            event=event,
            addresses=addresses,
            tried=tried,
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable from error


def _event(body: dict[str, Any]) -> tuple[Event | None, tuple[str, ...], bool]:
    """Event, the addresses that want no mail any more, and whether SES tried."""
    name = body.get("eventType") or body.get("notificationType")
    sent_at = body["mail"]["timestamp"]
    if name in _SIMPLE:
        more = body.get(_MEMBERS.get(name, name.lower()), {})
        at = sent_at if name == "Send" else more.get("timestamp") or sent_at
        return Event(_SIMPLE[name], _stamp(at), str(more.get("reason") or more.get("delayType") or "")), (), True
    if name == "Bounce":
        bounce = body["bounce"]
        permanent, cause = bounce["bounceType"] == "Permanent", str(bounce.get("bounceSubType", ""))
        addresses = tuple(one["emailAddress"] for one in bounce["bouncedRecipients"]) if permanent else ()
        kind: Happened = "bounce" if permanent else "transient-bounce"
        return Event(kind, _stamp(bounce["timestamp"]), cause), addresses, cause != _NOT_TRIED
    if name == "Complaint":
        complaint = body["complaint"]
        if complaint.get("complaintFeedbackType") == "not-spam":
            return None, (), True  # somebody took it out of the junk
        cause = str(complaint.get("complaintFeedbackType") or complaint.get("complaintSubType") or "")
        addresses = tuple(one["emailAddress"] for one in complaint["complainedRecipients"])
        tried = complaint.get("complaintSubType") != _NOT_TRIED
        return Event("complaint", _stamp(complaint["timestamp"]), cause), addresses, tried
    return None, (), True


def _stamp(given: str) -> str:
    """SES's time (ISO 8601, to the second or finer) as ours."""
    return datetime.fromisoformat(given).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
