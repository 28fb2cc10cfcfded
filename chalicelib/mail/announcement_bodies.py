"""What is posted about an announcement, as JSON or as a form: the same flat members in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from chalicelib.announcements.announcement import Audience, Text, filters, judge_audience, judge_texts
from chalicelib.web.bodies import read_members

if TYPE_CHECKING:
    from chalicelib.calls.call import Call

_TRUE = {True, "on", "true", "1"}


class PostedAnnouncement(Struct, frozen=True):
    """An announcement as written; `edition` is the one that its writer looked at, if they say so."""

    texts: dict[str, Text]
    audience: Audience
    with_event: bool
    edition: int | None


def read_raw(call: Call, content_type: str, body: bytes) -> dict[str, Any]:
    """The members as they were sent: `subject_de`, `body_de`, …, `invited`, `states`, `answer_<field>`, `with_event`,
    `edition`. Raises as `read_members` does.
    """
    names = [f"{name}_{language}" for language in call.languages for name in ("subject", "body")]
    names += [f"answer_{one.id}" for one in filters(call)]
    return read_members(content_type, body, *names, "invited", "states", "with_event", "edition")


def judge_announcement(call: Call, given: dict[str, Any]) -> PostedAnnouncement:
    """The announcement. Raises `AnswersInvalid`."""
    texts = judge_texts(call, {one: (given.get(f"subject_{one}"), given.get(f"body_{one}")) for one in call.languages})
    audience = judge_audience(
        call,
        invited=_yes(given.get("invited")),
        states=_list(given.get("states")),
        answers={one.id: _list(given.get(f"answer_{one.id}")) for one in filters(call)},
    )
    edition = str(given.get("edition", ""))
    return PostedAnnouncement(
        texts=texts,
        audience=audience,
        with_event=_yes(given.get("with_event")),
        edition=int(edition) if edition.isascii() and edition.isdigit() and len(edition) < 10 else None,  # noqa: PLR2004 - a sane number
    )


def _yes(given: object) -> bool:
    return isinstance(given, str | bool) and given in _TRUE


def _list(given: object) -> list[str]:
    if given is None or given == "":
        return []
    return [str(one) for one in given] if isinstance(given, list) else [str(given)]
