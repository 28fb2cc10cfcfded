"""Put into a function's process: every request that botocore has built and signed is answered at once, unsent.

What is left is what a stack itself does for a call. What TLS and the kernel add is the same for each call of each
stack, and on the loopback more than on a network card, since the sender pays for the receiver as well.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from botocore import httpsession
from botocore.awsrequest import AWSResponse, HeadersDict


class _Raw:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._content


def answer_at_once(items: dict[str, Any], secret: str) -> None:
    """Replace botocore's way to the network; `items` is what GetItem finds, by table."""
    found = {table: json.dumps({"Item": item}).encode() for table, item in items.items()}
    known = json.dumps({"ARN": "arn", "Name": "keys", "VersionId": "1", "SecretString": secret}).encode()

    def send(_session: Any, request: Any) -> Any:
        target = request.headers["X-Amz-Target"]
        content = b"{}"
        if b"GetItem" in target:
            content = found[json.loads(request.body)["TableName"]]
        elif b"GetSecretValue" in target:
            content = known
        elif b"SendMessage" in target:
            digest = hashlib.md5(json.loads(request.body)["MessageBody"].encode()).hexdigest()
            content = json.dumps({"MessageId": "5fea7756", "MD5OfMessageBody": digest}).encode()
        headers: Any = HeadersDict({"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "0" * 52})
        return AWSResponse(request.url, 200, headers, _Raw(content))

    httpsession.URLLib3Session.send = send  # type: ignore[assignment, method-assign]
