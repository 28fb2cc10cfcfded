"""Templates of all rooms, in one language: `mail/confirm.txt` is `chalicelib/mail/templates/mail/confirm.txt`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from chalicelib.web.languages import catalogue, format_day, format_moment
from chalicelib.web.static import static_name

if TYPE_CHECKING:
    from jinja2 import Environment

ROOMS = Path(__file__).parent.parent
COMPILED = Path(__file__).parent / "compiled_templates"
"""Where packaging puts the templates as Python; in a checkout there are none, and the sources are read."""


@cache
def environment(language: str) -> Environment:
    """The template engine with the words of `language`; `.html` is escaped, `.txt` is not."""
    # Imported here: requests that answer JSON never need a template engine.
    from jinja2 import Environment, FileSystemLoader, ModuleLoader, StrictUndefined, select_autoescape

    engine = Environment(
        loader=ModuleLoader(COMPILED) if COMPILED.is_dir() else FileSystemLoader(sorted(ROOMS.glob("*/templates"))),
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


def compile_templates() -> None:
    """Put `COMPILED` in the place of the sources: parsing them costs a cold start more than the rest of a page.

    For packaging; the same Python modules do for all languages.
    """
    environment("en").compile_templates(COMPILED, zip=None, ignore_errors=False)
    for sources in ROOMS.glob("*/templates"):
        rmtree(sources)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a plain text: what a blank line separates."""
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
