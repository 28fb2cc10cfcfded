"""The form of the call and the checks that hold answers against it, as plain as they can be."""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

FIELDS = json.loads(Path(__file__).with_name("form.json").read_text(encoding="utf-8"))
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://[^\s]+")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def check(answers):
    """Errors by field, none when the answers are good."""
    errors = {name: "unknown" for name in answers if name not in FIELDS}
    for name, field in FIELDS.items():
        answer = answers.get(name)
        if answer is None or answer in ("", []):
            if field["required"]:
                errors[name] = "required"
            continue
        kind = field["type"]
        if kind in ("text", "textarea", "email", "url"):
            if not isinstance(answer, str):
                errors[name] = "text"
            elif not field["min_length"] <= len(answer.strip()) <= field["max_length"]:
                errors[name] = "length"
            elif (kind == "email" and not _EMAIL.fullmatch(answer)) or (kind == "url" and not _URL.fullmatch(answer)):
                errors[name] = kind
        elif kind == "choice":
            if answer not in field["choices"]:
                errors[name] = "choice"
        elif kind == "choices":
            if not isinstance(answer, list) or any(one not in field["choices"] for one in answer):
                errors[name] = "choices"
        elif kind == "year":
            if not isinstance(answer, int) or not field["min"] <= answer <= field["max"]:
                errors[name] = "year"
        elif not isinstance(answer, bool):
            errors[name] = "consent"
    return errors


def identity(key):
    """A reference that the same key gives again."""
    bits = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    return "".join(_LETTERS[bits >> shift & 31] for shift in range(0, 60, 5))


def record(answers, key):
    """What is stored of a submission: plain values."""
    text = json.dumps(answers, sort_keys=True, ensure_ascii=False)
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    reference = identity(key)
    return {
        "pk": "kosi-lab-dortmund",
        "id": reference,
        "state": "received",
        "answers": text,
        "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
        "submitted_at": at,
        "changed_at": at,
        "language": "de",
        "version": 1,
    }


def shown(stored):
    """The answer to who sent it."""
    return {
        "reference": stored["id"],
        "state": "received",
        "call": stored["pk"],
        "submitted_at": stored["submitted_at"],
    }
