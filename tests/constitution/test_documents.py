"""The documents: whatever they point to is there, and what stands in an index stands in it."""

import re
import subprocess
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


@cache
def documents() -> list[Path]:
    """The pages of prose that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=PROJECT, capture_output=True, text=True, check=True)
    return [PROJECT / name for name in listed.stdout.split("\0") if name]


def prose(document: Path) -> str:
    return _FENCE.sub("", document.read_text(encoding="utf-8"))


@cache
def anchors(document: Path) -> set[str]:
    """What may stand behind `#`: each heading as GitHub writes it: lower case, no punctuation, hyphens."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(prose(document)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found[name] = found.get(name, 0) + 1
    return {name if nth == 0 else f"{name}-{nth}" for name, times in found.items() for nth in range(times)}


def broken(document: Path) -> list[str]:
    """The links of a document that lead nowhere. Other hosts are not asked: tests need no network."""
    wrong = []
    for link in _LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", link):
            if not link.startswith(("https://", "mailto:", "http://127.0.0.1:8000/")):
                wrong.append(link)
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    return wrong


def test_every_link_leads_somewhere() -> None:
    assert len(documents()) > 50
    wrong = {str(one.relative_to(PROJECT)): links for one in documents() if (links := broken(one))}
    assert not wrong


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page, other = tmp_path / "page.md", tmp_path / "other.md"
    other.write_text("# Über uns, kurz\n\n# Twice\n\n# Twice\n")
    page.write_text(
        "[a](other.md) [b](other.md#über-uns-kurz) [c](other.md#twice-1) [d](gone.md) [e](other.md#gone) [f](#here)"
        " ![g](gone.png) [h](http://example.org)\n\n```\n[not](a-link)\n```\n\n## Here\n[i](#here-1)\n"
    )
    assert broken(page) == ["gone.md", "other.md#gone", "gone.png", "http://example.org", "#here-1"]


def test_the_index_of_decisions_names_each_under_its_title() -> None:
    folder = PROJECT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    files = sorted(one for one in folder.glob("*.md") if one.name != "README.md")
    assert len(files) > 20
    listed = re.findall(r"^\| (\d+) \| \[([^\]]+)\]\(([^)]+)\) \|", index, re.MULTILINE)
    titles = [re.match(r"# (\d+)\. (.+)", one.read_text(encoding="utf-8")) for one in files]
    assert all(titles)
    assert listed == [(title[1], title[2], one.name) for title, one in zip(titles, files, strict=True) if title]
