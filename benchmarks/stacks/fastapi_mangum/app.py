"""FastAPI behind Mangum, and boto3."""

import json
import os
from typing import Annotated, Any

import boto3
from botocore.exceptions import ClientError
from fastapi import FastAPI, Header
from fastapi.responses import JSONResponse
from form import check, record, shown
from mangum import Mangum
from pydantic import BaseModel

api = FastAPI()
table = boto3.resource("dynamodb").Table("submissions")
sqs = boto3.client("sqs")


class Posted(BaseModel):
    answers: dict[str, Any]


@api.post("/calls/{call}/submissions")
def submit(call: str, posted: Posted, idempotency_key: Annotated[str, Header()]):
    errors = check(posted.answers)
    if errors:
        return JSONResponse({"errors": errors}, 422)
    stored = record(posted.answers, idempotency_key)
    try:
        table.put_item(Item=stored, ConditionExpression="attribute_not_exists(id)")
    except ClientError:
        return JSONResponse({"error": "known"}, 409)
    message = json.dumps({"call": call, "submission": stored["id"]})
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=message)
    return JSONResponse(shown(stored), 201, headers={"Location": f"/calls/{call}/thanks/{stored['id']}"})


app = Mangum(api, lifespan="off")
