"""The last part of an export: the files that are made of the finished big one, and what describes them all.

The finished file is read back from the bucket: so its submissions are counted where they must not be missing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.exports import storage
from chalicelib.exports.balance import Balance, balance_of, public_balance
from chalicelib.exports.datapackage import data_package
from chalicelib.exports.dcat import catalogue_entry
from chalicelib.exports.documents import Record, read_line, submission_of
from chalicelib.exports.export import Export, ExportFile, Summary
from chalicelib.exports.json_files import NdjsonFile, lines_in
from chalicelib.exports.landscape import entries_of, is_public
from chalicelib.exports.landscape_files import landscape_files
from chalicelib.exports.manifest import manifest
from chalicelib.exports.openfairdb import NAME as OPENFAIRDB
from chalicelib.exports.openfairdb import openfairdb_entries
from chalicelib.exports.received import count_received
from chalicelib.exports.uploads import Upload
from chalicelib.exports.workbook import CONTENT_TYPE, MOST_ROWS, NAME, write_workbook
from chalicelib.jobs.messages import MailJob
from chalicelib.jobs.queues import send_mail_jobs
from chalicelib.runtime.clock import moment, stamp
from chalicelib.runtime.logs import log
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from chalicelib.calls.call import Call, PublishedCall
    from chalicelib.exports.checkpoint import Checkpoint
    from chalicelib.submissions.submission import Submission

_CHUNK = 256 * 1024  # bytes
_LOOKS = 3  # at the index, which follows its table a moment later


def finish_files(
    export: Export, published: PublishedCall, checkpoint: Checkpoint, *, clock: Callable[[], datetime]
) -> Summary:
    """Write all other files and the manifest. Raises `Unavailable`."""
    base, read_at, tally = settings().public_url, moment(checkpoint.read_at), checkpoint.tally
    done, shown = list(checkpoint.done), _Shown()
    records = shown.passing(_records(export))
    if checkpoint.written <= MOST_ROWS:
        done.append(_workbook(export, published, records, read_at))
    else:
        for _ in records:
            pass
    landscape = landscape_files(published, shown.public(published), base=base, read_at=read_at)
    done += [_put(export, file.name, file.content, file.content_type) for file in landscape]
    if published.call.exports.openfairdb:
        places = openfairdb_entries(published.call, entries_of(published.call, shown.public(published)), base=base)
        done.append(_put(export, OPENFAIRDB, _json(places), "application/json"))
    open_data = bool(shown.found) and all(map(_is_open(published.call), shown.found))
    balance = balance_of(tally, received=_received(export, published, tally.stored, read_at), exported=shown.count)
    in_landscape = len(shown.found)
    public = public_balance(export, tally, balance, base=base, published=in_landscape)
    done.append(_put(export, "balance.json", _json(public), "application/json"))
    done.append(
        _put(
            export, "dcat.jsonld", _json(catalogue_entry(published, export, done, base=base, open_data=open_data)), _LD
        )
    )
    done.append(_put(export, "datapackage.json", _json(data_package(published, export, done)), "application/json"))
    document = manifest(export, checkpoint, balance, done, base=base, finished_at=stamp(clock()))
    storage.put_file(export, "manifest.json", _json(document), "application/json")
    _tell(export, balance)
    _put_back(export, checkpoint)
    return Summary(
        counts=tally.counts,
        mails=balance.mails,
        files=tuple(done),
        first_expiry=tally.first_expiry,
        received=balance.received,
        exported=balance.exported,
        differences=tuple(balance.differences),
    )


_LD = "application/ld+json"


class _Shown:
    """Counts the records that pass, and keeps those the public may see."""

    def __init__(self) -> None:
        self.count = 0
        self.found: list[Record] = []

    def passing(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            self.count += 1
            if is_public(record.state, record.published is not None):
                self.found.append(record)
            yield record

    def public(self, published: PublishedCall) -> Iterator[Submission]:
        return (submission_of(record, published) for record in self.found)


def _is_open(call: Call) -> Callable[[Record], bool]:
    """Whether the person agreed to CC0, where the call asks for that."""
    asked = call.form.consents.open_data
    return lambda record: bool(asked) and record.answers.get(asked) is True


def _records(export: Export) -> Iterator[Record]:
    return (read_line(line) for line in lines_in(storage.read_file(export, NdjsonFile.name)))


def _workbook(export: Export, published: PublishedCall, records: Iterable[Record], read_at: datetime) -> ExportFile:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        write_workbook(path, published.call, records, made_at=read_at, folder=Path(folder))
        upload = Upload(export, NAME, CONTENT_TYPE)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                upload.write(chunk)
        return upload.close()


def _put(export: Export, name: str, content: bytes, content_type: str) -> ExportFile:
    storage.put_file(export, name, content, content_type)
    return ExportFile(name=name, size=len(content), sha256=sha256(content).hexdigest())


def _received(export: Export, published: PublishedCall, stored: int, read_at: datetime) -> int:
    """How many came in, by the index; looked at again where it differs, since it follows the table a moment later."""
    call, found = published.call, 0
    for _ in range(_LOOKS):
        found = count_received(call.call, call.policy.shards, until=export.snapshot_at, now=int(read_at.timestamp()))
        if found == stored:
            break
    return found


def _tell(export: Export, balance: Balance) -> None:
    """What does not add up goes to the log under a name that an alarm listens for."""
    for difference in balance.differences:
        log("balance-differs", call=export.call, export=export.export_id, cause=difference)


def _put_back(export: Export, checkpoint: Checkpoint) -> None:
    """Mails that are owed for so long that reconcile looks no more; the ledger lets each go out once."""
    jobs = [MailJob(call=export.call, submission=one.submission, kind=one.kind) for one in checkpoint.tally.overdue]
    if jobs:
        send_mail_jobs(jobs)
        log("overdue-mails", call=export.call, export=export.export_id, jobs=len(jobs))


def _json(document: dict[str, Any] | list[dict[str, Any]]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
