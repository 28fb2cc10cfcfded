"""What may come of handing over a mail, but "sent": the worker treats each differently, so each is its own error."""


class Throttled(Exception):
    """It surely was not sent: we are too fast."""


class Refused(Exception):
    """It surely was not sent; `cause` is the other side's code for why."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Unknown(Exception):
    """No answer: it may have been sent."""
