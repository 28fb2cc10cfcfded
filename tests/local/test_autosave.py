"""Which requests to the emulator are worth a save."""

import pytest

from infra.local.emulated.autosave import EVERYTHING, Scope, touched

SIGNED = "AWS4-HMAC-SHA256 Credential=000000000000/20260101/eu-central-1/{service}/aws4_request, SignedHeaders=host"


def a_request(method: str = "POST", path: str = "/", *, service: str = "", target: str = "", query: str = "") -> Scope:
    headers = [(b"host", b"127.0.0.1")]
    if service:
        headers.append((b"authorization", SIGNED.format(service=service).encode()))
    if target:
        headers.append((b"x-amz-target", target.encode()))
    return {"method": method, "path": path, "headers": headers, "query_string": query.encode()}


@pytest.mark.parametrize(
    ("request_", "service"),
    [
        (a_request(service="dynamodb", target="DynamoDB_20120810.PutItem"), "dynamodb"),
        (a_request(service="dynamodb", target="DynamoDB_20120810.TransactWriteItems"), "dynamodb"),
        (a_request(service="dynamodb", target="DynamoDB_20120810.Query"), None),
        (a_request(service="dynamodb", target="DynamoDB_20120810.BatchGetItem"), None),
        (a_request(service="sqs", target="AmazonSQS.SendMessageBatch"), "sqs"),
        (a_request(service="sqs", target="AmazonSQS.ReceiveMessage"), "sqs"),
        (a_request(service="sqs", target="AmazonSQS.GetQueueAttributes"), None),
        (a_request("PUT", "/bucket/key", service="s3"), "s3"),
        (a_request("GET", "/bucket/key", service="s3"), None),
        (
            a_request("PUT", "/bucket/key", query="X-Amz-Credential=k%2F20260101%2Feu-central-1%2Fs3%2Faws4_request"),
            "s3",
        ),
        (a_request(service="cloudformation"), EVERYTHING),
        (a_request(service="secretsmanager", target="secretsmanager.PutSecretValue"), EVERYTHING),
        (a_request(service="secretsmanager", target="secretsmanager.GetSecretValue"), None),
        (a_request(path="/2015-03-31/functions/f/invocations", service="lambda"), None),
        (a_request(path="/2015-03-31/event-source-mappings", service="lambda"), EVERYTHING),
        (a_request(path="/_aws/execute-api/abc/api/calls/x/submissions"), None),
    ],
)
def test_a_request_is_worth_a_save_of_what_it_may_have_changed(request_: Scope, service: str | None) -> None:
    assert touched(request_) == service
