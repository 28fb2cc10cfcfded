"""All AWS clients, built when first needed (each adds tens of milliseconds to a cold start), of one session: it reads
the data that they share, and the credentials, once.

They are botocore's own: boto3 would add its resources, which nothing here uses, and 20 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from chalicelib.errors import Unavailable
from chalicelib.runtime.settings import settings

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sesv2 import SESV2Client
    from types_boto3_sqs import SQSClient

_THROTTLED = {"SlowDown", "RequestThrottled", "ThrottlingException", "ServiceUnavailable", "InternalError", "503"}


_LEAN: Final[dict[str, object]] = {
    # What we send is built by this code and not by people; AWS judges it anyway. 15 % of a call.
    "parameter_validation": False,
    # botocore builds its own name anew for each request, twice: 18 % of a call.
    "user_agent": "aufruf",
    # Addresses that name the account save a hop inside AWS, and cost a look at the credentials for every request.
    "account_id_endpoint_mode": "disabled",
    # No operation of ours is one that botocore would compress; without this each is asked.
    "disable_request_compression": True,
}


def _config(*, connect: float = 1, read: float = 5, attempts: int = 3, **more: object) -> Config:
    """A botocore Config; times in seconds, `attempts` in all."""
    # Inside the function: importing botocore is dear, and an entry point may need no client at all.
    from botocore.config import Config

    retries = {"total_max_attempts": attempts, "mode": "standard"}
    options = {"connect_timeout": connect, "read_timeout": read, "retries": retries, **_LEAN, **more}
    return Config(**options)  # type: ignore[arg-type]


@cache
def _session() -> Session:
    from botocore.session import Session

    return Session()


def _client(name: str, config: Config) -> object:
    client: object = _session().create_client(name, region_name=settings().region, config=config)
    return client


def _lean(client: object) -> object:
    # Inside the function, as above.
    from chalicelib.runtime.lean import lean

    lean(client)  # type: ignore[arg-type]
    return client


@cache
def dynamodb() -> DynamoDBClient:
    """The DynamoDB client: PynamoDB's own defaults (15 s, 30 s) outlast a request."""
    return _lean(_client("dynamodb", _config(read=3)))  # type: ignore[return-value]


@cache
def sqs() -> SQSClient:
    """The SQS client."""
    return _client("sqs", _config())  # type: ignore[return-value]


RAW = "RawAnswer"


@cache
def raw_dynamodb() -> DynamoDBClient:
    """A DynamoDB client that hands over the bytes of an answer, as they came, under `RAW`, and parses nothing.

    For who reads a whole table: botocore would spend more time on parsing than everything after it (72 ms for each
    megabyte). Signing, retries and errors are botocore's own.
    """
    client = _lean(_client("dynamodb", _config(read=20, attempts=4)))
    client.meta.events.register("before-parse.dynamodb", _keep_bytes)  # type: ignore[attr-defined]
    return client  # type: ignore[return-value]


def _keep_bytes(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_more: object) -> None:
    if response_dict["status_code"] == HTTPStatus.OK:
        customized_response_dict[RAW] = response_dict["body"]
        response_dict["body"] = b"{}"


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
