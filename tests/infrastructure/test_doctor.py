"""What `aufruf doctor` looks at on AWS alone: SES, who hears alarms, the address in mails, CloudFormation's state."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from infra.doctor import examination, outside
from infra.doctor.place import Finding, Place

GOOD_IDENTITY = {"VerifiedForSendingStatus": True, "DkimAttributes": {"Status": "SUCCESS"}}
DESTINATION = {"Name": "events", "Enabled": True, "SnsDestination": {"TopicArn": "arn:aws:sns:topic"}}


class Ses:
    """An account that may send; a test changes what it needs."""

    def __init__(self, **other: Any) -> None:
        self.account = {"ProductionAccessEnabled": True, "SendingEnabled": True, **other.get("account", {})}
        self.identity = other.get("identity", GOOD_IDENTITY)
        self.destinations = other.get("destinations", [DESTINATION])

    def get_account(self) -> Mapping[str, Any]:
        return self.account

    def get_email_identity(self, **_: str) -> Mapping[str, Any]:
        if self.identity is None:
            raise ClientError({"Error": {"Code": "NotFoundException", "Message": "no"}}, "GetEmailIdentity")
        found: Mapping[str, Any] = self.identity
        return found

    def get_configuration_set_event_destinations(self, **_: str) -> Mapping[str, Any]:
        return {"EventDestinations": self.destinations}


def place(clients: Mapping[str, Any], **known: Any) -> Place:
    """A stack on AWS of which this much is known."""
    made = Place("aufruf-prod", "prod", client=clients.__getitem__, api="http://127.0.0.1:9", local=False)
    parameters = {"MailSender": "aufruf@example.org", "MailDomain": "example.org", "PublicUrl": "http://127.0.0.1:9"}
    vars(made).update({"parameters": {**parameters, **known.pop("parameters", {})}, "template": {}, "resources": []})
    vars(made).update(known)
    return made


def said(findings: Iterator[Finding]) -> list[tuple[str, str]]:
    return [(one.wrong, one.mend) for one in findings]


def test_an_account_that_may_send_is_fine() -> None:
    assert said(outside.mail(place({"sesv2": Ses()}))) == []


@pytest.mark.parametrize(
    ("broken", "wrong", "mend"),
    [
        ({"account": {"ProductionAccessEnabled": False}}, "sandbox", "Request production access"),
        ({"account": {"SendingEnabled": False}}, "paused sending", "Account dashboard"),
        ({"identity": None}, "does not know it", "create-email-identity --email-identity example.org"),
        ({"identity": {"VerifiedForSendingStatus": False}}, "may not send", "DkimRecord1"),
        ({"identity": {**GOOD_IDENTITY, "DkimAttributes": {"Status": "FAILED"}}}, "not signed", "DkimRecord1"),
        (
            {"identity": {**GOOD_IDENTITY, "MailFromAttributes": {"MailFromDomain": "b.example.org"}}},
            "MAIL FROM",
            "MX and SPF",
        ),
        ({"destinations": []}, "bounces are not seen", "mail.yaml"),
        ({"destinations": [{**DESTINATION, "Enabled": False}]}, "bounces are not seen", "mail.yaml"),
    ],
)
def test_what_is_wrong_with_ses_is_named_with_what_mends_it(broken: dict[str, Any], wrong: str, mend: str) -> None:
    [(what, how)] = said(outside.mail(place({"sesv2": Ses(**broken)})))
    assert wrong in what
    assert mend in how


def test_an_address_alone_is_asked_to_agree() -> None:
    only = {"MailDomain": ""}
    [(_, how)] = said(
        outside.mail(place({"sesv2": Ses(identity={"VerifiedForSendingStatus": False})}, parameters=only))
    )
    assert "follow the link" in how


def test_alarms_that_nobody_hears_are_named() -> None:
    [(wrong, mend)] = said(outside.alarms(place({"cloudwatch": None})))
    assert (wrong, "AlarmAddress" in mend) == ("nobody is told when an alarm rings", True)


def test_an_address_for_alarms_that_was_never_confirmed_is_named() -> None:
    class Sns:
        def list_subscriptions_by_topic(self, **_: str) -> Mapping[str, Any]:
            return {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]}

    topic = {"LogicalResourceId": "AlarmsTopic", "PhysicalResourceId": "arn", "ResourceType": "AWS::SNS::Topic"}
    [(wrong, mend)] = said(outside.alarms(place({"cloudwatch": None, "sns": Sns()}, resources=[topic])))
    assert (wrong, mend) == ("has not been confirmed", "follow the link in the mail that AWS sent to it")


def test_an_address_in_mails_that_leads_nowhere_is_named() -> None:
    plain, nowhere = said(outside.public_address(place({})))
    assert "not encrypted" in plain[0]
    assert "links in mails lead nowhere" in nowhere[0]


@pytest.mark.parametrize(
    ("status", "mends"),
    [
        ("UPDATE_COMPLETE", []),
        ("UPDATE_ROLLBACK_COMPLETE", []),
        ("UPDATE_IN_PROGRESS", ["wait, and look again"]),
        ("UPDATE_ROLLBACK_FAILED", ["repair what its events name, then: aws cloudformation continue-update-rollback"]),
    ],
)
def test_the_state_of_the_stack_is_judged(status: str, mends: list[str]) -> None:
    found = outside.state(place({}, described={"StackStatus": status}))
    assert [one.mend for one in found] == mends


def test_what_may_not_be_looked_at_is_a_finding_and_the_rest_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Place) -> Iterator[Finding]:
        raise NoCredentialsError
        yield

    for module, names in (
        (examination.data, ("tables", "bucket", "keys", "calls")),
        (examination.work, ("functions", "triggers", "queues", "logs")),
        (examination.outside, ("state", "application", "public_address", "alarms", "mail")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, refuse)
    *refused, disk = examination.examine(place({}), folder=None)  # type: ignore[arg-type]
    assert len(refused) == 13
    assert {one.findings[0].wrong for one in refused} == {"could not be looked at: Unable to locate credentials"}
    assert disk.not_here == "the stack is not on this machine"
