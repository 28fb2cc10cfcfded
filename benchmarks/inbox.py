"""An inbox's first page over so many submissions, in a process of its own: `python -m benchmarks.inbox COUNT [PAGES]`.

Prints JSON: the AWS calls of one page, and the median of the CPU time of one (ms). DynamoDB is a sorted list of keys
that answers at once, as its indexes do however long they are; moto would walk through all of a table for each request,
and that is what would be measured. From the filters to the HTML all of it is ours and real.
"""

import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from benchmarks.stage import SETTINGS

os.environ.update(SETTINGS)  # before anything of the app: records take the names of their tables when they are read in

from botocore.client import BaseClient
from msgspec.structs import replace

from benchmarks import work
from benchmarks.wire import SECRET
from chalicelib.access.roles import Person
from chalicelib.calls.answers import judge
from chalicelib.calls.call import PublishedCall
from chalicelib.organisers.filters import read_filters
from chalicelib.organisers.inbox_page import inbox_page
from chalicelib.organisers.inbox_routes import find_submissions
from chalicelib.runtime.clock import stamp
from chalicelib.submissions.reference import from_bits
from chalicelib.submissions.submission import received, shard_of
from chalicelib.submissions.table import SubmissionRecord, _record
from chalicelib.web.request import Request

PAGES = 15
_BEGIN = datetime(2026, 5, 4, 12, tzinfo=UTC)
_MAIL = {
    "call": {"S": work.call().call}, "state": {"S": "delivered"}, "attempts": {"N": "1"}, "lease_until": {"N": "0"},
    "changed_at": {"S": stamp(_BEGIN)},
}  # fmt: skip
Key = tuple[str, str]
Item = dict[str, Any]


class Tables:
    """Confirmed submissions by shard in the order of their last change, and what DynamoDB answers about them."""

    def __init__(self, count: int) -> None:
        call = work.call()
        self._shards: list[list[Key]] = [[] for _ in range(call.policy.shards)]
        chance = random.Random(count)
        for number in range(count):
            submission_id = from_bits(chance.getrandbits(55))
            at = stamp(_BEGIN + timedelta(seconds=number))
            self._shards[shard_of(submission_id, call.policy.shards)].append((at, submission_id))
        at = stamp(_BEGIN)
        answers = judge(call, json.loads(work.body())["answers"])
        one = received(PublishedCall(call, 1, at), from_bits(1), answers, language="de", now=_BEGIN, at=at)
        confirmed = replace(one, state="confirmed", confirmed_at=at, expires_at=None)
        self._like: Item = _record(confirmed).serialize()
        self.calls: Counter[str] = Counter()

    def answer(self, operation: str, asked: Item) -> Item:
        """What DynamoDB says. Raises `NotImplementedError` for what no page asks."""
        self.calls[operation] += 1
        if operation == "GetSecretValue":
            return {"SecretString": SECRET}
        if operation == "Query":
            return self._query(asked)
        if operation == "BatchGetItem":
            [(table, wanted)] = asked["RequestItems"].items()
            return {"Responses": {table: [self._found(table, key) for key in wanted["Keys"]]}, "UnprocessedKeys": {}}
        raise NotImplementedError(operation)

    def _query(self, asked: Item) -> Item:
        place = next(value["S"] for value in asked["ExpressionAttributeValues"].values())
        _, state, shard = place.split("#")
        keys = self._shards[int(shard)] if state == "confirmed" else []
        found = keys[-asked["Limit"] :]
        if asked.get("Select") == "COUNT":
            return {"Count": len(found), "ScannedCount": len(found)}
        items = [self._key(submission_id, at) for at, submission_id in reversed(found)]
        answer: Item = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        return answer | ({"LastEvaluatedKey": items[-1]} if len(found) < len(keys) else {})

    def _key(self, submission_id: str, at: str) -> Item:
        shard = shard_of(submission_id, len(self._shards))
        keys = {"call_shard": f"{work.call().call}#{shard:02d}", "id": submission_id, "changed_at": at,
                "call_state": f"{work.call().call}#confirmed#{shard:02d}"}  # fmt: skip
        return {name: {"S": value} for name, value in keys.items()}

    def _found(self, table: str, key: Item) -> Item:
        if table != SubmissionRecord.Meta.table_name:  # a mail's
            return key | _MAIL
        return self._like | self._key(key["id"]["S"], stamp(_BEGIN))


def main(count: int, pages: int = PAGES) -> None:
    """Measure and print."""
    tables, call = Tables(count), work.call()
    person = Person("Eva", "owner", ("*",))
    request = Request("GET", f"/organiser/calls/{call.call}/submissions", {}, {"accept": "text/html"}, b"", "de", "1")

    def one() -> None:
        filters = read_filters(call, {}, state="confirmed")
        page = find_submissions(call, filters, "")
        shown = inbox_page(request, person, call, filters, page, None)
        assert str(shown.body).count("data-aufruf-row>") == len(page.submissions) == 50

    with mock.patch.object(BaseClient, "_make_api_call", tables.answer):
        one()  # what is made once, clients and templates
        times = []
        for _ in range(pages):
            tables.calls.clear()
            before = time.process_time()
            one()
            times.append((time.process_time() - before) * 1000)
    print(json.dumps({"calls": dict(tables.calls), "ms": statistics.median(times)}))


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
