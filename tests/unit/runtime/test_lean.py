"""The parts of botocore's client that are changed give what botocore's own would give."""

import json
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.client import BaseClient
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.runtime.lean import Signer, lean

# Printable ASCII: what a header may hold.
_VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
_NAMES = ("X-Amz-Target", "Content-Type", "User-Agent", "amz-sdk-request", "X-Amzn-Trace-Id", "X-Other", "Host")
_EARLIEST = datetime(2000, 1, 1)  # noqa: DTZ001 - hypothesis wants it bare
_SCALAR = st.one_of(
    st.builds(lambda text: {"S": text}, st.text()),
    st.builds(lambda number: {"N": str(number)}, st.integers()),
    st.builds(lambda yes: {"BOOL": yes}, st.booleans()),
    st.builds(lambda raw: {"B": raw}, st.binary()),
    st.builds(lambda texts: {"SS": texts}, st.lists(st.text(), min_size=1)),
    st.just({"NULL": True}),
)
_ITEM = st.dictionaries(
    st.text(min_size=1),
    st.recursive(
        _SCALAR,
        lambda inner: st.one_of(
            st.builds(lambda each: {"L": each}, st.lists(inner, max_size=4)),
            st.builds(lambda each: {"M": each}, st.dictionaries(st.text(min_size=1), inner, max_size=4)),
        ),
        max_leaves=8,
    ),
    max_size=6,
)


def _signed(kind: type[SigV4Auth], request: AWSRequest, token: str | None, at: datetime) -> str:
    with (
        mock.patch("botocore.auth.get_current_datetime", return_value=at),
        mock.patch("chalicelib.runtime.lean.get_current_datetime", return_value=at),
    ):
        kind(ReadOnlyCredentials("AKIDEXAMPLE", "secret/key", token), "dynamodb", "eu-central-1").add_auth(request)
    return str(request.headers["Authorization"])


@given(
    headers=st.dictionaries(st.sampled_from(_NAMES), _VALUE.filter(lambda value: bool(value.strip()))),
    body=st.one_of(st.binary(max_size=200), st.just("text")),
    path=st.sampled_from(["/", "", "/path", "/?query=1"]),
    host=st.sampled_from(["dynamodb.eu-central-1.amazonaws.com", "localhost:8000", "[::1]:4566"]),
    token=st.one_of(st.none(), _VALUE.filter(bool)),
    at=st.datetimes(_EARLIEST, timezones=st.just(UTC)),
    method=st.sampled_from(["POST", "POST", "GET"]),
)
def test_every_request_is_signed_as_botocore_signs_it(
    headers: dict[str, str], body: Any, path: str, host: str, token: str | None, at: datetime, method: str
) -> None:
    ours, theirs = (
        AWSRequest(method=method, url=f"https://{host}{path}", headers=headers, data=body) for _ in range(2)
    )
    assert _signed(Signer, ours, token, at) == _signed(SigV4Auth, theirs, token, at)
    assert ours.headers.items() == theirs.headers.items()


def test_a_request_that_is_tried_again_is_signed_again() -> None:
    request = AWSRequest(method="POST", url="https://dynamodb.eu-central-1.amazonaws.com/", data=b"{}")
    first = _signed(Signer, request, "token", datetime(2026, 5, 4, 12, tzinfo=UTC))
    second = _signed(Signer, request, "token", datetime(2026, 5, 4, 12, 0, 1, tzinfo=UTC))
    assert first != second
    assert request.headers.get_all("Authorization") == [second]


def _client(*, changed: bool) -> Any:
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    client = session.create_client("dynamodb", "eu-central-1")
    if changed:
        lean(client)
    return client


OURS, THEIRS = _client(changed=True), _client(changed=False)


def _sent(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    seen = []

    def send(request: Any, **_more: object) -> AWSResponse:
        seen.append(request)
        raw = mock.Mock()
        raw.stream.return_value = iter([b"{}"])
        return AWSResponse(request.url, 200, {}, raw)

    client.meta.events.register_first("before-send", send)
    try:
        BaseClient._make_api_call(client, operation, parameters)  # type: ignore[attr-defined]
    finally:
        client.meta.events.unregister("before-send", send)
    [request] = seen
    return request


@given(item=_ITEM)
def test_an_item_is_written_as_botocore_writes_it(item: dict[str, Any]) -> None:
    parameters = {"TableName": "submissions", "Item": item, "ConditionExpression": "attribute_not_exists(id)"}
    ours, theirs = (_sent(client, "PutItem", parameters) for client in (OURS, THEIRS))
    assert json.loads(ours.body) == json.loads(theirs.body)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("GetItem", {"TableName": "calls", "Key": {"call": {"S": "ä"}}, "ConsistentRead": True}),
        ("Query", {"TableName": "submissions", "Limit": 5, "KeyConditionExpression": "id = :id",
                   "ExpressionAttributeValues": {":id": {"S": "1"}}}),
        ("BatchGetItem", {"RequestItems": {"mails": {"Keys": [{"id": {"S": "1"}}]}}}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "a", "Item": {"id": {"S": "1"}}}}],
                                "ClientRequestToken": "token"}),
    ],
)  # fmt: skip
def test_every_operation_goes_where_botocore_sends_it_and_says_the_same(
    operation: str, parameters: dict[str, Any]
) -> None:
    ours, theirs = (_sent(client, operation, parameters) for client in (OURS, THEIRS))
    assert (ours.method, ours.url, json.loads(ours.body)) == (theirs.method, theirs.url, json.loads(theirs.body))
    assert ours.headers["X-Amz-Target"] == theirs.headers["X-Amz-Target"] == f"DynamoDB_20120810.{operation}".encode()
    assert ours.headers["Content-Type"] == theirs.headers["Content-Type"]


def test_errors_are_botocores() -> None:
    def refuse(request: Any, **_more: object) -> AWSResponse:
        raw = mock.Mock()
        raw.stream.return_value = iter([b'{"__type": "com.amazonaws#ConditionalCheckFailedException"}'])
        return AWSResponse(request.url, 400, {}, raw)

    client = _client(changed=True)
    client.meta.events.register_first("before-send", refuse)
    with pytest.raises(ClientError) as caught:
        client.put_item(TableName="submissions", Item={"id": {"S": "1"}})
    assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
