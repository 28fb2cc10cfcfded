"""Templates of all rooms, in one language: `mail/confirm.txt` is `chalicelib/mail/templates/mail/confirm.txt`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.web.languages import catalogue, format_day, format_moment
from chalicelib.web.static import static_name

if TYPE_CHECKING:
    from jinja2 import Environment

ROOMS = Path(__file__).parent.parent


@cache
def environment(language: str) -> Environment:
    """The template engine with the words of `language`; `.html` is escaped, `.txt` is not."""
    # Imported here: requests that answer JSON never need a template engine.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    engine = Environment(
        loader=FileSystemLoader(sorted(ROOMS.glob("*/templates"))),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    engine.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    engine.filters["paragraphs"] = paragraphs
    engine.globals.update(
        static_name=static_name,
        language=language,
        format_moment=lambda moment, zone: format_moment(moment, language, zone),
        format_day=lambda moment, zone: format_day(moment, language, zone),
    )
    return engine


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a plain text: what a blank line separates."""
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
