"""Words for what is counted and listed: roles, phases, exports, events of the log. Message ids of the catalogue."""

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
    "import-uploaded": N_("List uploaded"),
    "import-read": N_("Rows of a list read"),
    "import-started": N_("Import of a list started"),
    "import-cancelled": N_("Import of a list cancelled"),
    "import-problems-downloaded": N_("Errors of a list downloaded"),
    "mail-sent": N_("E-mail sent again"),
    "mails-sent": N_("E-mails held back were let go"),
    "announcement-written": N_("Announcement written"),
    "announcement-rewritten": N_("Announcement changed"),
    "announcement-sent": N_("Announcement sent"),
    "announcement-cancelled": N_("Announcement cancelled"),
    "export-requested": N_("Export asked for"),
    "export-downloaded": N_("Export downloaded"),
    "export-cancelled": N_("Export cancelled"),
}
"""What any room writes into the audit trail: the events that people can read and filter by."""
