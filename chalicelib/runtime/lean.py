"""What botocore would do anew for each request to DynamoDB, done once: 40 % of what a request costs.

Three of a client's parts are changed, by the places that botocore has for it or keeps them at. The client, its events,
retries, errors, and the way to the network stay botocore's own; tests hold each part to what botocore's would give.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec
from botocore.auth import AUTH_TYPE_MAPS, SIGNED_HEADERS_BLACKLIST, SIGV4_TIMESTAMP, SigV4Auth
from botocore.auth import _host_from_url as host_from_url  # type: ignore[attr-defined]
from botocore.compat import get_current_datetime
from botocore.serialize import JSONSerializer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.awsrequest import AWSRequest
    from botocore.client import BaseClient
    from botocore.model import OperationModel

_SIGNER: Final = "aufruf-v4"
_UNSIGNED: Final = frozenset(SIGNED_HEADERS_BLACKLIST)
_ENCODER = msgspec.json.Encoder()


def lean(client: BaseClient) -> None:
    """Change the parts of a client for DynamoDB, or another service with the protocol `json`, one address for all of
    its operations, and no timestamps in what it is sent.
    """
    parts: Any = client
    AUTH_TYPE_MAPS[_SIGNER] = Signer
    parts.meta.events.register("choose-signer", _choose)
    parts._serializer = Serializer()  # noqa: SLF001
    parts._ruleset_resolver = Address(parts._ruleset_resolver)  # noqa: SLF001


def _choose(signature_version: str, **_more: object) -> str | None:
    return _SIGNER if signature_version == "v4" else None


class Serializer(JSONSerializer):
    """Writes parameters as they are. They are in the service's own form already, and botocore would go through a
    submission value by value, with the model beside it, to find just that. Bytes become base 64 either way.
    """

    def serialize_to_request(self, parameters: Mapping[str, Any], operation_model: OperationModel) -> dict[str, Any]:
        """A request as botocore makes it: path, headers, body."""
        metadata: Any = operation_model.metadata
        return {
            "url_path": "/",
            "query_string": "",
            "method": "POST",
            "headers": {
                "X-Amz-Target": f"{metadata['targetPrefix']}.{operation_model.name}",
                "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}",
            },
            "body": _ENCODER.encode(parameters),
        }


class Address:
    """Asks botocore's rules for the address once; its resolver answers everything else."""

    def __init__(self, resolver: Any) -> None:
        self._resolver = resolver
        self._found: Any = None

    def construct_endpoint(self, **asked: Any) -> Any:
        """The address, as botocore's rules gave it for the first request."""
        if self._found is None:
            self._found = self._resolver.construct_endpoint(**asked)
        return self._found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resolver, name)


class Signer(SigV4Auth):
    """botocore's signature version 4, for a POST to `/`: headers are gone through once instead of four times, the body
    is not prepared for it, and the key of the day is kept.
    """

    if TYPE_CHECKING:  # botocore's class has them, its types do not
        _region_name: str
        _service_name: str

        def _modify_request_before_signing(self, request: AWSRequest) -> None: ...

    def add_auth(self, request: AWSRequest) -> None:
        """Sign; anything else than such a POST is left to botocore."""
        host = _address(request.url)
        body: object = request.data
        if host is None or request.method != "POST" or request.params or not isinstance(body, bytes):
            super().add_auth(request)
            return
        at = request.context["timestamp"] = get_current_datetime().strftime(SIGV4_TIMESTAMP)
        self._modify_request_before_signing(request)
        signed = {name.lower(): " ".join(value.split()) for name, value in request.headers.items()}
        signed.setdefault("host", host)
        lines = sorted((name, value) for name, value in signed.items() if name not in _UNSIGNED)
        names = ";".join([name for name, _ in lines])
        headers = "\n".join([f"{name}:{value}" for name, value in lines])
        canonical = f"POST\n/\n\n{headers}\n\n{names}\n{sha256(body).hexdigest()}"
        scope = f"{at[:8]}/{self._region_name}/{self._service_name}/aws4_request"
        digest = sha256(canonical.encode()).hexdigest()
        key = _key(self.credentials.secret_key, at[:8], self._region_name, self._service_name)
        signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}".encode(), "sha256").hex()
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.credentials.access_key}/{scope}, SignedHeaders={names}, "
            f"Signature={signature}"
        )


@lru_cache(maxsize=4)
def _address(url: str) -> str | None:
    """The host to sign; `None` where the address is more than a host."""
    parts = urlsplit(url)
    return str(host_from_url(url)) if parts.path in {"", "/"} and not parts.query else None


@lru_cache(maxsize=4)
def _key(secret: str, day: str, region: str, service: str) -> bytes:
    """The signing key of a day (AWS, "Create a signed request", step 4)."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
