"""The script for other people's pages: small, complete, and of our own words only."""

import gzip
import re

import pytest

from chalicelib.intake.embedding import SOURCES, WORDS, embed_script, embed_tag
from chalicelib.web.languages import languages, translate
from chalicelib.web.static import FOLDER

MOST_BYTES = 15 * 1024  # as it goes over the wire
PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def code() -> str:
    return "\n".join((FOLDER / "embed" / name).read_text() for name in SOURCES)


def test_the_script_is_small() -> None:
    assert len(gzip.compress(embed_script().encode(), 6)) < MOST_BYTES


def test_every_file_of_it_is_in_it() -> None:
    folder = FOLDER / "embed"
    assert {path.name for path in folder.iterdir()} == {*SOURCES, "style.css"}
    script = embed_script()
    for name in SOURCES:
        assert (folder / name).read_text() in script
    assert "--aufruf-action" in script


def test_every_word_it_says_is_there_and_no_other() -> None:
    said = set(re.findall(r'\bsay\("(\w+)"', code())) | set(re.findall(r'\btell\("(\w+)"\)', code()))
    # Those that a condition or a list chooses among.
    chosen = {
        "opens",
        "closed",
        "offline",
        "unreachable",
        "whenBack",
        "again",
        "sending",
        "mailComes",
        "confirm",
        "read",
    }
    chosen |= {"left", "over", "short", "loading"}
    assert all(f'"{key}"' in code() for key in chosen)
    assert said | chosen == set(WORDS)


@pytest.mark.parametrize("language", languages())
def test_its_words_are_there_in_every_language_with_the_same_placeholders(language: str) -> None:
    for text in WORDS.values():
        translated = translate(language, text)
        assert sorted(PLACEHOLDER.findall(translated)) == sorted(PLACEHOLDER.findall(text))
        assert (translated != text) == (language != "en"), text


def test_it_works_under_a_strict_policy_and_asks_nobody_but_its_own_server() -> None:
    for risky in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style.",
                  "cssText", "localStorage", "document.cookie", "import("):  # fmt: skip
        assert risky not in code(), risky
    assert re.findall(r"https?://[^\s\"'`]+", embed_script()) == []


def test_its_tag_is_that_of_its_content() -> None:
    assert re.fullmatch(r'W/"[0-9a-f]{16}"', embed_tag())
