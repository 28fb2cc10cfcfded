"""What becomes of a mail on a laptop, told as SES tells it."""

import pytest

from chalicelib.mail.events import read_event
from infra.local.fates import envelope, fate
from infra.local.mailbox import Mail


def mail(to: str) -> Mail:
    tags = {"call": "small-call", "submission": "K7Q49XMD2RTB", "kind": "confirm", "round": "1"}
    return Mail(id="m-1", to=to, sender="a@example.org", subject="", text="", html="",
                sent_at="2026-05-04T12:00:00.000Z", tags=tags)  # fmt: skip


@pytest.mark.parametrize(
    ("to", "kinds"),
    [
        ("zoe@example.org", ["send", "delivery"]),
        ("bounce@example.org", ["send", "delivery"]),
        ("success@simulator.amazonses.com", ["send", "delivery"]),
        ("bounce@simulator.amazonses.com", ["send", "bounce"]),
        ("Bounce+Label@Simulator.AmazonSES.com", ["send", "bounce"]),
        ("suppressionlist@simulator.amazonses.com", ["send", "bounce"]),
        ("complaint+1@simulator.amazonses.com", ["send", "delivery", "complaint"]),
        ("ooto@simulator.amazonses.com", ["send", "delivery", "transient-bounce"]),
    ],
)
def test_the_addresses_of_ses_simulator_behave_as_they_do_there(to: str, kinds: list[str]) -> None:
    import json

    told = [read_event(json.loads(envelope(event))) for event in fate(mail(to))]
    assert [one.event.kind for one in told if one is not None] == kinds
    assert {one.submission_id for one in told if one is not None} == {"K7Q49XMD2RTB"}
