"""Building an export: one pass over the call's submissions, a page at a time, into files that grow in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from chalicelib.exports import storage, table
from chalicelib.exports.documents import count_mails, manifest, submission_document, submissions_head
from chalicelib.exports.export import Progress, Summary
from chalicelib.jobs.consequences import mails_owed
from chalicelib.ledger import table as ledger
from chalicelib.ledger.entry import Entry
from chalicelib.runtime.clock import stamp
from chalicelib.runtime.settings import settings
from chalicelib.submissions import table as submissions
from chalicelib.submissions.submission import STATES, Submission

if TYPE_CHECKING:
    from chalicelib.calls.call import PublishedCall
    from chalicelib.exports.export import Export


def build(export: Export, published: PublishedCall, *, clock: Callable[[], datetime]) -> Export:
    """Write every file, then the manifest, the pointer, the record. Raises `Unavailable`, `ConditionFailed`."""
    summary = export.summary
    if summary is None:
        summary = _write_submissions(export, published, clock())
        document = manifest(export, summary, base=settings().public_url, finished_at=stamp(clock()))
        storage.put_manifest(export, msgspec.json.format(msgspec.json.encode(document), indent=2))
        # Before anybody can see the files: who goes on after a crash must not write visible ones anew.
        table.keep(export, summary)
    storage.point_to(export)
    return table.finish(export, summary, at=stamp(clock()))


def _write_submissions(export: Export, published: PublishedCall, now: datetime) -> Summary:
    counts: dict[str, int] = dict.fromkeys(STATES, 0)
    mails: dict[str, int] = {}
    first_expiry: int | None = None
    head = msgspec.json.encode(submissions_head(export, published, settings().public_url))
    with storage.Upload(export, "submissions.json", "application/json") as upload:
        upload.write(head[:-1] + b',"submissions":[')
        separator = b"\n"
        for page in _pages(export, published):
            known = _mails(page, published)
            for submission in page:
                if not submission.exists(now):
                    continue
                entries = known.get(submission.id, [])
                upload.write(separator + msgspec.json.encode(submission_document(submission, entries)))
                separator = b",\n"
                counts[submission.state] += 1
                owed = mails_owed(submission, published.call.policy.mails)
                mails = count_mails(owed, entries, mails)
                if submission.expires_at is not None:
                    first_expiry = min(submission.expires_at, first_expiry or submission.expires_at)
        upload.write(b"\n]}\n")
    return Summary(counts=counts, mails=mails, files=(upload.file,), first_expiry=first_expiry)


def _pages(export: Export, published: PublishedCall) -> Iterator[list[Submission]]:
    """All pages of all shards, telling the record how far we are."""
    call, written = published.call, 0
    shards = call.policy.shards
    for shard in range(shards):
        for page in submissions.pages(call.call, shard):
            yield page
            written += len(page)
            table.report(export, Progress(written=written, shards_done=shard, shards=shards))
    table.report(export, Progress(written=written, shards_done=shards, shards=shards))


def _mails(page: list[Submission], published: PublishedCall) -> dict[str, list[Entry]]:
    kinds = {one.id: ("confirm", *mails_owed(one, published.call.policy.mails)) for one in page}
    found = ledger.entries((one, kind) for one in kinds for kind in kinds[one])
    by_submission: dict[str, list[Entry]] = {}
    for (submission_id, _kind), entry in found.items():
        by_submission.setdefault(submission_id, []).append(entry)
    return by_submission
