"""Flask behind serverless-wsgi, and boto3."""

import json
import os

import boto3
import serverless_wsgi
from botocore.exceptions import ClientError
from flask import Flask, jsonify, request
from form import check, record, shown

wsgi = Flask("app")
table = boto3.resource("dynamodb").Table("submissions")
sqs = boto3.client("sqs")


@wsgi.post("/calls/<call>/submissions")
def submit(call):
    answers = request.get_json()["answers"]
    errors = check(answers)
    if errors:
        return jsonify(errors=errors), 422
    stored = record(answers, request.headers["Idempotency-Key"])
    try:
        table.put_item(Item=stored, ConditionExpression="attribute_not_exists(id)")
    except ClientError:
        return jsonify(error="known"), 409
    message = json.dumps({"call": call, "submission": stored["id"]})
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=message)
    return jsonify(shown(stored)), 201, {"Location": f"/calls/{call}/thanks/{stored['id']}"}


def app(event, context):
    return serverless_wsgi.handle_request(wsgi, event, context)
