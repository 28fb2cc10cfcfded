"""Everything that reads what comes from outside: one value, and what it may answer instead of reading it.

Each takes a text (surrogates and all; encoded where bytes are read) and has examples that it reads, from which the
fuzzer starts. A function of `chalicelib` that is called `read_…` or `parse_…` and is not here has its reason in
`tests/constitution/test_parsers.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec.structs import replace

from chalicelib.access.roles import Person
from chalicelib.access.tokens import digest_of
from chalicelib.calls.answers import judge
from chalicelib.errors import Refusal
from chalicelib.imports.rows import RowInvalid, guess, lenient, read_columns, read_row
from chalicelib.imports.sheet import read_list
from chalicelib.intake.bodies import read_body
from chalicelib.intake.draft import read_cookie
from chalicelib.intake.proof import check_proof
from chalicelib.intake.receipt_bodies import read_change
from chalicelib.intake.tickets import read_ticket
from chalicelib.jobs import messages
from chalicelib.jobs.batches import work_through
from chalicelib.mail.announcement_bodies import judge_announcement, read_raw
from chalicelib.mail.events import Unreadable, read_event
from chalicelib.mail.outbox_bodies import read_sending
from chalicelib.mail.unsubscribing import read_unsubscribe_token
from chalicelib.organisers import audit_trail, filters
from chalicelib.organisers.decision_bodies import read_decision
from chalicelib.organisers.handing_on import read_wanted
from chalicelib.organisers.import_bodies import read_chosen, read_start
from chalicelib.organisers.login import read_next
from chalicelib.submissions.links import read_receipt_token
from chalicelib.submissions.reference import from_bits, read, show
from chalicelib.web.bodies import parse_json, read_header, read_members, read_pairs
from chalicelib.web.compression import takes_gzip
from chalicelib.web.languages import choose
from chalicelib.web.origins import sent_by
from chalicelib.web.uploads import read_upload
from infra.call_files import CallFileInvalid, read_call_file
from tests.builders import KEYS, NOON, PROJECT, call_of, kosi, kosi_answers, request
from tests.unit.intake.test_proof import CALL, SOLVED, TICKET

_SMALL: Final = call_of()
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data; boundary=b"
_OWNER: Final = Person(name="Eva", role="owner", calls=(), roles={"small-call": "owner"})
REFERENCE: Final = show(from_bits(1))
_ANNOUNCED: Final = {f"{part}_{one}": part for part in ("subject", "body") for one in ("de", "en")} | {
    "edition": "1",
    "states": "accepted",
}
_EVENT: Final = {
    "eventType": "Bounce",
    "mail": {
        "timestamp": "2026-05-04T12:00:00Z",
        "messageId": "m",
        "tags": {"submission": ["K7Q49XMD2RTB"], "kind": ["confirm"], "round": ["1"]},
    },
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "timestamp": "2026-05-04T12:00:01Z",
        "bouncedRecipients": [{"emailAddress": "zoe@example.org"}],
    },
}


@dataclass(frozen=True)
class Parser:
    """`read` may raise `refuses` and nothing else; `good` are texts to begin with."""

    read: Callable[[str], object]
    good: tuple[str, ...]
    refuses: tuple[type[Exception], ...] = (Refusal,)


def as_bytes(text: str) -> bytes:
    """What may be no UTF-8: a surrogate becomes the three bytes that UTF-8 does not have, and U+00FF one byte."""
    return b"\xff".join(part.encode("utf-8", "surrogatepass") for part in text.split("\u00ff"))


def _body(read: Callable[[str, bytes], object]) -> Callable[[str], object]:
    """In each of the media types: the first word says which, or is itself the header."""

    def each(text: str) -> object:
        kind, _, rest = text.partition("\n")
        return read({"j": _JSON, "f": _FORM, "m": _MULTIPART}.get(kind, kind), as_bytes(rest))

    return each


def _bodies(document: dict[str, Any], form: str) -> tuple[str, ...]:
    part = '--b\r\nContent-Disposition: form-data; name="name"; filename="x"\r\n\r\nGarten\r\n--b--\r\n'
    return f"j\n{json.dumps(document)}", f"f\n{form}", f"m\n{part}", 'application/json; charset="utf-8"\n{}'


def _posted(read: Callable[[Any], object]) -> Callable[[str], object]:
    return _body(lambda kind, body: read(replace(request(content_type=kind), body=body)))


def _query(read: Callable[[dict[str, str]], object]) -> Callable[[str], object]:
    return lambda text: read(dict(parse_qsl(text, keep_blank_values=True)))


def _works(kind: Any) -> Callable[[str], object]:
    return lambda text: work_through([{"messageId": "m", "body": text}], kind, lambda _job: None)


def _call_file(text: str) -> object:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "call.yaml"
        path.write_bytes(as_bytes(text))
        return read_call_file(path)


def _row(text: str) -> object:
    names = ("Name", "Themes", "Since")
    columns = read_columns(_SMALL, names, {"name": "Name", "themes": "Themes", "since": "Since"}, {}, "de")
    cells = [*text.split("\n"), "", "", ""][:3]
    return guess(_SMALL, cells), read_row(lenient(_SMALL), columns, names, cells, 2)


def _proof(text: str) -> object:
    ticket, _, altcha = text.partition("\n")
    return check_proof(KEYS, CALL, ticket=ticket, altcha=altcha, now=NOON)


def _judged(text: str) -> object:
    """Any JSON as answers: whatever a member may hold has passed `parse_json`, and no more."""
    document = parse_json(as_bytes(text))
    return judge(kosi(), document) if isinstance(document, dict) else None


def _seasoned(text: str) -> object:
    """Headers that say who asks and what they take."""
    asked = request(
        origin=text, host=text, cookie=text, accept=text, x_forwarded_host=text, sec_fetch_site=text[:9],
        content_type=text,
    )  # fmt: skip
    encoding = takes_gzip({"accept-encoding": text})
    return sent_by(asked, "https://aufruf.example.org"), asked.cookies, asked.wants_html, encoding, read_header(text)


PARSERS: Final[dict[str, Parser]] = {
    "JSON": Parser(lambda text: parse_json(as_bytes(text)), ('{"a": [1, "\\u00fc", {"b": null}]}',)),
    "answers": Parser(
        _judged,
        (json.dumps(kosi_answers(website="https://hof.example.org")), '{"themes": [1], "since": "2015"}'),
    ),
    "a submission": Parser(
        _body(read_body), _bodies({"answers": {"name": "x"}, "ticket": "t"}, "name=Garten&_ticket=t")
    ),
    "form fields": Parser(_body(read_pairs), _bodies({}, "a=1&a=2&b=%C3%BC")[1:]),
    "members": Parser(
        _body(lambda kind, body: read_members(kind, body, "email")), _bodies({"email": "a@b.c"}, "email=a")
    ),
    "a change": Parser(_body(read_change), _bodies({"answers": {}, "version": 3}, "name=x&_version=3")),
    "a decision": Parser(
        _body(read_decision),
        _bodies(
            {"decision": "accept", "submissions": [{"reference": REFERENCE, "version": 1}]},
            f"one=accept+{REFERENCE}:1&count=1",
        ),
    ),
    "an announcement": Parser(
        _body(lambda kind, body: judge_announcement(_SMALL, read_raw(_SMALL, kind, body))),
        _bodies(_ANNOUNCED, urlencode(_ANNOUNCED)),
    ),
    "mails to send": Parser(_body(read_sending), _bodies({"mails": [f"{REFERENCE}:confirm"]}, "all=held&kind=confirm")),
    "a token to make": Parser(
        lambda text: read_wanted(msgspec.convert(parse_json(as_bytes(text)), dict[str, Any]), _OWNER),
        ('{"name": "a", "role": "viewer", "calls": ["small-call"], "days": "9"}',),
        (Refusal, msgspec.ValidationError),
    ),
    "columns of a list": Parser(
        _posted(lambda asked: read_chosen(asked, ("Name", "Mail"))),
        _bodies({"columns": {"name": "Name"}, "fixed": {}}, "column-name=1&fixed-since=2015&language=de"),
    ),
    "rows to leave out": Parser(_posted(read_start), _bodies({"declared": True, "leave": [1]}, "declared=on&leave=2")),
    "a file": Parser(_body(lambda kind, body: read_upload(kind, body, field="name")), _bodies({}, "")[2:]),
    "a list": Parser(lambda text: read_list(as_bytes(text)), ("A;B\n1;2\n", '"A\nB",C\n"x",\n', "sep=,\nA,B\n1,2\n")),
    "a row of a list": Parser(_row, ("Garten\ngreen, work\n2015",), (RowInvalid,)),
    "headers": Parser(_seasoned, ("https://aufruf.example.org", "text/html;q=0.9, */*;q=x", "a=b; __Host-session=c")),
    "Accept-Language": Parser(lambda text: choose(text[:5], text, ("de", "en")), ("de-DE,de;q=0.9,en;q=nan",)),
    "the draft's cookie": Parser(lambda text: read_cookie(text, "small-call"), ("__Host-aufruf-draft-small-call=abc",)),
    "where to go after the login": Parser(read_next, ("/organiser/calls/small-call?state=all",)),
    "an API token": Parser(digest_of, ("aufruf_abc",)),
    "a receipt's link": Parser(
        lambda text: read_receipt_token(KEYS, text, NOON), (KEYS.sign("receipt", ["c", "K7Q49XMD2RTB", 1, 9**10]),)
    ),
    "a ticket": Parser(lambda text: read_ticket(KEYS, _SMALL, text), (KEYS.sign("ticket", ["small-call", "x", 1]),)),
    "a link to unsubscribe": Parser(
        lambda text: read_unsubscribe_token(KEYS, "small-call", text), (KEYS.sign("unsubscribe", ["small-call", "x"]),)
    ),
    "a proof of work": Parser(_proof, (f"{TICKET}\n{SOLVED}",)),
    "a reference": Parser(read, (REFERENCE,)),
    "filters of the inbox": Parser(
        _query(lambda query: filters.read_filters(_SMALL, query, state="all")), ("state=accepted&since=2026-05-04&q=a",)
    ),
    "filters of the log": Parser(
        _query(lambda query: audit_trail.bounds(audit_trail.read_filters(query), _SMALL)),
        ("who=a&from=2026-05-04&until=2026-W01-1&before=x",),
    ),
    "an event of SES": Parser(
        lambda text: read_event(msgspec.json.decode(text, type=dict[str, Any])),
        (json.dumps(_EVENT), json.dumps({"Type": "Notification", "Message": json.dumps(_EVENT)})),
        (Unreadable, msgspec.DecodeError, UnicodeEncodeError),
    ),
    "a message of the mail queue": Parser(
        _works(messages.MailJob), ('{"call":"c","submission":"s","kind":"confirm"}',)
    ),
    "a message of the export queue": Parser(_works(dict[str, Any]), ('{"call": "c", "export_id": "e"}',)),
    "a call's file": Parser(
        _call_file, ((PROJECT / "tests" / "calls" / "every-question.yaml").read_text("utf-8"),), (CallFileInvalid,)
    ),
}
