"""`make messages`: the words of code and templates into the catalogues, and the catalogues into what ships.

New words arrive empty in each `.po`; a translator fills them, and running this again compiles them. `--check` changes
nothing and fails when a catalogue is behind the code, misses a translation, or differs from what was compiled.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PROJECT = Path(__file__).parent.parent
LOCALES = PROJECT / "chalicelib" / "web" / "locales"
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def extract() -> Catalog:
    """Every message of the code and the templates."""
    catalogue = Catalog()
    with (PROJECT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = extract_from_dir(PROJECT / "chalicelib", _below("chalicelib", methods), _options(options), KEYWORDS)
    for _file, _line, message, _comments, context in found:
        catalogue.add(message, context=context)
    return catalogue


def _below(folder: str, methods: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in methods]


def _options(options: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {pattern.removeprefix("chalicelib/"): values for pattern, values in options.items()}


def updated(path: Path, template: Catalog) -> Catalog:
    """The catalogue of one language with the messages of `template`: new ones empty, those that are gone dropped."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parts[-3])
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return catalogue


def missing(catalogue: Catalog) -> list[str]:
    """The messages without a translation."""
    return [
        str(message.id)
        for message in catalogue
        if message.id and not (all(message.string) if isinstance(message.string, tuple) else message.string)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Update, or with `--check` judge; gives the exit status."""
    check = "--check" in (sys.argv[1:] if arguments is None else arguments)
    template, faults = extract(), []
    for path in sorted(LOCALES.glob("*/LC_MESSAGES/aufruf.po")):
        catalogue = updated(path, template)
        words, compiled = io.BytesIO(), io.BytesIO()
        write_po(words, catalogue, width=120, sort_output=True, no_location=True)
        write_mo(compiled, catalogue)
        name = path.relative_to(PROJECT)
        faults += [f"{name}: no translation: {message}" for message in missing(catalogue)]
        for target, content in ((path, words.getvalue()), (path.with_suffix(".mo"), compiled.getvalue())):
            if check and (not target.exists() or target.read_bytes() != content):
                faults.append(f"{target.relative_to(PROJECT)} is behind the code: make messages")
            elif not check:
                target.write_bytes(content)
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
