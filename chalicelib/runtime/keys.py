"""Signing keys: one root secret, one derived key for each purpose.

The root is made by the template (Secrets Manager, `GenerateSecretString`) and never leaves it but for a function's
memory. `{"root": "…", "signing": ["newest", …]}`: without `signing` the root signs; with it, the first signs and all
verify (rotation). Identities (`identity`, `address`) always come from the root: a rotated key must not give a repeated
request another reference.
"""

import hmac
from functools import cache
from hashlib import sha256

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from msgspec import Struct

from chalicelib.runtime.settings import settings


class BadSignature(Exception):
    """The text was not signed by us for this purpose."""


class Keys(Struct, frozen=True):
    """The secret, as stored."""

    root: str
    signing: tuple[str, ...] = ()

    def sign(self, purpose: str, payload: list[str | int]) -> str:
        """A URL-safe signed text of `payload`, good for `purpose` only. Not encrypted: put no secret in it."""
        return str(self._signer(purpose).dumps(payload))

    def verify(self, purpose: str, signed: str) -> list[str | int]:
        """The payload of `sign`. Raises `BadSignature` for anything else, whatever the cause."""
        try:
            payload = self._signer(purpose).loads(signed)
        except (BadData, ValueError) as error:
            raise BadSignature from error
        if not isinstance(payload, list):
            raise BadSignature
        return payload

    def digest(self, purpose: str, *parts: str) -> bytes:
        """HMAC-SHA-256 of `parts` (32 bytes) under the root, the same for ever; parts cannot run into each other."""
        message = msgspec.json.encode([purpose, *parts])
        return hmac.new(self.root.encode(), message, sha256).digest()

    def _signer(self, purpose: str) -> URLSafeSerializer:
        # itsdangerous signs with the last key of the list and verifies with all of them.
        newest_last = [self.root] if not self.signing else [self.root, *reversed(self.signing)]
        return URLSafeSerializer(
            newest_last,
            salt=f"aufruf/{purpose}",
            signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"},
        )


@cache
def keys() -> Keys:
    """The keys of this stack, read once for each process. Raises `Unavailable`."""
    from chalicelib.runtime.aws import aws_errors, secrets

    with aws_errors():
        answer = secrets().get_secret_value(SecretId=settings().keys_secret)
    return msgspec.json.decode(answer["SecretString"], type=Keys)
