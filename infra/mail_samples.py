"""A mail of each kind in each language, about the first call in the summer of 2017: for pictures and for tests."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from chalicelib.announcements.announcement import Announcement, Audience, Text
from chalicelib.calls.answers import judge
from chalicelib.calls.calendar import CONTENT_TYPE, event_calendar
from chalicelib.calls.call import PublishedCall
from chalicelib.mail.announcement_mail import announcement_message
from chalicelib.mail.digest import News, compose_digest
from chalicelib.mail.login import compose_login
from chalicelib.mail.message import Attachment, Mail, render
from chalicelib.mail.texts import Occasion, compose, compose_links
from chalicelib.mail.unsubscribing import unsubscribe_headers
from chalicelib.runtime.clock import stamp
from chalicelib.submissions.reference import from_bits
from chalicelib.submissions.submission import Happening, Submission, received
from infra.call_files import read_call_file
from infra.demo.people import read_samples
from infra.local.emulator import ROOT

NOW = datetime(2017, 8, 21, 14, 30, tzinfo=UTC)
BASE = "https://aufruf.example.org"
_TOKEN = "WyJrb3NpLWxhYi1kb3J0bXVuZCIsIks3UTQ5WE1EMlJUQiIsMSwxNTM4MDAwMDAwXQ.Yf2mO0-9zCq3k1Jx0s8aVt4"  # noqa: S105 - made up
RECEIPT = f"{BASE}/receipts/{_TOKEN}"
UNSUBSCRIBE = f"{BASE}/calls/kosi-lab-dortmund/unsubscribe/{_TOKEN}"
ABOUT_A_REPORT = ("confirm", "receipt", "published", "declined", "merged", "changed")


def published_call() -> PublishedCall:
    """The first call, its event moved once."""
    call, _lines = read_call_file(ROOT / "calls" / "kosi-lab-dortmund.yaml")
    return PublishedCall(call=call, version=2, published_at="2017-06-20T08:00:00.000Z", event_sequence=1)


def report(published: PublishedCall, language: str, number: int = 7) -> Submission:
    """A confirmed report that asks for an invitation."""
    answers = read_samples()[0].answers | {"reporter_email": "brigitte.beispielhaus@example.org", "event_invite": True}
    given = judge(published.call, answers)
    one = received(published, from_bits(number * 0x1F3C91A27B4D), given, language=language, now=NOW, at=stamp(NOW))
    past = tuple(Happening(at=stamp(NOW), event=event) for event in ("received", "confirmed", "changed"))
    return replace(one, confirmed_at=stamp(NOW), history=past)


def sample_mails() -> dict[tuple[str, str], Mail]:
    """The mails by kind and language."""
    published = published_call()
    mails: dict[tuple[str, str], Mail] = {}
    for language in published.call.languages:
        one, call = report(published, language), published.call
        assert call.event is not None
        content = event_calendar(
            call,
            call.event,
            language=language,
            uid="event@aufruf",
            sequence=1,
            at=NOW,
            address=f"{BASE}/calls/{call.call}",
        )
        calendar = Attachment(f"{call.call}.ics", CONTENT_TYPE, content)
        occasion = Occasion(call, one, NOW, RECEIPT, f"{BASE}/calls/{call.call}/landscape", calendar)
        for kind in ABOUT_A_REPORT:
            mails[kind, language] = compose(kind, occasion)
        mails["links", language] = compose_links(
            call, one, [(one, RECEIPT), (report(published, language, 9), RECEIPT + "x")]
        )
        mails["login", language] = compose_login(call, f"{BASE}/organiser/session/{_TOKEN[:43]}", language)
        news = News(confirmed=5, changed=2, withdrawn=1, waiting=12, failed=1)
        mails["digest", language] = compose_digest([(call, news)], language)
        message = announcement_message(
            announcement(), published, one, receipt=RECEIPT, unsubscribe=UNSUBSCRIBE, now=NOW
        )
        mails["announcement", language] = render(
            message, call, headers=unsubscribe_headers(UNSUBSCRIBE), attachments=(calendar,)
        )
    return mails


def announcement() -> Announcement:
    """An invitation as organisers write it."""
    texts = {
        "de": Text(
            "Einladung: Wir zeigen die Landschaft der Initiativen",
            "Sie haben uns von Ihrer Initiative erzählt, und viele andere auch. Nun zeigen wir, was in Dortmund alles geschieht.\n\n"  # noqa: E501
            "Kommen Sie vorbei und lernen Sie die anderen kennen. Der Eintritt ist frei.",
        ),
        "en": Text(
            "Invitation: we show the landscape of initiatives",
            "You told us about your initiative, and so did many others. Now we show what is going on in Dortmund.\n\n"
            "Come and meet the others. Admission is free.",
        ),
    }
    return Announcement(
        call="kosi-lab-dortmund",
        id="5f2c91ab",
        state="sending",
        texts=texts,
        audience=Audience(),
        with_event=True,
        created_by="Eva",
        created_at=stamp(NOW),
        changed_at=stamp(NOW),
    )
