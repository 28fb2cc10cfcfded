"""What the accept path writes is what PynamoDB would have written."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.submissions.item import item_of
from chalicelib.submissions.submission import Before, Happening, Submission, Undo
from chalicelib.submissions.table import SubmissionRecord, _call_shard, _record, index_key, read_record
from tests.builders import submission_of

text = st.text(min_size=1, max_size=20)
perhaps = st.none() | text
submissions = st.builds(
    lambda changes: msgspec.structs.replace(submission_of(), **changes),
    st.fixed_dictionaries(
        {},
        optional={
            "state": st.sampled_from(["received", "confirmed", "accepted"]),
            "answers": text,
            "language": text,
            "history": st.lists(st.builds(Happening, at=text, event=text), max_size=3).map(tuple),
            "version": st.integers(1, 10**12),
            "generation": st.integers(1, 10**6),
            "expires_at": st.none() | st.integers(0, 10**11),
            "confirmed_at": perhaps,
            "decided_at": perhaps,
            "published": perhaps,
            "duplicate_of": perhaps,
            "edited": perhaps,
            "edited_of": perhaps,
            "before_merge": st.none() | st.just("confirmed"),
            "merged": st.lists(text, max_size=2).map(tuple),
            "flags": st.lists(st.sampled_from(["one-word", "no-proof"]), max_size=2).map(tuple),
            "source": st.text(max_size=5),
            "undo": st.none()
            | st.builds(Undo, batch=text, at=text, before=st.builds(Before, state=st.just("received"))),
        },
    ),
)


@given(submission=submissions)
def test_the_item_is_the_records(submission: Submission) -> None:
    item = item_of(
        submission,
        call_shard=_call_shard(submission.call, submission.shard),
        call_state=index_key(submission.call, submission.state, submission.shard),
    )
    assert item == _record(submission).serialize()
    record = SubmissionRecord()
    record.deserialize(item)
    assert read_record(record) == submission
