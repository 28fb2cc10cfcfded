"""Words for what is counted and listed: roles, phases, states, events of the log. Message ids of the catalogue."""

from __future__ import annotations

from typing import Final

from chalicelib.errors import N_

ROLE_WORDS: Final[dict[str, str]] = {
    "viewer": N_("viewer"),
    "moderator": N_("moderator"),
    "owner": N_("owner"),
}
PHASE_WORDS: Final[dict[str, str]] = {
    "not-yet": N_("not open yet"),
    "open": N_("open"),
    "full": N_("full"),
    "closed": N_("closed"),
}
STATE_WORDS: Final[dict[str, str]] = {
    "received": N_("Not confirmed"),
    "confirmed": N_("To decide"),
    "accepted": N_("Accepted"),
    "rejected": N_("Rejected"),
    "duplicate": N_("Merged"),
    "withdrawn": N_("Withdrawn"),
}
MAIL_WORDS: Final[dict[str, str]] = {
    "owed": N_("waiting to be sent"),
    "held": N_("held back until the organisers have looked at it"),
    "claimed": N_("being sent"),
    "sent": N_("sent"),
    "delivered": N_("delivered"),
    "bounced": N_("came back: the mailbox could not be reached"),
    "complained": N_("reported as unwanted by whoever received it"),
    "failed": N_("could not be sent"),
    "suppressed": N_("not sent: this address takes no e-mails from us"),
}
EXPORT_WORDS: Final[dict[str, str]] = {
    "queued": N_("waiting"),
    "building": N_("being built"),
    "ready": N_("ready"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
}
EVENT_WORDS: Final[dict[str, str]] = {
    "logged-in": N_("Logged in"),
    "token-made": N_("API token made"),
    "token-revoked": N_("API token revoked"),
    "submission-read": N_("Report read"),
    "accepted": N_("Accepted"),
    "rejected": N_("Rejected"),
    "duplicate": N_("Merged"),
    "merged": N_("Merged"),
    "reopened": N_("To be decided again"),
    "undone": N_("Decision undone"),
    "copy-edited": N_("Public text edited"),
    "note-added": N_("Note written"),
    "imported": N_("Imported from a list"),
    "mail-resent": N_("E-mail sent again"),
    "announcement-sent": N_("Announcement sent"),
    "export-requested": N_("Export asked for"),
    "export-downloaded": N_("Export downloaded"),
    "export-cancelled": N_("Export cancelled"),
}
"""Rooms may write other events; those are shown by their names."""
