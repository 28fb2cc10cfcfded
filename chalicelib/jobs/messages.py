"""The messages on the queues: ids only, never personal data."""

from msgspec import Struct

from chalicelib.ledger.entry import Kind


class MailJob(Struct, frozen=True):
    """Send this kind of mail to the sender of this submission."""

    call: str
    submission: str
    kind: Kind


class ExportJob(Struct, frozen=True):
    """Build (or go on building) this export."""

    call: str
    export_id: str
