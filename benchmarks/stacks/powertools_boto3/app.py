"""AWS Lambda Powertools' resolver and boto3."""

import json
import os

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from botocore.exceptions import ClientError
from form import check, record, shown

resolver = APIGatewayRestResolver()
table = boto3.resource("dynamodb").Table("submissions")
sqs = boto3.client("sqs")


@resolver.post("/calls/<call>/submissions")
def submit(call):
    answers = resolver.current_event.json_body["answers"]
    errors = check(answers)
    if errors:
        return Response(422, "application/json", json.dumps({"errors": errors}))
    stored = record(answers, resolver.current_event.headers["idempotency-key"])
    try:
        table.put_item(Item=stored, ConditionExpression="attribute_not_exists(id)")
    except ClientError:
        return Response(409, "application/json", json.dumps({"error": "known"}))
    message = json.dumps({"call": call, "submission": stored["id"]})
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=message)
    headers = {"Location": f"/calls/{call}/thanks/{stored['id']}"}
    return Response(201, "application/json", json.dumps(shown(stored)), headers=headers)


def app(event, context):
    return resolver.resolve(event, context)
