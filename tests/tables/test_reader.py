"""The fast reader equals reading through the models, whatever a submission holds."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace

from chalicelib.calls.call import DecisionMails
from chalicelib.exports import reader
from chalicelib.exports.documents import line_of
from chalicelib.exports.received import count_received
from chalicelib.ledger import table as ledger
from chalicelib.submissions import table
from chalicelib.submissions.changes import erased
from chalicelib.submissions.reference import from_bits
from chalicelib.submissions.submission import Happening, Submission, shard_of
from tests.builders import submission_of

_calls = count()
TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=60)
ANSWERS = st.dictionaries(TEXT, TEXT | st.integers() | st.booleans() | st.lists(TEXT, max_size=3), max_size=5)
STAMP = "2026-05-04T12:00:00.000Z"


@st.composite
def submissions(draw: st.DrawFn) -> Submission:
    number = draw(st.integers(0, 2**55 - 1))
    state = draw(st.sampled_from(["received", "confirmed", "accepted", "rejected", "duplicate", "withdrawn"]))
    events = draw(st.lists(st.sampled_from(["received", "confirmed", "changed", "accepted"]), max_size=5))
    return replace(
        submission_of(number=number),
        state=state,
        shard=shard_of(from_bits(number), 1),
        answers=json.encode(draw(ANSWERS)).decode(),
        published=draw(st.none() | ANSWERS.map(lambda one: json.encode(one).decode())),
        confirmed_at=draw(st.sampled_from([None, STAMP])),
        decided_at=draw(st.sampled_from([None, STAMP])),
        duplicate_of=draw(st.none() | st.integers(0, 2**55 - 1).map(from_bits)),
        merged=tuple(draw(st.lists(st.integers(0, 2**55 - 1).map(from_bits), max_size=2))),
        flags=tuple(draw(st.lists(st.sampled_from(["many-links", "one-word"]), unique=True))),
        expires_at=draw(st.none() | st.integers(1, 2**33)),
        history=tuple(Happening(at=STAMP, event=one) for one in events),
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.lists(submissions(), max_size=5, unique_by=lambda one: one.id))
def test_the_lines_are_those_of_the_models(written: list[Submission], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PAGE", 2)
    call = f"call-{next(_calls)}"
    for one in written:
        table.create(replace(one, call=call))
        ledger.claim(call, one.id, "confirm", owner="a", now=1, lease=1, at=STAMP)
    read = []
    after: str | None = None
    while True:
        page = reader.read_page(call, 0, after, DecisionMails())
        read += [(one, page.lines[one.line]) for one in page.read]
        after = page.after
        if after is None:
            break
    stored = [one for some in table.pages(call, 0) for one in some]
    known = {one.id: [entry] for one in stored if (entry := ledger.find(one.id, "confirm")) is not None}
    assert [line for _, line in read] == [json.encode(line_of(one, known[one.id])) for one in stored]
    assert [(one.id, one.state, one.expires_at) for one, _ in read] == [
        (one.id, one.state, one.expires_at) for one in stored
    ]
    alive = [one for one in stored if one.expires_at is None or one.expires_at > 1000]
    assert count_received(call, 1, until="2027", now=1000) == len(alive)


def test_an_erased_one_has_no_line() -> None:
    call = f"call-{next(_calls)}"
    one = replace(submission_of(number=7), call=call, shard=0)
    table.create(erased(one, STAMP))
    page = reader.read_page(call, 0, None, DecisionMails())
    [read] = page.read
    assert (page.lines[read.line], read.state, read.mails) == (b"", "erased", [])
