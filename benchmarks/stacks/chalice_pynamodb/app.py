"""The usual build: Chalice, a PynamoDB transaction (submission and audit line), and a message to a queue."""

import json
import os

import boto3
from chalice import Chalice, Response
from chalicelib.form import check, record, shown
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

app = Chalice(app_name="usual")
sqs = boto3.client("sqs")
connection = Connection(region="eu-central-1")


class Submission(Model):
    class Meta:
        table_name = "submissions"
        region = "eu-central-1"

    pk = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    state = UnicodeAttribute()
    answers = UnicodeAttribute()
    fingerprint = UnicodeAttribute()
    submitted_at = UnicodeAttribute()
    changed_at = UnicodeAttribute()
    language = UnicodeAttribute()
    version = NumberAttribute()


class Audit(Model):
    class Meta:
        table_name = "audit"
        region = "eu-central-1"

    subject = UnicodeAttribute(hash_key=True)
    at = UnicodeAttribute(range_key=True)
    event = UnicodeAttribute()


@app.route("/calls/{call}/submissions", methods=["POST"])
def submit(call):
    request = app.current_request
    answers = request.json_body["answers"]
    errors = check(answers)
    if errors:
        return Response({"errors": errors}, status_code=422)
    stored = record(answers, request.headers["idempotency-key"])
    try:
        with TransactWrite(connection=connection) as transaction:
            transaction.save(Submission(**stored), condition=Submission.id.does_not_exist())
            transaction.save(Audit(stored["id"], stored["submitted_at"], event="received"))
    except TransactWriteError:
        return Response({"error": "known"}, status_code=409)
    message = json.dumps({"call": call, "submission": stored["id"]})
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=message)
    return Response(shown(stored), status_code=201, headers={"Location": f"/calls/{call}/thanks/{stored['id']}"})
