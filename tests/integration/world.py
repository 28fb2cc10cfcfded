"""A small world around the app: AWS by moto, requests as API Gateway sends them, pumps for what waits.

Nothing moves by itself: a test says when the stream is relayed and when workers run. `drain` lets everything happen
that would happen in time.
"""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from functools import cache
from types import SimpleNamespace
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from uuid import uuid4

import boto3
from botocore.config import Config
from moto import mock_aws

import app
from chalicelib.access.roles import Person, Role
from chalicelib.access.sessions import COOKIE, open_session
from chalicelib.access.tokens import issue_token
from chalicelib.calls.call import Call, PublishedCall
from chalicelib.calls.table import forget_calls, put_call, read_call
from chalicelib.intake.landscape_link import forget_landscapes
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.settings import settings
from chalicelib.submissions import reference
from chalicelib.submissions.links import address_digest, receipt_token
from chalicelib.submissions.submission import Submission
from chalicelib.submissions.table import SubmissionRecord, find, pages
from tests.aws import Border, create_tables, watched
from tests.builders import answers as good_answers
from tests.builders import call_of
from tests.integration.conformance import check_answer
from tests.permissions import DENIED, attributed

JSON = "application/json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ROUNDS = 50
CONTEXT = SimpleNamespace(
    aws_request_id="invocation", function_name="aufruf", get_remaining_time_in_millis=lambda: 60_000
)


@cache
def client(name: str) -> Any:
    """A client of our own, beside those of the app; one for all worlds, since each takes long to make."""
    # moto knows DynamoDB's streams only at the address that names no account.
    return boto3.client(name, settings().region, config=Config(account_id_endpoint_mode="disabled"))


