"""The kinds of mail. Values only.

A kind is a family, and where one submission (or organiser) may get several of that family what tells them apart:
`confirm`, `published-2`, `links-2026050412`. With the submission's id it is the key of the ledger: at most one of each.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta

from chalicelib.errors import N_

Family = Literal[
    "confirm", "receipt", "links", "published", "declined", "merged", "changed", "login", "digest", "announcement"
]
FAMILIES: tuple[Family, ...] = get_args(Family)
# What else comes over a queue is no kind. A tag of SES may be 256 characters long.
Kind = Annotated[str, Meta(pattern=rf"^({'|'.join(FAMILIES)})(-[0-9A-Za-z_-]{{1,200}})?$")]

WORDS: Final[dict[str, str]] = {
    "confirm": N_("E-mail with the link to this page"),
    "receipt": N_("E-mail that your report is confirmed"),
    "links": N_("E-mail with all your links"),
    "published": N_("E-mail that your report was accepted"),
    "declined": N_("E-mail that your report was not accepted"),
    "merged": N_("E-mail that your report was merged"),
    "changed": N_("E-mail that your report was changed"),
    "announcement": N_("Announcement of the organisers"),
}
"""What submitters read about the mails to them, by family, as message ids."""
ORGANISERS_WORDS: Final[dict[str, str]] = {
    "confirm": N_("Please confirm"),
    "receipt": N_("Report confirmed"),
    "links": N_("Links to all reports of a person"),
    "published": N_("Report accepted"),
    "declined": N_("Report not accepted"),
    "merged": N_("Report merged"),
    "changed": N_("Report changed"),
    "login": N_("Login link for an organiser"),
    "digest": N_("Daily digest for an organiser"),
    "announcement": N_("Announcement"),
}
"""What organisers read, by family, as message ids."""


def family_of(kind: str) -> str:
    """`published-2` is of the family `published`."""
    return kind.partition("-")[0]


def nth(family: Family, number: int) -> str:
    """The kind of the `number`th mail of a family, counted from 1: `published`, `published-2`, …"""
    return family if number <= 1 else f"{family}-{number}"


def links_kind(hour: str) -> str:
    """The mail with somebody's links, sent at most once in an hour (`2026050412`, UTC)."""
    return f"links-{hour}"


def digest_kind(day: str) -> str:
    """An organiser's digest of the day that ended in an hour (`2026050405`, UTC)."""
    return f"digest-{day}"


def announcement_kind(announcement: str) -> str:
    """An announcement, by its id."""
    return f"announcement-{announcement}"


def announcement_of(kind: str) -> str:
    """The id of the announcement that a mail brings."""
    return kind.partition("-")[2]


def login_kind(nonce: str) -> str:
    """The mail with a link to log in, by what the asking was named."""
    return f"login-{nonce}"


def organiser_id(address: str) -> str:
    """What stands in place of a submission's id for a mail to an organiser: by the digest of their address.

    It is a tag of SES, too: those take letters, digits, hyphens and underscores, and nothing else.
    """
    return f"organiser-{address}"
