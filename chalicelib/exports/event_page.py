"""The event page, `landscape.html`: the landscape for an audience, in one file that asks the network for nothing.

Its styles and its script stand in it and are allowed by their hashes alone (CSP 3), so that nothing that somebody wrote
into a form can ever run. The same file goes into the export, onto a USB stick and to `/calls/{call}/landscape`; only
the `live` one may look at its own address again while it is presented.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from chalicelib.errors import N_
from chalicelib.exports.event_page_parts import charts, entry_view, map_view, numbers
from chalicelib.exports.event_page_words import all_words, in_all, sayer
from chalicelib.runtime.clock import moment, stamp
from chalicelib.web.languages import format_moment
from chalicelib.web.static import FOLDER as STATIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.calls.call import PublishedCall
    from chalicelib.calls.fields import Texts
    from chalicelib.exports.landscape import Entry

PARTS = Path(__file__).parent / "page"
TEMPLATES = Path(__file__).parent / "templates" / "exports"
_STYLES = ("tokens.css", "landscape.css", "kiosk.css", "print.css")
_FONTS = {"Regular": 400, "SemiBold": 600}


def event_page(
    published: PublishedCall,
    entries: Sequence[Entry],
    *,
    base: str,
    updated_at: str,
    running: bool,
    live: bool = False,
) -> str:
    """The page as HTML. `base` is the app's public address; `running` whether the call takes reports; `live` whether
    the page is served where it is kept current.
    """
    # Imported here: only who builds a page needs a template engine.
    from markupsafe import Markup

    from chalicelib.web.templating import environment

    call = published.call
    say = sayer(call.languages)
    style, script = style_of(call.languages), _text("landscape.js")
    heading = call.event.title if call.event else in_all(call.languages, N_("Landscape of initiatives"))
    address = f"{base}/calls/{call.call}"
    page: dict[str, Any] = {
        "languages": call.languages,
        "live": live,
        "policy": Markup(policy(style, script, live=live)),  # noqa: S704 - hashes
        "style": Markup(style),  # noqa: S704 - our own file
        "script": Markup(script),  # noqa: S704 - our own file
        "icon": _icon(),
        "title": heading,
        "heading": heading,
        "above": call.title if call.event else None,
        "organiser": call.organiser.name,
        "contact": call.contact.name,
        "email": call.contact.email,
        "when": _when(published),
        "place": call.event.place if call.event else None,
        "as_of": _as_of(published, updated_at),
        "running": running,
        "closes": stamp(call.closes) if running and call.closes else "",
        "code": _code(address) if running else "",
        "call_address": address,
        "call_shown": address.partition("://")[2],
        "open_data": bool(entries) and all(one.license for one in entries),
        "total": len(entries),
        "numbers": numbers(call, entries),
        "map": map_view(call, entries, say),
        "entries": [entry_view(call, one, say) for one in entries],
        "charts": charts(call, entries, say),
    }
    page["themes"] = page["charts"][0] if page["charts"] else None
    template = environment(call.languages[0]).get_template("exports/landscape.html")
    return template.render(page=page, words=all_words(call.languages), say=say)


def policy(style: str, script: str, *, live: bool) -> str:
    """The content security policy: this style, this script, embedded fonts and pictures, nothing else."""
    own_address = "'self'" if live else "'none'"
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; font-src data:; img-src data:; "
        f"connect-src {own_address}; base-uri 'none'; form-action 'none'"
    )


def policy_of(page: str) -> str:
    """The policy that stands in a page, for the header beside it."""
    return page.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]


def spoken_in(page: str, language: str) -> str:
    """The page as it opens in another of its languages before any script runs; as it is when it has no such one."""
    before, chosen, rest = page.partition(f' id="language-{language}"')
    if not chosen:
        return page
    title = rest.partition(' data-title="')[2].partition('"')[0]
    opened = f"{before.replace(' checked>', '>', 1)}{chosen}{rest.replace(' checked>', '>', 1)}"
    opened = opened.replace(f"{chosen} ", f"{chosen} checked ", 1)
    head, _, body = opened.partition("<title>")
    head = re.sub('<html lang="[^"]*"', f'<html lang="{language}"', head, count=1)
    return f"{head}<title>{title}</title>{body.partition('</title>')[2]}"


@cache
def digest() -> str:
    """Of everything a page is made with beside its data: another one means that stored pages are out of date."""
    files = [
        *sorted(PARTS.iterdir()),
        *sorted(TEMPLATES.glob("landscape*.html")),
        *sorted(Path(__file__).parent.glob("event_page*.py")),
    ]
    content = b"".join(path.read_bytes() for path in files if path.is_file())
    return sha256(content).hexdigest()[:16]


@cache
def style_of(languages: tuple[str, ...]) -> str:
    """All styles of the page, fonts included; of each text only the chosen language is shown."""
    choice = "".join(
        f':root:has(#language-{one}:checked) .w:not([lang="{one}"]){{display:none}}\n' for one in languages
    )
    return _fonts() + "".join(_text(name) for name in _STYLES) + choice


@cache
def _fonts() -> str:
    rules = []
    for name, weight in _FONTS.items():
        font = base64.b64encode((STATIC / "vendor" / "kern" / f"FiraSans-{name}.woff2").read_bytes()).decode()
        rules.append(
            f'@font-face{{font-family:"Fira Sans";font-weight:{weight};'
            f'src:url("data:font/woff2;base64,{font}") format("woff2")}}\n'
        )
    return "".join(rules)


@cache
def _text(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")


@cache
def _icon() -> str:
    return "data:image/svg+xml," + quote((STATIC / "icon.svg").read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(sha256(text.encode()).digest()).decode()


def _when(published: PublishedCall) -> Texts | None:
    call = published.call
    if call.event is None:
        return None
    starts = call.in_utc(call.event.starts_at)
    return {one: format_moment(starts, one, call.time_zone) for one in call.languages}


def _as_of(published: PublishedCall, updated_at: str) -> Texts:
    call = published.call
    return {
        one: in_all((one,), N_("As of %(moment)s."), moment=format_moment(moment(updated_at), one, call.time_zone))[one]
        for one in call.languages
    }


def _code(address: str) -> Any:
    """The QR code of an address as SVG, black on white with its quiet zone (ISO/IEC 18004)."""
    import segno
    from markupsafe import Markup

    code = segno.make(address, error="m", micro=False)
    return Markup(  # noqa: S704 - drawn from the bits of an address of ours
        code.svg_inline(
            omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, title="QR-Code"
        )
    )
