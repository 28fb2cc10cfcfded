"""Flags: what struck us about a submission, for organisers to judge. A flag never refuses anything."""

from typing import Final, Literal

from chalicelib.errors import N_

Flag = Literal[
    "many-links", "repeated-text", "all-capitals", "one-word", "no-proof", "very-fast", "primary-gone", "mail-held"
]

WORDS: Final[dict[Flag, str]] = {
    "many-links": N_("Many links in the texts"),
    "repeated-text": N_("The same text more than once"),
    "all-capitals": N_("A text in capital letters only"),
    "one-word": N_("A text of a single word"),
    "no-proof": N_("Sent without the check against robots"),
    "very-fast": N_("Sent within a few seconds of opening the form"),
    "primary-gone": N_("Was merged with a report that has been withdrawn or erased since"),
    "mail-held": N_("More e-mails on that day than the call allows: one of them is held back"),
}
"""What organisers read, as message ids."""
