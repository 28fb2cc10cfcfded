"""The event page speaks every language of its call at once: each text stands there once in each, and one is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.errors import N_
from chalicelib.web.languages import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

    from chalicelib.calls.fields import Texts

WORDS = {
    "skip": N_("Skip to the content"),
    "language": N_("Language"),
    "present": N_("Start the presentation"),
    "print": N_("Print"),
    "report": N_("Report an initiative"),
    "where": N_("Where it happens"),
    "map_hint": N_("Choose a district to see its initiatives."),
    "initiative": N_("Initiative"),
    "initiatives": N_("Initiatives"),
    "search": N_("Search the initiatives"),
    "of": N_("of"),
    "shown": N_("initiatives shown"),
    "reset": N_("Show all"),
    "more": N_("Read more"),
    "reference": N_("Reference"),
    "nothing": N_("No initiative fits."),
    "more_numbers": N_("More numbers"),
    "empty": N_("There is nothing to see here yet."),
    "empty_hint": N_("As soon as the first initiative has been reviewed, it appears here."),
    "join": N_("Do you know another one?"),
    "join_hint": N_("Report it: hold your phone's camera over the code, or open the address."),
    "about": N_("About the call"),
    "license": N_("All entries may be used freely (CC0 1.0)."),
    "table": N_("As a table"),
    "answer": N_("Answer"),
    "share": N_("Share"),
    "previous": N_("Back"),
    "next": N_("Next"),
    "close": N_("Close"),
    "pause": N_("Pause"),
    "end": N_("End the presentation"),
}


def in_all(languages: Sequence[str], message: str, **details: str | int) -> Texts:
    """A message id in every language."""
    return {one: translate(one, message, details or None) for one in languages}


def sayer(languages: Sequence[str]) -> Callable[[Texts], Markup]:
    """What writes a text in all its languages; the style sheet shows one."""
    from markupsafe import Markup

    one_language = Markup('<span class="w" lang="{}">{}</span>')

    def say(texts: Texts) -> Markup:
        # The same in all of them needs no choice, such as the name of a district.
        if len(set(texts.values())) == 1:
            return Markup.escape(texts[languages[0]])
        return Markup("").join(one_language.format(one, texts[one]) for one in languages)

    return say


def all_words(languages: Sequence[str]) -> dict[str, Any]:
    """The page's own words, written in all languages."""
    say = sayer(languages)
    return {name: say(in_all(languages, message)) for name, message in WORDS.items()}
