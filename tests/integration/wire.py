"""A world for thousands of mails: tables, queue and SES in memory, and what is handed to the workers one by one.

moto takes milliseconds for each call, and ten thousand mails make a hundred thousand. Counters stay on moto.
"""

import json
from collections import Counter, deque
from typing import Any

import app
from chalicelib.runtime.settings import settings
from tests.aws import Crash
from tests.fast import FastTables
from tests.integration.world import CONTEXT, World


class Wire:
    """What the app meets in place of AWS: tables, queue and SES in memory, for all that ten thousand mails ask."""

    def __init__(self, world: World) -> None:
        names = settings()
        keys = {
            names.submissions_table: ("call_shard", "id"),
            names.mails_table: ("submission_id", "kind"),
            names.announcements_table: ("call", "id"),
            names.subscribers_table: ("address", "announcement"),
            names.suppressions_table: ("address",),
        }
        self.tables = FastTables(keys, world.border.aws)
        self.waiting: deque[str] = deque()
        self.sent: Counter[str] = Counter()
        self.events: list[dict[str, Any]] = []
        self._world = world
        self._relayed: set[tuple[str, ...]] = set()
        world.border.aws = self

    def __call__(self, client: Any, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "SendEmail":
            [to] = asked["Destination"]["ToAddresses"]
            self.sent[to] += 1
            self.events.append({one["Name"]: [one["Value"]] for one in asked["EmailTags"]})
            return {"MessageId": f"m-{self.sent.total()}"}
        if operation == "SendMessageBatch" and asked["QueueUrl"] == settings().mail_queue_url:
            self.waiting.extend(one["MessageBody"] for one in asked["Entries"])
            return {}
        if operation == "SendMessage" and asked["QueueUrl"] == settings().mail_queue_url:
            self.waiting.append(asked["MessageBody"])
            return {}
        return self.tables(client, operation, asked)

    def work(self, batches: int) -> int:
        """Let the worker have so many batches, as SQS hands them out; how often it died over one, which comes back."""
        died = 0
        for _ in range(batches):
            bodies = [self.waiting.popleft() for _ in range(min(10, len(self.waiting)))]
            records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
            try:
                answer = app.mail_worker({"Records": records}, CONTEXT)
                kept = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
                self.waiting.extend(one["body"] for one in records if one["messageId"] in kept)
            except Crash:
                died += 1
                self.waiting.extend(bodies)
                self.tell_what_was_sent()
            self._world.border.forget()
        return died

    def relay(self) -> None:
        """Hand what came in since the last time to the relay, as the stream does."""
        found = self.tables.items[settings().submissions_table].items()
        images = [image for key, image in found if key not in self._relayed]
        self._relayed |= {key for key, _ in found}
        records = [
            {"eventName": "INSERT", "dynamodb": {"NewImage": image, "SequenceNumber": str(number)}}
            for number, image in enumerate(images)
        ]
        assert app.relay({"Records": records}, CONTEXT) == {"batchItemFailures": []}

    def tell_what_was_sent(self) -> None:
        """SES's `Send` events for the last mails; nobody dies over those."""
        faults, self._world.border.faults = self._world.border.faults, []
        for tags in self.events[-20:]:
            mail = {"messageId": "m", "timestamp": "2026-05-04T12:00:00.000Z", "tags": tags}
            body = json.dumps({"eventType": "Send", "mail": mail, "send": {}})
            app.feedback_worker({"Records": [{"messageId": "1", "body": body}]}, CONTEXT)
        self._world.border.faults = faults

    def let_leases_run_out(self) -> None:
        """Time passes over what died."""
        for key, item in self.tables.items[settings().mails_table].items():
            if item["state"]["S"] == "claimed":
                self.tables.items[settings().mails_table][key] = item | {"lease_until": {"N": "0"}}
