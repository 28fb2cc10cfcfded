"""SES's events, as they arrive through SNS."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ledger.fate import Event
from chalicelib.mail.events import Told, Unreadable, read_event, tag_of

# After the examples of the SES developer guide.
MAIL: dict[str, Any] = {
    "timestamp": "2017-08-05T00:40:02.012Z",
    "source": "Aufruf <aufruf@example.org>",
    "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
    "destination": ["zoe@example.com"],
    "tags": {
        "ses:configuration-set": ["ConfigSet"],
        "call": ["small-call"],
        "submission": ["K7Q49XMD2RTB"],
        "kind": ["confirm"],
        "round": ["1"],
    },
}
AT = "2017-08-05T00:41:02.669Z"


def event(name: str, member: str = "", **detail: Any) -> dict[str, Any]:
    return {"eventType": name, "mail": MAIL, member or name.lower(): detail}


def envelope(inside: Any) -> dict[str, Any]:
    text = inside if isinstance(inside, str) else json.dumps(inside)
    return {"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:x", "Message": text}


def read(inside: dict[str, Any]) -> Told:
    told = read_event(envelope(inside))
    assert told is not None
    assert read_event(inside) == told, "raw delivery is understood, too"
    return told


def bounce(kind: str, subtype: str = "General") -> dict[str, Any]:
    who = [{"emailAddress": "zoe@example.com", "status": "5.1.1"}]
    return event("Bounce", bounceType=kind, bounceSubType=subtype, bouncedRecipients=who, timestamp=AT)


def complaint(**more: Any) -> dict[str, Any]:
    who = [{"emailAddress": "zoe@example.com"}]
    return event("Complaint", complainedRecipients=who, timestamp=AT, **more)


def test_an_event_names_its_mail_by_the_tags_and_ses_own_id() -> None:
    told = read(event("Send"))
    assert (told.submission_id, told.kind, told.round) == ("K7Q49XMD2RTB", "confirm", 1)
    assert told.message_id == MAIL["messageId"]
    assert told.event == Event("send", MAIL["timestamp"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (event("Delivery", timestamp=AT, recipients=["zoe@example.com"]), Event("delivery", AT)),
        (event("DeliveryDelay", "deliveryDelay", timestamp=AT, delayType="MailboxFull"),
         Event("delay", AT, "MailboxFull")),
        (event("Reject", reason="Bad content"), Event("reject", MAIL["timestamp"], "Bad content")),
        (event("Rendering Failure", "failure", templateName="x"), Event("rendering-failure", MAIL["timestamp"])),
        (bounce("Permanent", "NoEmail"), Event("bounce", AT, "NoEmail")),
        (bounce("Transient", "MailboxFull"), Event("transient-bounce", AT, "MailboxFull")),
        (bounce("Undetermined", "Undetermined"), Event("transient-bounce", AT, "Undetermined")),
        (complaint(complaintFeedbackType="abuse"), Event("complaint", AT, "abuse")),
        (complaint(), Event("complaint", AT)),
    ],
)  # fmt: skip
def test_what_happened(given: dict[str, Any], expected: Event) -> None:
    assert read(given).event == expected


def test_only_what_ended_for_good_takes_an_address_off_the_mails() -> None:
    assert read(bounce("Permanent")).addresses == read(complaint()).addresses == ("zoe@example.com",)
    assert read(bounce("Transient")).addresses == read(event("Send")).addresses == ()


def test_what_ses_did_not_even_try_does_not_count_against_us() -> None:
    assert read(bounce("Permanent")).tried
    assert not read(bounce("Permanent", "OnAccountSuppressionList")).tried


@pytest.mark.parametrize(
    "body",
    [
        envelope("Successfully validated SNS topic for Amazon SES event publishing."),
        envelope(event("Open")),
        envelope(event("Subscription")),
        envelope(complaint(complaintFeedbackType="not-spam")),
    ],
)
def test_what_is_no_news_about_a_mail_is_none(body: dict[str, Any]) -> None:
    assert read_event(body) is None


@pytest.mark.parametrize(
    "body",
    [{}, envelope("{"), envelope({"eventType": "Send"}), event("Bounce"), event("Delivery", timestamp="yesterday"),
     {"eventType": "Send", "mail": MAIL | {"tags": {}}}, {"eventType": "Send", "mail": None}],
)  # fmt: skip
def test_what_is_no_event_of_ours_says_so(body: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read_event(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["mail", "tags", "eventType", "bounce", "submission", "Type", "Message"]), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["mail", "eventType", "bounce", "Type", "Message"]), _JSON, max_size=5))
def test_nothing_that_arrives_breaks_the_reader(body: dict[str, Any]) -> None:
    try:
        read_event(body)
    except Unreadable:
        return


@pytest.mark.parametrize("submission", ["K7Q49XMD2RTB", "organiser#0f3a"])
def test_an_id_goes_through_a_tag_and_comes_back(submission: str) -> None:
    tag = tag_of(submission)
    assert tag.replace("_", "").isalnum()
    tags = MAIL["tags"] | {"submission": [tag]}
    assert read({"eventType": "Send", "mail": MAIL | {"tags": tags}}).submission_id == submission
