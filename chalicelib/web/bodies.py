"""Bodies: JSON, urlencoded and multipart become the same plain values, or are refused by name.

Size first, then media type, then form: nothing is parsed that could be refused unread (OWASP ASVS 5.0, 1.5 and 4.3).
"""

from __future__ import annotations

import json
import re
from email.message import Message
from typing import Any, ClassVar, NoReturn
from urllib.parse import unquote_to_bytes

from chalicelib.calls.answers import AnswersInvalid
from chalicelib.errors import N_, FieldError, Refusal

MOST_BYTES = 65_536
MOST_DEPTH = 8
MOST_FIELDS = 500
# What browsers add by themselves (HTML, "constructing the entry list").
_BROWSERS_OWN = {"_charset_"}
_SURROGATE = re.compile("[\ud800-\udfff]")
# A string of JSON, to the end of the text where it is not closed; takes no step back.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


class BodyTooLarge(Refusal):
    """More than `MOST_BYTES`."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "body-too-large"
    title: ClassVar[str] = N_("This is too long to send.")
    message: ClassVar[str] = N_("All answers together may take 64 KiB. Please shorten the longest ones.")


class MediaTypeUnknown(Refusal):
    """A media type (or a character set) that no reader is there for."""

    status: ClassVar[int] = 415
    code: ClassVar[str] = "media-type-unknown"
    title: ClassVar[str] = N_("This kind of content cannot be read here.")
    message: ClassVar[str] = N_("Send application/json, application/x-www-form-urlencoded or multipart/form-data.")


class BodyUnreadable(Refusal):
    """The body is not what its media type says."""

    code: ClassVar[str] = "body-unreadable"
    title: ClassVar[str] = N_("The content could not be read.")
    message: ClassVar[str] = N_("It is not what its Content-Type says.")


def media_type(content_type: str, body: bytes) -> tuple[str, str]:
    """The media type of a body and its boundary, if it has one.

    Raises `BodyTooLarge`, and `MediaTypeUnknown` for another character set than UTF-8.
    """
    if len(body) > MOST_BYTES:
        raise BodyTooLarge
    if content_type == "application/json":  # what programs send, and reading it as a header costs a little
        return content_type, ""
    return read_header(content_type)


def read_header(content_type: str) -> tuple[str, str]:
    """The media type that a `Content-Type` names and its boundary, if it has one.

    Raises `MediaTypeUnknown` for another character set than UTF-8.
    """
    if _SURROGATE.search(content_type):
        raise MediaTypeUnknown
    header = Message()
    header["Content-Type"] = content_type
    kind = header.get_content_type() if content_type.strip() else ""
    charset = str(header.get_param("charset", "utf-8")).lower().replace("_", "-")
    if charset not in {"utf-8", "utf8", "us-ascii", "ascii"}:
        raise MediaTypeUnknown
    return kind, str(header.get_param("boundary", ""))


def read_pairs(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """The fields of a form, urlencoded or multipart, in their order.

    Raises `BodyTooLarge`, `MediaTypeUnknown`, `BodyUnreadable`.
    """
    kind, boundary = media_type(content_type, body)
    if kind == "application/x-www-form-urlencoded":
        pairs = _urlencoded(body)
    elif kind == "multipart/form-data":
        pairs = _multipart(body, boundary)
    else:
        raise MediaTypeUnknown
    return [(name, value) for name, value in pairs if name not in _BROWSERS_OWN]


def read_members(content_type: str, body: bytes, *known: str) -> dict[str, Any]:
    """The members of a small JSON object or form (a field that is there several times as a list); an empty body has
    none.

    Raises `BodyTooLarge`, `MediaTypeUnknown`, `BodyUnreadable`, and `AnswersInvalid` for a member that is not `known`.
    """
    if not body:
        return {}
    members: Any
    if media_type(content_type, body)[0] == "application/json":
        members = parse_json(body)
    else:
        members = gathered(read_pairs(content_type, body))
    if not isinstance(members, dict):
        raise BodyUnreadable(N_("A JSON object was expected."))
    unknown = sorted(members.keys() - set(known))
    if unknown:
        raise AnswersInvalid(
            errors=[FieldError(name, "unknown-field", N_("There is no such field here.")) for name in unknown]
        )
    return members


def gathered(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The values by name; of a name that is there several times, a list."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        else:
            before = found[name]
            found[name] = [*before, value] if isinstance(before, list) else [before, value]
    return found


def _unreadable(message: str) -> NoReturn:
    raise BodyUnreadable(message)


def parse_json(body: bytes) -> Any:
    """JSON as RFC 8259 has it: no NaN, no duplicate keys, no lone surrogates, no NUL, not too deep.

    Raises `BodyUnreadable`.
    """
    text = _text(body.removeprefix(b"\xef\xbb\xbf"))
    _check_depth(text)
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise BodyUnreadable(N_("This is no valid JSON.")) from error
    if "\\u" in text:
        # Only such an escape can bring in what the text itself, being UTF-8 without NUL, does not hold.
        _check_texts(document)
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        _unreadable(N_("A member of an object is there twice."))
    if len(document) > MOST_FIELDS:
        _unreadable(N_("An object has too many members."))
    return document


def _constant(_name: str) -> NoReturn:
    _unreadable(N_("NaN and Infinity are not JSON."))


def _check_depth(text: str) -> None:
    """Refuse what json.loads would follow down level by level; only brackets outside strings count."""
    if text.count("[") + text.count("{") <= MOST_DEPTH:  # most bodies: so few, wherever they stand
        return
    depth = deepest = 0
    for bracket in _STRING.sub("", text):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    if deepest > MOST_DEPTH:
        _unreadable(N_("The content is too deeply nested."))


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            _unreadable(N_("A text holds the character NUL."))
        if _SURROGATE.search(value):
            _unreadable(N_("A text holds half of a character (a lone surrogate)."))
    elif isinstance(value, list):
        for one in value:
            _check_texts(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            _check_texts(name)
            _check_texts(one)


def _text(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyUnreadable(N_("The content is not in UTF-8.")) from error
    if "\0" in text:
        _unreadable(N_("A text holds the character NUL."))
    return text


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    parts = [part for part in body.split(b"&") if part]
    if len(parts) > MOST_FIELDS:
        _unreadable(N_("There are too many fields."))
    pairs = []
    for part in parts:
        name, _, value = part.replace(b"+", b" ").partition(b"=")
        # urllib's parse_qsl would replace or keep broken UTF-8; here it is an error like any other.
        pairs.append((_text(unquote_to_bytes(name)), _text(unquote_to_bytes(value))))
    return pairs


def _multipart(body: bytes, boundary: str) -> list[tuple[str, str]]:
    # Imported here: most posts are not multipart.
    from io import BytesIO

    from multipart import MultipartError, MultipartParser

    if not boundary or not boundary.isascii():
        _unreadable(N_("The multipart boundary is missing."))
    pairs = []
    try:
        parser = MultipartParser(
            BytesIO(body), boundary, len(body), strict=True, part_limit=MOST_FIELDS, memory_limit=MOST_BYTES
        )
        for part in parser:
            if part.filename or (part.filename is not None and part.size):
                _unreadable(N_("A file was attached; this form takes texts only."))
            if part.filename is None:  # an empty file input says filename="" and nothing else
                pairs.append((_text((part.name or "").encode()), _text(part.raw)))
    except (MultipartError, LookupError, UnicodeError) as error:
        raise BodyUnreadable(N_("This is no valid multipart content.")) from error
    return pairs
