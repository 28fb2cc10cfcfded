"""Puts what becomes of each mail on the application's feedback queue, as SES does through its topic."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.fates import envelope, fate
from infra.local.mailbox import Mail
from infra.local.stack import LocalStack

_BATCH = 10  # SendMessageBatch takes no more
_AGAIN_SECONDS = 1.0


class Feedback:
    """Mails go in, their events come out at the queue, soon and in batches. A queue that is not there is waited for."""

    def __init__(self, stack: Callable[[], LocalStack | None]) -> None:
        self._stack = stack
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._client: tuple[str, Any] | None = None

    async def accepted(self, mail: Mail) -> None:
        """Take a mail that SES has accepted."""
        for event in fate(mail):
            self._waiting.put_nowait(envelope(event))

    async def run(self) -> None:
        """Send on what waits, until cancelled."""
        while True:
            bodies = [await self._waiting.get()]
            while len(bodies) < _BATCH and not self._waiting.empty():
                bodies.append(self._waiting.get_nowait())
            while not await asyncio.to_thread(self._send, bodies):  # noqa: ASYNC110 - the emulator has no event
                await asyncio.sleep(_AGAIN_SECONDS)

    @contextlib.asynccontextmanager
    async def running(self) -> Any:
        """Run while the block does."""
        task = asyncio.create_task(self.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _send(self, bodies: list[str]) -> bool:
        stack = self._stack()
        if stack is None:
            return False
        if self._client is None or self._client[0] != stack.endpoint:
            self._client = (stack.endpoint, stack.client("sqs", timeout=10.0))
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        try:
            answer = self._client[1].send_message_batch(QueueUrl=stack.outputs["FeedbackQueueUrl"], Entries=entries)
        except (BotoCoreError, ClientError):
            return False
        return not answer.get("Failed")
