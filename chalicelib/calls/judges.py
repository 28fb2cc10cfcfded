"""One judge for each type of field: takes a cleaned, non-empty answer, gives the normalised one or raises `Wrong`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chalicelib.calls.patterns import TEL
from chalicelib.errors import N_

if TYPE_CHECKING:
    from chalicelib.calls.fields import Field

YEARS = (1000, 9999)
_YEAR = re.compile(r"[0-9]{4}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Letters, digits, hyphens (RFC 1123, 2.1), and the underscore that some hosts have all the same.
_HOST = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE
)
# What most addresses look like, and what email-validator gives back as it is; a test holds the two together. Not in it:
# names that are reserved (RFC 6761; email-validator's SPECIAL_USE_DOMAIN_NAMES).
_PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?!.--)(?:[a-z0-9-]*[a-z0-9])?\.)+"
    r"(?!(?:arpa|invalid|local|localhost|onion|test)$)[a-z]{2,20}"
)
_PLAIN_LENGTH = 63  # characters; then no part of it can be too long


class Wrong(Exception):
    """An answer breaks a rule: code for programs, message id and its details for people."""

    def __init__(self, code: str, message: str, **details: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.details = details


def _text(field: Field, given: object) -> str:
    if not isinstance(given, str):
        raise Wrong("wrong-type", N_("Please give a text."))
    longest = field.longest
    if longest is not None and len(given) > longest:
        raise Wrong(
            "too-long",
            N_("Please use at most %(limit)d characters; these are %(length)d."),
            limit=longest,
            length=len(given),
        )
    if field.min_length is not None and len(given) < field.min_length:
        raise Wrong(
            "too-short",
            N_("Please write a little more: at least %(limit)d characters; these are %(length)d."),
            limit=field.min_length,
            length=len(given),
        )
    return given


def _choice(field: Field, given: object) -> str:
    if not isinstance(given, str):
        raise Wrong("wrong-type", N_("Please choose exactly one answer."))
    if all(choice.id != given for choice in field.choices):
        raise Wrong("unknown-choice", N_("Please choose one of the answers of the list."))
    return given


def _choices(field: Field, given: object) -> list[str]:
    # A form post with a single tick is one value, not a list.
    chosen = [given] if isinstance(given, str) else given
    if not isinstance(chosen, list) or not all(isinstance(one, str) for one in chosen):
        raise Wrong("wrong-type", N_("Please give a list of answers."))
    known = [choice.id for choice in field.choices if choice.id in chosen]
    if len(known) < len(set(chosen)):
        raise Wrong("unknown-choice", N_("Please choose only answers of the list."))
    if field.min_choices is not None and len(known) < field.min_choices:
        raise Wrong("too-few", N_("Please choose at least %(limit)d answers."), limit=field.min_choices)
    if field.max_choices is not None and len(known) > field.max_choices:
        raise Wrong("too-many", N_("Please choose at most %(limit)d answers."), limit=field.max_choices)
    return known


def _year(field: Field, given: object) -> int:
    if isinstance(given, str) and _YEAR.fullmatch(given):
        given = int(given)
    if isinstance(given, float) and given.is_integer():
        given = int(given)  # JSON knows no difference between 2015 and 2015.0, nor does JSON Schema
    if not isinstance(given, int) or isinstance(given, bool):
        raise Wrong("not-a-year", N_("Please give a year with four digits, for example 2015."))
    low, high = field.min or YEARS[0], field.max or YEARS[1]
    if not low <= given <= high:
        raise Wrong("out-of-range", N_("Please give a year from %(low)d to %(high)d."), low=low, high=high)
    return given


def _url(field: Field, given: object) -> str:
    url = _text(field, given)
    wrong = Wrong("not-a-url", N_("Please give an internet address such as https://www.example.org."))
    if "://" not in url and not url.lower().startswith(("http:", "https:", "javascript:", "data:", "mailto:", "//")):
        # People type addresses as they read them on posters.
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        host = (
            (parts.hostname or "").encode("idna").decode()
            if not (parts.hostname or "").isascii()
            else parts.hostname or ""
        )
        _ = parts.port
    except (ValueError, UnicodeError):
        raise wrong from None
    if (
        parts.scheme not in {"http", "https"}
        or not _HOST.fullmatch(host)
        or "@" in parts.netloc
        or " " in url
        or "\\" in url
    ):
        raise wrong
    return url


def _email(field: Field, given: object) -> str:
    address = _text(field, given)
    if len(address) <= _PLAIN_LENGTH and _PLAIN_EMAIL.fullmatch(address):
        return address
    # Imported here: only an address that is out of the ordinary needs it, and it is dear to import.
    from email_validator import EmailNotValidError, validate_email

    try:
        # SES takes no non-ASCII local parts (SESv2, SendEmail). No DNS look-up: a form must not hang on a name server.
        checked = validate_email(
            address, allow_smtputf8=False, check_deliverability=False, test_environment=True, strict=True
        )
    except EmailNotValidError:
        raise Wrong("not-an-address", N_("Please give an e-mail address such as name@example.org.")) from None
    # The domain as SES takes it (Punycode), not as it was written.
    return checked.ascii_email or checked.normalized


def _tel(field: Field, given: object) -> str:
    number = _text(field, given)
    if not re.search(TEL, number):
        raise Wrong("not-a-number", N_("Please give a telephone number such as 0231 123456 or +49 231 123456."))
    return number


def _date(_field: Field, given: object) -> str:
    if isinstance(given, str) and _DATE.fullmatch(given):
        try:
            return date.fromisoformat(given).isoformat()
        except ValueError:
            pass
    raise Wrong("not-a-date", N_("Please give a day as year-month-day, for example 2017-09-14."))


def _consent(_field: Field, given: object) -> bool:
    # Form posts say `on`, `true` or `1` (design document "Interfaces", *Form posts*); JSON says true.
    if given is True or (isinstance(given, str) and given in {"on", "true", "1"}):
        return True
    raise Wrong("wrong-type", N_("Please tick the box or leave it empty."))


JUDGES: dict[str, Callable[[Field, object], str | int | bool | list[str]]] = {
    "text": _text,
    "textarea": _text,
    "place": _text,
    "choice": _choice,
    "choices": _choices,
    "year": _year,
    "url": _url,
    "email": _email,
    "tel": _tel,
    "date": _date,
    "consent": _consent,
}
