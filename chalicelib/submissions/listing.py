"""Submissions by state and time, one request at a time, as lists for people are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.runtime.aws import dynamodb
from chalicelib.runtime.table import table_errors
from chalicelib.submissions.outline import Outline, Standing
from chalicelib.submissions.submission import shard_of
from chalicelib.submissions.table import ByState, SubmissionRecord, index_key, read_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chalicelib.submissions.submission import State, Submission


def listed(
    call: str,
    state: State,
    shard: int,
    *,
    newest_first: bool,
    limit: int,
    after: tuple[str, str] | None = None,
    since: str | None = None,
) -> list[Submission]:
    """Up to `limit` submissions in `state` by the time of their last change, in one request (eventually consistent).

    `after` is (`changed_at`, id) of the submission to go on behind, whether it is still there or not; `since` a stamp.
    """
    hash_key = index_key(call, state, shard)
    start: dict[str, dict[str, str]] | None = None
    if after is not None:
        place = {"call_state": hash_key, "changed_at": after[0], "call_shard": f"{call}#{shard:02d}", "id": after[1]}
        start = {name: {"S": value} for name, value in place.items()}
    with table_errors():
        query = SubmissionRecord.by_state.query(
            hash_key,
            ByState.changed_at >= since if since else None,
            scan_index_forward=not newest_first,
            limit=limit,
            last_evaluated_key=start,
        )
        return [read_record(record) for record in query]


def count_up_to(call: str, state: State, shard: int, most: int) -> int:
    """How many submissions are in `state`, as far as one request for `most` tells (eventually consistent)."""
    with table_errors():
        return SubmissionRecord.by_state.count(index_key(call, state, shard), limit=most)


def count(call: str, state: State, shard: int) -> int:
    """How many submissions are in `state`, by the index (eventually consistent)."""
    with table_errors():
        return SubmissionRecord.by_state.count(index_key(call, state, shard))


def outlines(call: str, shard: int) -> Iterator[Outline]:
    """All submissions of one shard in outline, tombstones left out (eventually consistent: half the price)."""
    wanted = ["state", "submitted_at", "confirmed_at", "decided_at", "expires_at", "language", "answers"]
    with table_errors():
        for record in SubmissionRecord.query(f"{call}#{shard:02d}", attributes_to_get=wanted):
            if record.state != "erased":
                yield Outline(
                    record.state,
                    record.submitted_at,
                    record.confirmed_at,
                    record.decided_at,
                    _whole(record.expires_at),
                    record.language,
                    record.answers,
                )


def standings(call: str, ids: Sequence[str], shards: int) -> dict[str, Standing]:
    """What stands at each of up to 100 ids, where anything does (consistent read, one request)."""
    if not ids:
        return {}
    wanted = {"#i": "id", "#s": "state", "#o": "source", "#f": "fingerprint"}
    keys = [{"call_shard": {"S": f"{call}#{shard_of(one, shards):02d}"}, "id": {"S": one}} for one in ids]
    asked: Any = {
        SubmissionRecord.Meta.table_name: {
            "Keys": keys,
            "ConsistentRead": True,
            "ProjectionExpression": ", ".join(wanted),
            "ExpressionAttributeNames": wanted,
        }
    }
    found = {}
    with table_errors():
        while asked:  # what DynamoDB did not get round to
            answer = dynamodb().batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(SubmissionRecord.Meta.table_name, []):
                texts = {name: item[name]["S"] if name in item else "" for name in wanted.values()}
                found[texts["id"]] = Standing(texts["state"], texts["source"], texts["fingerprint"])
            asked = answer.get("UnprocessedKeys")
    return found


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
