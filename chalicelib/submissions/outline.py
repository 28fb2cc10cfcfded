"""A submission in outline: what is counted of it, and nothing that is not. Values only."""

from __future__ import annotations

from msgspec import Struct


class Standing(Struct, frozen=True):
    """What stands in a place: its state, the import that brought it (or nothing), its fingerprint (none if erased)."""

    state: str
    source: str
    fingerprint: str


class Outline(Struct, frozen=True):
    """Times are UTC stamps, `expires_at` is epoch seconds, `answers` is the JSON text as stored."""

    state: str
    submitted_at: str
    confirmed_at: str | None
    decided_at: str | None
    expires_at: int | None
    language: str
    answers: str