@dataclass(frozen=True)
class Answer:
    """What API Gateway would send on."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        return self.headers["Content-Type"].partition(";")[0]


@dataclass(frozen=True)
class Mail:
    """A mail as SES took it."""

    to: str
    sender: str
    reply_to: str
    subject: str
    text: str
    html: str
    tags: dict[str, str]
    parameters: dict[str, Any]

    @property
    def receipt(self) -> str:
        """The path of the link."""
        [link] = set(re.findall(rf"{settings().public_url}(/receipts/\S+)", self.text))
        return link


class World:
    """Use as a context manager."""

    def __enter__(self) -> Self:
        self._aws = mock_aws()
        self._aws.start()
        self._watch = watched()
        self.border: Border = self._watch.__enter__()
        self._attributed = attributed()
        self._attributed.__enter__()
        # Nobody waits here: a message that shall come later is there at once.
        self.border.questions["SendMessage"] = lambda asked: asked | {"DelaySeconds": 0}
        forget_calls()
        with self.border.aside():
            self._build()
        return self

    def __exit__(self, *error: object) -> None:
        self._attributed.__exit__(None, None, None)
        self._watch.__exit__(None, None, None)
        self._aws.stop()
        forget_calls()
        denied, DENIED[:] = [*DENIED], []
        assert not denied, denied
        forget_landscapes()

    def _build(self) -> None:
        create_tables(wait=False)
        region = settings().region
        self._dynamodb = client("dynamodb")
        self._streams = client("dynamodbstreams")
        self._sqs = client("sqs")
        self._s3 = client("s3")
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        self._dynamodb.update_table(TableName=settings().submissions_table, StreamSpecification=stream)
        self._relayed = 0
        for name, receives in (("mail", 8), ("feedback", 8), ("export", 5)):
            dead = self._sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
            arn = self._sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": receives})
            url = self._sqs.create_queue(
                QueueName=name, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "600"}
            )
            assert url["QueueUrl"] == getattr(settings(), f"{name}_queue_url")
        self._s3.create_bucket(
            Bucket=settings().exports_bucket, CreateBucketConfiguration={"LocationConstraint": region}
        )
        self._s3.put_bucket_versioning(Bucket=settings().exports_bucket, VersioningConfiguration={"Status": "Enabled"})
        # The same root in every world: the app reads it once for each process.
        client("secretsmanager").create_secret(
            Name=settings().keys_secret, SecretString=json.dumps({"root": "the root of this world"})
        )
        ses = client("sesv2")
        ses.create_email_identity(EmailIdentity=settings().mail_sender)
        ses.create_configuration_set(ConfigurationSetName=settings().configuration_set)

    # People and operators

    def publish(self, call: Call | None = None) -> PublishedCall:
        """Publish a call (the small one), as the operator does."""
        with self.border.aside():
            call = call or call_of()
            return put_call(call, after=read_call(call.call), published_at=stamp(now()))

    def token(self, role: Role = "owner", *calls: str, name: str = "Eva") -> dict[str, str]:
        """The header of somebody who is logged in; without calls for all of them."""
        with self.border.aside():
            token = issue_token(Person(name=name, role=role, calls=calls or ("*",)), now=now())
        return {"Authorization": f"Bearer {token}"}

    def session(self, email: str = "owner@example.org", *, since: timedelta = timedelta()) -> dict[str, str]:
        """The headers of an organiser's browser that logged in so long ago."""
        with self.border.aside():
            secret, _ = open_session(address_digest(keys(), email), now=now() - since)
        return {"Cookie": f"{COOKIE}={secret}", "Origin": settings().public_url}

    # HTTP

    def get(self, address: str, headers: dict[str, str] | None = None, accept: str = JSON) -> Answer:
        return self.request("GET", address, headers={"Accept": accept, **(headers or {})})

    def post(
        self, address: str, document: Any = None, headers: dict[str, str] | None = None, accept: str = JSON
    ) -> Answer:
        body = b"" if document is None else json.dumps(document).encode()
        given = {"Accept": accept, "Content-Type": JSON, **(headers or {})}
        return self.request("POST", address, body=body, headers=given)

    def post_form(
        self, address: str, fields: Any, headers: dict[str, str] | None = None, accept: str = BROWSER
    ) -> Answer:
        kind = {"Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(fields, doseq=True).encode()
        return self.request("POST", address, body=body, headers={**kind, **(headers or {})})

    def submit(
        self,
        answers: dict[str, Any] | None = None,
        *,
        call: str = "small-call",
        key: str = "",
        language: str = "de",
        **more: Any,
    ) -> Answer:
        """Post answers (good ones) as JSON."""
        headers = {"Accept-Language": language} | ({"Idempotency-Key": key} if key else {})
        return self.post(f"/calls/{call}/submissions", {"answers": answers or good_answers(), **more}, headers)

    def request(self, method: str, address: str, *, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """One request, as API Gateway hands it to the function (REST API, proxy integration)."""
        event = api_event(method, address, body=body, headers=headers or {})
        answer = app.app(event, CONTEXT)
        content = answer["body"]
        if answer.get("isBase64Encoded"):
            content = base64.b64decode(content).decode("latin-1")
        check_answer(method, event["resource"], answer["statusCode"], answer["headers"], content)
        return Answer(answer["statusCode"], answer["headers"], content)

    # What moves by itself on AWS

    def stream(self) -> list[dict[str, Any]]:
        """The stream's records that were not relayed yet, as Lambda gets them."""
        with self.border.aside():
            arn = self._dynamodb.describe_table(TableName=settings().submissions_table)["Table"]["LatestStreamArn"]
            shards = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
            found = []
            for shard in shards:
                begin = self._streams.get_shard_iterator(
                    StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
                found += self._streams.get_records(ShardIterator=begin)["Records"]
        return [{**record, "eventSourceARN": arn} for record in found[self._relayed :]]

    def relay(self) -> dict[str, Any]:
        """Hand the stream's new records to the relay; what it failed on stays, and all that came after."""
        records = self.stream()
        if not records:
            return {"batchItemFailures": []}
        answer: dict[str, Any] = app.relay({"Records": records}, CONTEXT)
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        self._relayed += next((place for place, number in enumerate(numbers) if number in failed), len(numbers))
        return answer

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """All messages that wait on a queue, as Lambda gets them; they are in flight afterwards."""
        with self.border.aside():
            url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            found: list[dict[str, Any]] = []
            while more := self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                found += more
        return [
            {"messageId": one["MessageId"], "body": one["Body"], "receiptHandle": one["ReceiptHandle"],
             "eventSource": "aws:sqs", "awsRegion": settings().region, "attributes": {}}
            for one in found
        ]  # fmt: skip

    def put(self, queue: str, body: str) -> None:
        """A message from nowhere."""
        with self.border.aside():
            self._sqs.send_message(QueueUrl=self._sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)

    def work(self, queue: str) -> list[str]:
        """One round of a worker over all that waits; the bodies of the messages that it kept or sent round."""
        worker = {"mail": app.mail_worker, "feedback": app.feedback_worker, "export": app.export_worker}[queue]
        size = {"mail": 10, "feedback": 10, "export": 1}[queue]
        waiting = self.messages(queue)
        kept: list[str] = []
        for start in range(0, len(waiting), size):
            batch = waiting[start : start + size]
            before = len(self.border.calls)
            with self._gives_back(queue, batch) as done:
                answer = worker({"Records": batch}, CONTEXT)
                failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
                done += [one for one in batch if one["messageId"] not in failed]
                kept += [one["body"] for one in batch if one["messageId"] in failed]
            sent = [one for one in self.border.calls[before:] if one.operation == "SendMessage"]
            bodies = {one["body"] for one in batch}
            kept += [
                one.parameters["MessageBody"] for one in sent
                if "DelaySeconds" in one.parameters and one.parameters["MessageBody"] in bodies
            ]  # fmt: skip
        return kept

    @contextmanager
    def _gives_back(self, queue: str, batch: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
        """Messages that are not done when the worker is, or when it dies, come back."""
        done: list[dict[str, Any]] = []
        try:
            yield done
        finally:
            with self.border.aside():
                url = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
                for one in batch:
                    if one in done:
                        self._sqs.delete_message(QueueUrl=url, ReceiptHandle=one["receiptHandle"])
                    else:
                        self._sqs.change_message_visibility(
                            QueueUrl=url, ReceiptHandle=one["receiptHandle"], VisibilityTimeout=0
                        )

    def nightly(self, at: str = "2026-05-05T01:00:00Z") -> list[dict[str, Any]]:
        """The nightly schedule's event; what it asked for."""
        answer = app.nightly(schedule_event(at), CONTEXT)
        exports: list[dict[str, Any]] = answer["exports"]
        return exports

    def reconcile(self) -> dict[str, Any]:
        """The reconcile schedule's event; what became of the mails."""
        answer: dict[str, dict[str, Any]] = app.reconcile(schedule_event("2026-05-05T01:15:00Z"), CONTEXT)
        return answer["mails"]

    def drain(self) -> None:
        """Let everything happen that is waiting, until nothing is."""
        for _ in range(ROUNDS):
            self.relay()
            kept = [*self.work("mail"), *self.work("feedback"), *self.work("export")]
            if not kept and not self.stream() and not self._waiting():
                return
        raise AssertionError(f"still busy after {ROUNDS} rounds")

    def _waiting(self) -> int:
        """How many messages wait that a worker has put on a queue itself."""
        name = "ApproximateNumberOfMessages"
        with self.border.aside():
            urls = [self._sqs.get_queue_url(QueueName=queue)["QueueUrl"] for queue in ("mail", "feedback", "export")]
            return sum(
                int(self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
                for url in urls
            )

    # What there is to see

    @property
    def mails(self) -> list[Mail]:
        """The mails SES was asked to send, in order. Those it refused are among them: see `sent`."""
        return [_mail(call.parameters) for call in self.border.calls if call.operation == "SendEmail"]

    def stored(self, shown: str, call: str = "small-call", shards: int = 2) -> Submission | None:
        """The submission of a reference."""
        submission_id = reference.read(shown)
        assert submission_id is not None
        with self.border.aside():
            return find(call, submission_id, shards)

    def receipt(self, call: str = "small-call", shards: int = 2) -> str:
        """The path of the receipt of the one submission there is, as a mail would name it."""
        with self.border.aside():
            [submission] = [one for shard in range(shards) for page in pages(call, shard) for one in page]
            return f"/receipts/{receipt_token(keys(), submission, now())}"

    def count(self) -> int:
        """How many submissions there are."""
        with self.border.aside():
            return sum(1 for _ in SubmissionRecord.scan(consistent_read=True))

    def items(self, table: str) -> list[dict[str, Any]]:
        """Everything in a table, as DynamoDB has it."""
        with self.border.aside():
            found: list[dict[str, Any]] = self._dynamodb.scan(TableName=getattr(settings(), f"{table}_table"))["Items"]
        return found

    def files(self) -> dict[str, bytes]:
        """Everything in the bucket, by key."""
        with self.border.aside():
            listed = self._s3.list_objects_v2(Bucket=settings().exports_bucket).get("Contents", [])
            return {
                one["Key"]: self._s3.get_object(Bucket=settings().exports_bucket, Key=one["Key"])["Body"].read()
                for one in listed
            }

    def file(self, key: str) -> bytes:
        """One file of the bucket."""
        with self.border.aside():
            content: bytes = self._s3.get_object(Bucket=settings().exports_bucket, Key=key)["Body"].read()
        return content

    def delete(self, prefix: str) -> None:
        """Take objects out of the bucket, as time does."""
        with self.border.aside():
            listed = self._s3.list_objects_v2(Bucket=settings().exports_bucket, Prefix=prefix).get("Contents", [])
            if listed:
                keys = [{"Key": one["Key"]} for one in listed]
                self._s3.delete_objects(Bucket=settings().exports_bucket, Delete={"Objects": keys})

    def dead(self, queue: str) -> list[str]:
        """The bodies of a queue's dead letters."""
        return [one["body"] for one in self.messages(f"{queue}-dead")]


def schedule_event(at: str) -> dict[str, Any]:
    """A complete event of a schedule rule."""
    return {
        "version": "0", "id": str(uuid4()), "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "123456789012", "time": at, "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/aufruf"], "detail": {},
    }  # fmt: skip


def api_event(method: str, address: str, *, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """An event of a REST API with proxy integration and `*/*` as a binary type."""
    parts = urlsplit(address)
    resource, names = route_of(parts.path)
    query = parse_qsl(parts.query, keep_blank_values=True)
    several: dict[str, list[str]] = {}
    for name, value in query:
        several.setdefault(name, []).append(value)
    return {
        "resource": resource,
        "path": unquote(parts.path) if resource == "/{proxy+}" else parts.path,
        "httpMethod": method,
        "headers": headers or None,
        "multiValueHeaders": {name: [value] for name, value in headers.items()} or None,
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": several or None,
        "pathParameters": names or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/api{parts.path}",
            "requestId": str(uuid4()),
            "stage": "api",
            "identity": {"sourceIp": "192.0.2.7"},
        },
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }


def route_of(path: str) -> tuple[str, dict[str, str]]:
    """The resource that API Gateway finds for a path, and the names in it, percent-encoded as they came.

    A literal segment goes before a placeholder; what fits nothing goes to `/{proxy+}`.
    """
    parts = path.strip("/").split("/")
    fitting = []
    for route in app.app.routes:
        wanted = route.strip("/").split("/")
        names = {
            name[1:-1]: given for name, given in zip(wanted, parts, strict=False) if name.startswith("{") and given
        }
        literal = [name == given for name, given in zip(wanted, parts, strict=False) if not name.startswith("{")]
        if len(wanted) == len(parts) and all(literal) and len(names) + len(literal) == len(parts):
            fitting.append((len(names), route, names))
    if not fitting:
        return "/{proxy+}", {"proxy": path.strip("/")}
    _, route, names = min(fitting)
    return route, names


def _mail(parameters: dict[str, Any]) -> Mail:
    content = parameters["Content"]["Simple"]
    [to] = parameters["Destination"]["ToAddresses"]
    [reply_to] = parameters["ReplyToAddresses"]
    return Mail(
        to=to,
        sender=parseaddr(parameters["FromEmailAddress"])[1],
        reply_to=reply_to,
        subject=content["Subject"]["Data"],
        text=content["Body"]["Text"]["Data"],
        html=content["Body"]["Html"]["Data"],
        tags={one["Name"]: one["Value"] for one in parameters["EmailTags"]},
        parameters=parameters,
    )
