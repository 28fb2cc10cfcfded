"""The messages on the queues: ids only, never personal data."""

from msgspec import Struct

from chalicelib.ledger.kinds import Kind


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


class LandscapeJob(Struct, frozen=True):
    """Refresh the landscape of this call, unless that was done after `asked_at` (UTC stamp)."""

    call: str
    asked_at: str


class ExportJob(Struct, frozen=True):
    """Build (or go on building) this export."""

    call: str
    export_id: str
