"""What every mail has, whatever it is about. Parsed as a mail program does."""

import html
import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from urllib.parse import urlsplit

import icalendar
import mailparser
import msgspec
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.mail.message import Mail
from chalicelib.mail.texts import Occasion, compose
from infra.mail_samples import BASE, NOW, RECEIPT, UNSUBSCRIBE, published_call, report, sample_mails
from tests.builders import kosi_answers, submission_of

MAILS = sample_mails()
EVERY = pytest.mark.parametrize(("kind", "language"), list(MAILS), ids=lambda part: part)


def as_sent(mail: Mail) -> bytes:
    """The message as SES makes it of `Simple` content: multipart, headers, attachments."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "KoSI-Lab <aufruf@example.org>"
    message["To"] = "zoe@example.org"
    message["Subject"] = mail.subject
    for name, value in mail.headers.items():
        message[name] = value
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for one in mail.attachments:
        kind, _, subtype = one.content_type.partition(";")[0].partition("/")
        message.add_attachment(one.content, maintype=kind, subtype=subtype, filename=one.name)
    return message.as_bytes()


class Shown(HTMLParser):
    """The words of a page's body, and all that it links to or loads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.links, self.tags, self._body = "", [], [], False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._body = self._body or tag == "body"
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "background", "srcset"}]

    def handle_data(self, data: str) -> None:
        self.words += data if self._body else ""


def words(text: str) -> list[str]:
    """What is said, without the marks between label and address."""
    return re.findall(r"[^\s:]+", text.replace("://", "//"))


def test_there_is_every_kind_in_each_language() -> None:
    kinds = {kind for kind, _ in MAILS}
    assert kinds == {
        "confirm", "receipt", "links", "published", "declined", "merged", "changed", "login", "digest", "announcement",
    }  # fmt: skip
    assert len(MAILS) == 2 * len(kinds)


@EVERY
def test_it_is_a_mail_to_two_parsers_and_says_the_same_in_both_parts(kind: str, language: str) -> None:
    mail = MAILS[kind, language]
    parsed = BytesParser(policy=policy.default).parsebytes(as_sent(mail))
    assert parsed.defects == []
    assert not [defect for part in parsed.walk() for defect in part.defects]
    assert parsed["Subject"] == mail.subject
    other = mailparser.parse_from_bytes(as_sent(mail))
    assert other.defects == []
    assert len(other.text_plain) == len(other.text_html) == 1
    text, page = other.text_plain[0], Shown(other.text_html[0])
    assert words(text) == words(page.words)
    assert f'<html lang="{language}">' in mail.html


@EVERY
def test_it_has_no_table_no_picture_and_loads_nothing(kind: str, language: str) -> None:
    page = Shown(MAILS[kind, language].html)
    assert not set(page.tags) & {"table", "img", "script", "link", "style", "iframe", "form", "video", "object"}
    assert {urlsplit(link).hostname for link in page.links if not link.startswith("mailto:")} <= {
        urlsplit(BASE).hostname
    }
    assert "url(" not in MAILS[kind, language].html


@EVERY
def test_every_link_stands_whole_in_the_text_too(kind: str, language: str) -> None:
    mail = MAILS[kind, language]
    for link in set(Shown(mail.html).links):
        if not link.startswith("mailto:"):
            assert link in mail.text.splitlines()


@EVERY
def test_the_calendar_file_is_one_to_two_parsers(kind: str, language: str) -> None:
    attachments = MAILS[kind, language].attachments
    assert bool(attachments) == (kind in {"receipt", "published", "announcement"})
    for one in attachments:
        [event] = icalendar.Calendar.from_ical(one.content).walk("VEVENT")
        assert (event["UID"], event["SEQUENCE"]) == ("event@aufruf", 1)
        assert event.decoded("DTSTART").isoformat() == "2017-09-14T13:30:00+00:00"
        assert event.errors == []
        other = vobject.readOne(one.content.decode())
        assert other.method.value == "PUBLISH"
        assert other.vevent.location.value == str(event["LOCATION"])


def test_an_announcement_can_be_unsubscribed_from_with_one_press() -> None:
    for language in ("de", "en"):
        mail = MAILS["announcement", language]
        assert mail.headers == {
            "List-Unsubscribe": f"<{UNSUBSCRIBE}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        assert UNSUBSCRIBE in mail.text.splitlines()


@given(st.text(min_size=1, max_size=200), st.sampled_from(["receipt", "published", "declined", "merged", "changed"]))
def test_what_an_initiative_is_called_breaks_no_later_mail(name: str, kind: str) -> None:
    call = published_call()
    one = submission_of(call, 7, kosi_answers(name="Tauschregal"))
    named = replace(one, answers=msgspec.json.encode(one.read_answers() | {"name": name}).decode())
    mail = compose(kind, Occasion(call.call, named, NOW, RECEIPT, f"{BASE}/landscape"))
    page = Shown(mail.html)
    assert set(page.tags) <= {"html", "head", "meta", "title", "body", "div", "p", "h2", "a", "br", "strong"}
    assert {urlsplit(link).hostname for link in page.links if not link.startswith("mailto:")} == {
        urlsplit(BASE).hostname
    }
    assert mail.subject == compose(kind, Occasion(call.call, one, NOW, RECEIPT, f"{BASE}/landscape")).subject


def test_the_sample_says_what_the_initiative_is_called_only_after_confirmation() -> None:
    call = published_call()
    name = html.escape(str(report(call, "de").read_answers()["name"]))
    assert name not in MAILS["confirm", "de"].html
    assert name in MAILS["receipt", "de"].html
