"""All checks, one after the other: what each found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from infra.doctor import data, outside, work
from infra.doctor.place import Finding, NotHere, Place

Check = Callable[[Place], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found, in words: nothing where all is well, `not_here` where there is nothing to look at."""

    title: str
    findings: list[Finding]
    not_here: str = ""


def examine(place: Place, *, folder: Path) -> Iterator[Result]:
    """Look at everything; `folder` is the local stack's. A check that may not look says so as a finding."""
    checks: list[tuple[str, Check]] = [
        ("CloudFormation has finished", outside.state),
        ("the app answers", outside.application),
        ("the address in mails leads to it", outside.public_address),
        ("tables can be restored, expire, feed the relay", data.tables),
        ("the bucket is private and cleans up", data.bucket),
        ("the keys are there", data.keys),
        ("functions may run and know their settings", work.functions),
        ("streams, queues and schedules start them", work.triggers),
        ("what fails is put aside, and nothing lies there", work.queues),
        ("logs end", work.logs),
        ("alarms are heard, and none rings", outside.alarms),
        ("mails leave, and their fate comes back", outside.mail),
        ("a call is published", data.calls),
        ("there is room on the disk", partial(outside.machine, folder=folder)),
    ]
    for title, check in checks:
        try:
            yield Result(title, list(check(place)))
        except NotHere as reason:
            yield Result(title, [], not_here=str(reason))
        except (ClientError, BotoCoreError) as error:
            mend = "credentials that may read this stack, in AWS_PROFILE; and try again when AWS is slow"
            yield Result(title, [Finding(title, f"could not be looked at: {error}", mend)])
