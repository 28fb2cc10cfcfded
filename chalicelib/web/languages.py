"""Languages: which one a request gets, the catalogue of our words, dates as the language writes them.

A further language needs only `locales/<language>/LC_MESSAGES/aufruf.mo`. Message ids are the English texts.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from zoneinfo import ZoneInfo

from chalicelib.errors import N_

LOCALES = Path(__file__).parent / "locales"
DEFAULT = "de"


@cache
def languages() -> tuple[str, ...]:
    """All languages there are words for; the default first, the source language (English) needs no file."""
    translated = sorted(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/aufruf.mo"))
    return (DEFAULT, *(name for name in [*translated, "en"] if name != DEFAULT))


@cache
def catalogue(language: str) -> NullTranslations:
    """The words of one language."""
    path = LOCALES / language / "LC_MESSAGES" / "aufruf.mo"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        return GNUTranslations(file)


def translate(language: str, message: str, details: dict[str, str | int] | None = None) -> str:
    """`message` (a message id) in `language`, with its placeholders filled."""
    if not message:
        return ""
    translated = catalogue(language).gettext(message)
    return translated % details if details else translated


def choose(asked: str | None, accepted: str, offered: tuple[str, ...]) -> str:
    """The language to answer in: `?lang=` if we have it, then the best of `Accept-Language`, then the first offered."""
    if asked in offered:
        return asked
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted.split(",")[:20]):
        tag, _, parameter = part.partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
        except ValueError:
            continue
        primary = tag.strip().lower().partition("-")[0]
        if primary in offered and quality > 0:
            ranked.append((-quality, place, primary))
    return min(ranked)[2] if ranked else offered[0]


def format_moment(moment: datetime, language: str, time_zone: str) -> str:
    """A point in time for people, in the call's own time zone: `14. September 2017, 15:30 Uhr`."""
    from babel.dates import format_time

    clock = format_time(moment, "short", tzinfo=ZoneInfo(time_zone), locale=_locale(language))
    day = format_day(moment, language, time_zone)
    return translate(language, N_("%(day)s, %(time)s"), {"day": day, "time": str(clock)})


def format_day(moment: datetime, language: str, time_zone: str) -> str:
    """A day for people, in the call's own time zone: `14. September 2017`."""
    # Babel is dear to import and only needed where a person reads a date.
    from babel.dates import format_date

    day = moment.astimezone(ZoneInfo(time_zone)).date()
    return str(format_date(day, "long", locale=_locale(language)))


def _locale(language: str) -> str:
    # English here is read in Europe: day before month, 24 hours.
    return "en_GB" if language == "en" else language
