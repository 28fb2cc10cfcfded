"""What people and AWS see of the stack: its state, its answers, its alarms, its mails."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra import smoke
from infra.changeset import WAY_OUT
from infra.doctor.place import Finding, NotHere, Place
from infra.stage import DeploymentFailed

_GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
_LEAST_BYTES = 500_000_000


def state(place: Place) -> Iterator[Finding]:
    """CloudFormation has finished."""
    status = place.described["StackStatus"]
    if status.endswith("_IN_PROGRESS"):
        yield Finding(place.stack, f"is being changed ({status})", "wait, and look again")
    elif status not in _GOOD:
        yield Finding(place.stack, f"is in {status}", WAY_OUT.get(status, place.again))


def application(place: Place) -> Iterator[Finding]:
    """The app answers where the API is."""
    try:
        smoke.prove(place.api, tries=1)
    except DeploymentFailed as error:
        mend = f"read the log of APIHandler (group {place.physical('APIHandlerLogs')}); if in doubt {place.again}"
        yield Finding("application", str(error), mend)


def public_address(place: Place) -> Iterator[Finding]:
    """The address that stands in mails leads to the app."""
    address = place.parameters.get("PublicUrl", "")
    right = f"make deploy STAGE={place.stage} PUBLIC_URL=https://…"
    if not place.local and not address.startswith("https://"):
        yield Finding("PublicUrl", f"{address} is not encrypted", right)
    try:
        smoke.prove(address, tries=1)
    except DeploymentFailed as error:
        mend = f"let its DNS and proxy lead to {place.api}, or say another address: {right}"
        if place.local:
            mend = place.again
        yield Finding("PublicUrl", f"links in mails lead nowhere: {error}", mend)


def alarms(place: Place) -> Iterator[Finding]:
    """Alarms reach a person, and none rings."""
    client = place.client("cloudwatch")
    names = {physical: name for name, physical, _ in place.of_type("AWS::CloudWatch::Alarm")}
    for one in client.describe_alarms(AlarmNames=sorted(names))["MetricAlarms"] if names else []:
        name = names.pop(one["AlarmName"])
        if not one.get("ActionsEnabled", True):
            mend = f"aws cloudwatch enable-alarm-actions --alarm-names {one['AlarmName']}"
            yield Finding(name, "rings, and nobody hears it", mend)
        if one.get("StateValue") == "ALARM":
            yield Finding(name, f"rings: {one.get('AlarmDescription', '')}", f"docs/operations.md, {name}")
    for name in sorted(names.values()):
        yield Finding(name, "is gone", place.again)
    if place.local:
        return
    topic = place.physical("AlarmsTopic")
    if topic is None:
        mend = f'make deploy STAGE={place.stage} PARAMETERS="AlarmAddress=…"'
        yield Finding("AlarmAddress", "nobody is told when an alarm rings", mend)
        return
    found = place.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    if not any(one["SubscriptionArn"].startswith("arn:") for one in found):
        yield Finding("AlarmAddress", "has not been confirmed", "follow the link in the mail that AWS sent to it")


def mail(place: Place) -> Iterator[Finding]:
    """SES lets this account send to everybody, from this address, and tells what became of it."""
    if place.parameters.get("SesEndpoint") or place.parameters.get("SmtpRelay"):
        raise NotHere("mails go to another server than SES")
    client = place.client("sesv2")
    account = client.get_account()
    if not account.get("ProductionAccessEnabled"):
        mend = "SES console, “Account dashboard”, “Request production access”: docs/deploy.md"
        yield Finding("SES", "is in its sandbox: only addresses that were verified get mails", mend)
    if not account.get("SendingEnabled", True):
        yield Finding("SES", "AWS has paused sending for this account", "SES console, “Account dashboard” says why")
    yield from _identity(place, client)
    yield from _events(place, client)


def _identity(place: Place, client: Any) -> Iterator[Finding]:
    names = [place.parameters.get(name, "") for name in ("MailIdentity", "MailDomain", "MailSender")]
    name = next(one for one in names if one)
    try:
        identity = client.get_email_identity(EmailIdentity=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise
        yield Finding(name, "SES does not know it", f"aws sesv2 create-email-identity --email-identity {name}")
        return
    if not identity.get("VerifiedForSendingStatus"):
        mend = "publish the DNS records DkimRecord1 to 3 of the stack's outputs"
        if "@" in name:
            mend = "follow the link in the mail that AWS sent to it"
        yield Finding(name, "SES may not send for it yet", mend)
    elif "@" not in name and identity.get("DkimAttributes", {}).get("Status") != "SUCCESS":
        mend = "publish the DNS records DkimRecord1 to 3 of the stack's outputs"
        yield Finding(name, "mails are not signed (DKIM): many land among spam", mend)
    from_domain = identity.get("MailFromAttributes", {})
    if from_domain.get("MailFromDomain") and from_domain.get("MailFromDomainStatus") != "SUCCESS":
        mend = "publish its MX and SPF records: docs/deploy.md"
        yield Finding(from_domain["MailFromDomain"], "is not used as envelope sender (MAIL FROM)", mend)


def _events(place: Place, client: Any) -> Iterator[Finding]:
    name = place.physical("ConfigurationSet")
    try:
        found = client.get_configuration_set_event_destinations(ConfigurationSetName=name)["EventDestinations"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFoundException":
            raise
        found = []
    if not any(one.get("Enabled") and one.get("SnsDestination") for one in found):
        mend = "it is MailEvents of infra/resources/mail.yaml; set it again by hand (SES console, “Configuration sets”)"
        yield Finding("MailEvents", "SES does not say what became of mails: bounces are not seen", mend)


def machine(place: Place, folder: Path) -> Iterator[Finding]:
    """The disk that holds the local stack has room."""
    if not place.local:
        raise NotHere("the stack is not on this machine")
    free = shutil.disk_usage(folder).free
    if free < _LEAST_BYTES:
        mend = "make room, or take another folder: DATA=… make run"
        yield Finding(str(folder), f"only {free // 1_000_000} MB are left on its disk", mend)
