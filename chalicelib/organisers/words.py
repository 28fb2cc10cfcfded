"""Words that several organiser pages use: roles, states, events. Message ids of the catalogue."""

from __future__ import annotations

from typing import Final

from chalicelib.errors import N_

ROLE_WORDS: Final[dict[str, str]] = {
    "viewer": N_("viewer"),
    "moderator": N_("moderator"),
    "owner": N_("owner"),
}
