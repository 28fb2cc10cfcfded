"""`make vendor`: what pages use of KERN UX, the open design system of German administrations, into the static files.

    python -m infra.vendor [PACKAGE]

Takes npm's `@kern-ux/native`, unpacked in the folder PACKAGE or fetched with `npm pack`, and writes `kern.css` (cut to
the classes that templates and scripts name) and the two weights of Fira Sans (cut to the Latin letters of Europe) to
`chalicelib/web/static/vendor/kern/`. Run it after a template has started to use a class of KERN's, or has stopped.
KERN's header strip, which only authorities may wear, is never among it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from infra.fonts import cut_font
from infra.styles import Used, cut

PROJECT = Path(__file__).parent.parent
STATIC = PROJECT / "chalicelib" / "web" / "static"
TARGET = STATIC / "vendor" / "kern"
EVENT_PAGE, TOKENS = PROJECT / "chalicelib" / "exports" / "page", "tokens.css"
NAME, VERSION = "@kern-ux/native", "2.7.2"
INTEGRITY = "sha512-TN0Mqbasp7S1IOqurXickde8MDj5hIcgT4s3f1i33wyv2iVgA1dTO/FoQyi6rgM9KYTYkIthl9k72g7fBUUvHg=="
"""Of the package's archive, as the registry states it."""

FONTS = {"Regular": 400, "SemiBold": 600}

_CLASS = re.compile(r"\bkern-[a-z0-9]+(?:[_-]+[a-z0-9]+)*")
_ELEMENT = re.compile(r"<([a-z][a-z0-9]*)")
_INPUT_TYPES = frozenset({"checkbox", "radio"})
# A switch between light and dark, a header strip, dialogues: nothing of ours.
_ATTRIBUTES: frozenset[str] = frozenset()

_README = f"""\
# KERN UX, cut

From npm `{NAME}` {VERSION} (https://www.kern-ux.de, https://gitlab.opencode.de/kern-ux/kern-ux-plain), by `make vendor`:
do not edit by hand.

| file | what it is | licence |
|---|---|---|
| `kern.css` | `dist/kern.css` without the rules and properties that no template uses; `@font-face` for the two fonts added | EUPL-1.2, `LICENCE.md` |
| `FiraSans-*.woff2` | two weights of Fira Sans without hints, cut to the Latin letters of Europe | OFL-1.1, `OFL.txt` |

The header strip of official services (`kern-kopfzeile`) is for public administrations only and left out.
"""  # noqa: E501 - a table


class VendoringFailed(Exception):
    """The package could not be fetched, or is not the one that is expected."""


def used() -> Used:
    """What templates and scripts name."""
    texts = [path.read_text(encoding="utf-8") for path in _sources()]
    elements = {"html", "body", "*"} | {name for text in texts for name in _ELEMENT.findall(text)}
    return Used(
        classes=frozenset(name for text in texts for name in _CLASS.findall(text)),
        elements=frozenset(elements),
        attributes=_ATTRIBUTES,
        input_types=_INPUT_TYPES,
    )


def cut_styles(sheet: str) -> str:
    """KERN's `kern.css`, or one that was cut before, as our pages need it."""
    return cut(sheet, used(), also=[(STATIC / "site.css").read_text(encoding="utf-8")])


def font_faces() -> str:
    """The `@font-face` rules."""
    return "".join(
        f'@font-face{{font-family:"Fira Sans";font-weight:{weight};font-style:normal;font-display:swap;'
        f'src:url("FiraSans-{name}.woff2") format("woff2")}}\n'
        for name, weight in FONTS.items()
    )


def vendor(package: Path, target: Path = TARGET) -> None:
    """Write the files made of the unpacked `package` to `target`."""
    if f'"version": "{VERSION}"' not in (package / "package.json").read_text(encoding="utf-8"):
        raise VendoringFailed(f"{package} is not {NAME} {VERSION}")
    target.mkdir(parents=True, exist_ok=True)
    note = f"/* KERN UX, {NAME} {VERSION}, EUPL-1.2, cut by `make vendor` to what the templates use: do not edit. */\n"
    styles = cut_styles(font_faces() + (package / "dist" / "kern.css").read_text(encoding="utf-8"))
    (target / "kern.css").write_text(note + styles, encoding="utf-8")
    (EVENT_PAGE / TOKENS).write_text(note + cut_tokens(styles), encoding="utf-8")
    for name in FONTS:
        source = package / "dist" / "fonts" / "fira-sans" / f"FiraSans-{name}.woff2"
        (target / source.name).write_bytes(cut_font(source))
    (target / "LICENCE.md").write_bytes((package / "LICENSE.md").read_bytes())
    (target / "README.md").write_text(_README, encoding="utf-8")
    (target / "VERSION").write_text(f"{NAME} {VERSION}\n{INTEGRITY}\n", encoding="utf-8")


def fetch(folder: Path) -> Path:
    """The package from npm's registry, unpacked below `folder`."""
    command = ["npm", "pack", "--silent", f"{NAME}@{VERSION}", "--pack-destination", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words
    except FileNotFoundError as error:
        raise VendoringFailed("npm is not installed; or name the folder of the unpacked package") from error
    except subprocess.CalledProcessError as error:
        raise VendoringFailed(error.stderr.strip()) from error
    archive = next(folder.glob("*.tgz"))
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY:
        raise VendoringFailed(f"{archive.name} is not what {NAME} {VERSION} was")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / "package"


def cut_tokens(sheet: str) -> str:
    """The custom properties of KERN's `kern.css`, or of one that was cut before, that the event page builds on."""
    styles = [path.read_text(encoding="utf-8") for path in sorted(EVENT_PAGE.glob("*.css")) if path.name != TOKENS]
    tokens = cut(sheet, Used(classes=frozenset(), elements=frozenset()), also=styles)
    # One rule a line; fonts and rules for all elements are no tokens.
    kept = (line for line in tokens.splitlines() if line.lstrip().startswith((":root{", "@media", "}")))
    return cut("\n".join(kept), Used(classes=frozenset(), elements=frozenset()), also=styles)


def _sources() -> list[Path]:
    # The event page has its own styles in it; of KERN it takes the tokens.
    templates = (PROJECT / "chalicelib").glob("*/templates/**/*.html")
    return sorted([*(one for one in templates if one.parent.name != "exports"), *STATIC.glob("*.js")])


def main(arguments: list[str] | None = None) -> int:
    """Vendor from the command line; 0 when it worked."""
    parser = argparse.ArgumentParser(prog="python -m infra.vendor", description="Cut KERN UX to what templates use.")
    parser.add_argument("package", nargs="?", type=Path, help=f"{NAME} {VERSION}, unpacked; fetched if not given")
    named: Path | None = parser.parse_args(arguments).package
    try:
        with tempfile.TemporaryDirectory(prefix="vendor-") as folder:
            vendor(named or fetch(Path(folder)))
    except VendoringFailed as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command speaks
        return 1
    sizes = {path.name: path.stat().st_size for path in sorted(TARGET.iterdir())}
    print("\n".join(f"{size:8} {name}" for name, size in sizes.items()))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
