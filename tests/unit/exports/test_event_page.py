"""The event page: one file, in every language, that runs nothing of what people wrote."""

import base64
import re
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.exports.event_page import event_page, policy, policy_of, spoken_in
from chalicelib.exports.landscape import entries_of
from chalicelib.submissions.submission import Submission
from infra import vendor
from tests.builders import OPENS, accepted, call_of, kosi, kosi_answers, published

KOSI = published(kosi(), version=3)
HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "'><svg/onload=alert(1)>",
    "{{ 7 * 7 }}",
    "</style><style>*{display:none}</style>",
    "<!--",
    "javascript:alert(1)",
    " checked>",
]


class Elements(HTMLParser):
    """What a browser would make of it: elements with their attributes, and the text of some."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": [], "title": []}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside in self.texts:
            self.texts[self._inside].append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def page(*submissions: Submission, running: bool = True, live: bool = False, of: Any = KOSI) -> str:
    entries = entries_of(of.call, submissions)
    return event_page(
        of,
        entries,
        base="https://aufruf.example.org",
        updated_at="2026-05-04T12:00:00.000Z",
        running=running,
        live=live,
    )


def one(number: int = 1, **changes: Any) -> Submission:
    return accepted(KOSI, number, kosi_answers(**changes))


def test_it_asks_for_no_other_file() -> None:
    seen = Elements(page(one(website="https://example.org/a")))
    assert seen.named("link") == [{"rel": "icon", "href": seen.named("link")[0]["href"]}]
    assert str(seen.named("link")[0]["href"]).startswith("data:")
    for tag in ("script", "img", "iframe", "object", "embed", "source", "video", "audio", "use"):
        assert not [attributes for attributes in seen.named(tag) if {"src", "href", "srcset", "data"} & set(attributes)]
    [style] = seen.texts["style"]
    assert all(address.startswith('"data:') for address in re.findall(r"url\(([^)]*)", style))
    assert "@import" not in style


@pytest.mark.parametrize("live", [False, True])
def test_its_policy_allows_its_own_style_and_script_and_nothing_else(live: bool) -> None:
    written = page(one(), live=live)
    seen = Elements(written)
    [script], [style] = seen.texts["script"], seen.texts["style"]
    assert policy_of(written) == policy(style, script, live=live)
    for text, name in ((script, "script-src"), (style, "style-src")):
        digest = base64.b64encode(sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}';" in policy_of(written)
    assert policy_of(written).startswith("default-src 'none';")
    assert "unsafe" not in policy_of(written)
    assert ("connect-src 'self'" in policy_of(written)) is live


def test_no_element_has_styles_or_handlers_of_its_own() -> None:
    for _tag, attributes in Elements(page(one())).found:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_texts(text: str) -> None:
    harmless = page(one(summary="x" * 40, place="x", problem="x" * 40))
    copy = kosi_answers(name=text, summary=text, place=text, problem=text, theme_other=text)
    hostile = page(accepted(KOSI, 1, kosi_answers(), edited=copy | {"website": text}))
    before, after = Elements(harmless), Elements(hostile)
    assert after.texts["script"] == before.texts["script"]
    assert policy_of(hostile) == policy_of(harmless)
    assert not [attributes for _, attributes in after.found if any(name.startswith("on") for name in attributes)]
    assert not [each for each in after.named("a") if str(each.get("href")).lower().startswith("javascript:")]
    assert set(after.found[0][1]) == set(before.found[0][1])
    assert len(after.named("img")) == len(before.named("img")) == 0


def test_links_that_people_wrote_lead_out_without_a_word_about_us() -> None:
    [link] = [each for each in Elements(page(one(website="https://example.org/a"))).named("a") if each.get("target")]
    assert link == {"href": "https://example.org/a", "rel": "noopener nofollow noreferrer", "target": "_blank"}


def test_it_shows_the_way_to_report_while_the_call_runs_and_not_afterwards() -> None:
    assert 'class="qr"' in page(one())
    assert 'id="report"' in page(one())
    over = page(one(), running=False)
    assert 'class="qr"' not in over
    assert 'href="#report"' not in over


def test_it_knows_when_the_call_closes_even_without_a_network() -> None:
    closing = published(replace(kosi(), closes_at=OPENS + timedelta(days=9000)))
    assert Elements(page(one(), of=closing)).named("html")[0]["data-closes"]
    assert "data-closes" not in Elements(page(one())).named("html")[0]


def test_an_empty_landscape_says_so_kindly() -> None:
    empty = page()
    assert "Hier ist noch nichts zu sehen." in empty
    assert "There is nothing to see here yet." in empty
    assert "<article" not in empty


def test_every_text_of_ours_is_there_in_every_language() -> None:
    written = page(one())
    assert written.count('class="w" lang="de"') == written.count('class="w" lang="en"') > 50


def test_texts_of_people_are_marked_with_the_language_they_were_written_in() -> None:
    english = replace(one(), language="en")
    assert '<h3 lang="en">' in page(english)
    assert '<h3 lang="de">' in page(one())


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_opens_in_the_language_asked_for_without_a_script(language: str) -> None:
    opened = spoken_in(page(one()), language)
    seen = Elements(opened)
    assert seen.named("html")[0]["lang"] == language
    assert [each["value"] for each in seen.named("input") if "checked" in each] == [language]
    assert seen.texts["title"][:1] == [kosi().event.title[language]]  # type: ignore[union-attr]
    assert policy_of(opened) == policy_of(page(one()))


def test_a_language_it_does_not_speak_changes_nothing() -> None:
    assert spoken_in(page(one()), "fr") == page(one())


def test_ids_are_given_once() -> None:
    ids = [str(each["id"]) for _, each in Elements(page(one(1), one(2))).found if "id" in each]
    assert len(ids) == len(set(ids))


def test_every_chart_has_its_table() -> None:
    seen = Elements(page(one()))
    assert len(seen.named("table")) == len(seen.named("figure")) + 1  # and the map
    assert len(seen.named("figure")) == len(kosi().landscape.charts)


def test_a_call_without_event_map_and_charts_has_a_page_too() -> None:
    small = published(call_of())
    written = page(accepted(small), of=small)
    assert "Grüne Höfe" in written
    assert "Landschaft der Initiativen" in written


def test_a_call_in_one_language_has_no_switch() -> None:
    small = published(call_of(languages=("de",)))
    assert 'type="radio"' not in page(accepted(small), of=small)


def test_it_stays_small_enough_for_a_stick_and_a_phone() -> None:
    many = [one(number, summary="Was wir tun. " * 20) for number in range(300)]
    assert len(page(*many).encode()) < 1_500_000


def test_its_tokens_are_those_of_kern() -> None:
    sheet = (vendor.TARGET / "kern.css").read_text(encoding="utf-8").partition("\n")[2]
    tokens = (vendor.EVENT_PAGE / vendor.TOKENS).read_text(encoding="utf-8").partition("\n")[2]
    assert vendor.cut_tokens(sheet) == tokens, "make vendor"
