"""The messages on the queues: ids only, never personal data."""

from typing import Literal

from msgspec import Struct

from chalicelib.ledger.entry import Entry
from chalicelib.ledger.kinds import Kind

# What follows from no submission: whoever asked for it sees to it.
_ASKED_FOR = {"login", "digest"}


class MailJob(Struct, frozen=True):
    """Send this kind of mail (`ledger/kinds.py`) to the sender of this submission."""

    call: str
    submission: str
    kind: Kind


class LinksJob(Struct, frozen=True):
    """Send whoever has this address the links to their submissions: its digest, never itself.

    `hour` (`2026050412`, UTC) is when that was asked for; it names the mail, so that a message that comes twice,
    however late, is still the same mail.
    """

    call: str
    address: str
    hour: str


class ReleaseJob(Struct, frozen=True):
    """Have all mails sent that are in the state `release`, for this `cause` and of this `family` (any, if empty), and
    were already at `until` (stamp).

    `start` is where the last run ended, in the ledger's index.
    """

    call: str
    release: Literal["held", "failed", "bounced"]
    cause: str
    until: str
    start: tuple[str, str, str] | None = None
    family: str = ""


def mail_job_of(entry: Entry) -> MailJob | LinksJob | None:
    """The job that sends the mail of an entry; `None` for a mail that cannot be made again."""
    family, _, rest = entry.kind.partition("-")
    if family == "links":
        return LinksJob(call=entry.call, address=entry.address, hour=rest)
    if family in _ASKED_FOR:
        return None
    return MailJob(call=entry.call, submission=entry.submission_id, kind=entry.kind)


class LandscapeJob(Struct, frozen=True):
    """Refresh the landscape of this call, unless that was done after `asked_at` (UTC stamp)."""

    call: str
    asked_at: str


class FiguresJob(Struct, frozen=True):
    """Count this call, for those who look at its figures; `figures_at` is when that was asked for (UTC stamp)."""

    call: str
    figures_at: str


class LoginJob(Struct, frozen=True):
    """Send the organiser with this address a link to log in: its digest, never itself. There may be no such organiser.

    `nonce` names the mail and makes the link, so that a message that comes twice is the same mail with the same link.
    `asked_at` is a UTC stamp, `next` where they wanted to go, from the app's root.
    """

    login: str
    nonce: str
    asked_at: str
    language: str
    next: str = ""


class EraseJob(Struct, frozen=True):
    """Something in this call was erased or withdrawn at `erased_at` (UTC stamp): let its exports follow."""

    call: str
    erased_at: str


class PushJob(Struct, frozen=True):
    """Copy this export to the bucket that its call names."""

    call: str
    pushed: str


class ExportJob(Struct, frozen=True):
    """Build (or go on building) this export."""

    call: str
    export_id: str


class ImportJob(Struct, frozen=True):
    """Check (or go on taking over) this list."""

    call: str
    import_id: str


class AnnouncementJob(Struct, frozen=True):
    """Walk on over the recipients of this announcement."""

    call: str
    announcement: str


class DigestJob(Struct, frozen=True):
    """Send the organiser with this address (its digest) what happened in their calls up to this day's morning.

    `day` (`2026050405`, with the hour, UTC) names the mail and is when the day that it is about ended.
    """

    address: str
    day: str
