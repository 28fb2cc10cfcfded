"""All AWS clients but PynamoDB's, built when first needed (each adds tens of milliseconds to a cold start)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.errors import Unavailable
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sqs import SQSClient

_THROTTLED = {"SlowDown", "RequestThrottled", "ThrottlingException", "ServiceUnavailable", "InternalError", "503"}


def _config(*, connect: float = 1, read: float = 5, attempts: int = 3, **more: object) -> object:
    """A botocore Config; times in seconds, `attempts` in all."""
    # Inside the function: importing botocore is dear, and an entry point may need no client at all.
    from botocore.config import Config

    return Config(
        connect_timeout=connect,
        read_timeout=read,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        **more,  # type: ignore[arg-type]
    )


@cache
def _session() -> object:
    # boto3 is imported with the first client: the accept path needs none beside PynamoDB's.
    import boto3

    return boto3.Session(region_name=settings().region)


def _client(name: str, config: object) -> object:
    return _session().client(name, config=config)  # type: ignore[attr-defined]


@cache
def sqs() -> SQSClient:
    """The SQS client."""
    return _client("sqs", _config())  # type: ignore[return-value]


@cache
def s3() -> S3Client:
    """The S3 client; presigned links are SigV4, which all regions take."""
    return _client("s3", _config(read=20, signature_version="s3v4"))  # type: ignore[return-value]


@cache
def secrets() -> SecretsManagerClient:
    """The Secrets Manager client."""
    return _client("secretsmanager", _config())  # type: ignore[return-value]


@cache
def ses() -> SESV2Client:
    """The SES client, with botocore's retries off: SendEmail takes no idempotency token, so a lost reply that is
    retried would send twice. Whether to try again is the ledger's decision.
    """
    return _client("sesv2", _config(read=10, attempts=1))  # type: ignore[return-value]


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turn throttling, outages and broken connections into `Unavailable`; anything else passes."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if error.response.get("Error", {}).get("Code") in _THROTTLED or status >= 500:  # noqa: PLR2004
            raise Unavailable from error
        raise
    except (HTTPClientError, BotoCoreError) as error:
        raise Unavailable from error
