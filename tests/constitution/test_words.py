"""Everything that people read is there in both languages: code, templates and catalogues agree."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import app  # noqa: F401 - reads in every room, and with it every refusal
from chalicelib.errors import Refusal
from chalicelib.organisers.labels import EVENT_WORDS
from chalicelib.web.languages import LOCALES, languages, translate

PROJECT = Path(__file__).parents[2]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
TRANSLATED = [language for language in languages() if language != "en"]


def extracted() -> dict[str, list[str]]:
    """All message ids in code and templates, and where they stand."""
    found: dict[str, list[str]] = {}
    methods, options = mapping()
    for file, line, message, _comments, _context in extract_from_dir(
        PROJECT,
        methods,
        options,
        keywords={"N_": None, "_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)},
    ):
        for one in [message] if isinstance(message, str) else message:
            found.setdefault(one, []).append(f"{file}:{line}")
    return found


def mapping() -> tuple[list[tuple[str, str]], dict[str, dict[str, str]]]:
    with (PROJECT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    return methods, options


def catalogue(language: str) -> Catalog:
    path = LOCALES / language / "LC_MESSAGES" / "aufruf.po"
    return read_po(BytesIO(path.read_bytes()), locale=language)


def entries(read: Catalog) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in read:
        if isinstance(one.id, tuple | list):  # a word for one thing, a word for several
            found |= zip(one.id, one.string, strict=True)
        elif one.id:
            found[one.id] = str(one.string)
    return found


def refusals(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    yield kind
    for derived in kind.__subclasses__():
        yield from refusals(derived)


def test_german_is_spoken() -> None:
    assert "de" in TRANSLATED


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_nothing_is_translated_that_is_not_said(language: str) -> None:
    known, said = entries(catalogue(language)), extracted()
    assert len(said) > 100
    missing = {message: places for message, places in said.items() if not known.get(message)}
    assert missing == {}
    assert known.keys() - said.keys() == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_a_guess_or_loses_a_placeholder(language: str) -> None:
    for one in catalogue(language):
        if one.id:
            assert "fuzzy" not in one.flags, one.id
            assert sorted(PLACEHOLDER.findall(str(one.string))) == sorted(PLACEHOLDER.findall(str(one.id))), one.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_that_of_the_words(language: str) -> None:
    path = LOCALES / language / "LC_MESSAGES" / "aufruf.mo"
    assert entries(read_mo(BytesIO(path.read_bytes()))) == entries(catalogue(language))


@pytest.mark.parametrize("refusal", list(refusals()), ids=lambda one: one.__name__)
def test_every_refusal_has_a_status_a_code_and_words_in_each_language(refusal: type[Refusal]) -> None:
    assert 400 <= refusal.status < 600
    assert re.fullmatch(r"[a-z][a-z-]+", refusal.code)
    assert refusal.title
    for language in TRANSLATED:
        for words in filter(None, (refusal.title, refusal.message)):
            assert translate(language, words) != words


def test_no_two_refusals_share_a_code_unless_one_is_the_other() -> None:
    by_code: dict[str, type[Refusal]] = {}
    for refusal in refusals():
        other = by_code.setdefault(refusal.code, refusal)
        assert refusal is other or issubclass(refusal, other), f"{refusal.__name__} and {other.__name__}"


def test_whatever_is_written_into_the_audit_trail_has_words() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "chalicelib").rglob("*.py"))
    written = set(re.findall(r'\b(?:audit|put_audit|audit_record)\([^()]*?"([a-z]+(?:-[a-z]+)+)"', source))
    assert {"announcement-sent", "mail-sent", "submission-read", "token-made", "note-added"} <= written
    assert written <= EVENT_WORDS.keys()
