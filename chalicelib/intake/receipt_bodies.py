"""What is posted to a receipt: a change of the answers, or a few members."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.errors import N_, FieldError, Refusal
from chalicelib.intake.bodies import read_body
from chalicelib.web.bodies import BodyUnreadable, parse_json, read_members

_FORM_VERSION = "_version"


class EraseUnconfirmed(Refusal):
    """Nobody said that it is meant."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "confirm-needed"
    title: ClassVar[str] = N_("Please tick the box first.")
    message: ClassVar[str] = N_("What is erased cannot be brought back. Nothing has been erased yet.")


class PostedChange(Struct, frozen=True):
    """Other answers, and the version of the report that they are meant for, if that was said."""

    answers: dict[str, Any]
    version: int | None


def read_change(content_type: str, body: bytes) -> PostedChange:
    """`{answers, version?}` as JSON, or fields and `_version` as a form.

    Raises as `read_body` does, and `AnswersInvalid` for what stands beside them.
    """
    posted = read_body(content_type, body)
    answers = dict(posted.answers)
    version = answers.pop(_FORM_VERSION, None) if not _is_json(content_type) else None
    unknown = set(posted.unknown)
    if "version" in unknown:
        unknown.remove("version")
        version = parse_json(body)["version"]
    if unknown:
        raise AnswersInvalid(errors=[_unknown(name) for name in sorted(unknown)])
    return PostedChange(answers=answers, version=_version(version))


def check_erasure(content_type: str, body: bytes) -> None:
    """`{"confirm": true}` or the ticked box of the form. Raises as `read_members` does, `EraseUnconfirmed`."""
    given = read_members(content_type, body, "confirm").get("confirm")
    if given is not True and not (isinstance(given, str) and given in {"on", "true", "1"}):
        words = N_("Please tick this box if you want the report to be erased.")
        raise EraseUnconfirmed(errors=[FieldError("confirm", "required", words)])


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"


def _unknown(name: str) -> FieldError:
    return FieldError(name, "unknown-field", N_("There is no such field here."))


def _version(given: object) -> int | None:
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 10:  # noqa: PLR2004 - a sane number
        return int(given)
    if given is None or (isinstance(given, int) and not isinstance(given, bool)):
        return given
    raise BodyUnreadable(N_("The version must be a whole number."))
