"""The organisers' pages on exports: what there is, how far one is, its files and its balance in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.access.pages import organiser_page
from chalicelib.errors import N_
from chalicelib.exports.copies import CAUSES, copies_of
from chalicelib.exports.file_kinds import FILES, known
from chalicelib.exports.table import ended
from chalicelib.runtime.clock import moment
from chalicelib.web.languages import format_moment, translate
from chalicelib.web.reply import FORM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.access.roles import Person
    from chalicelib.calls.call import Call
    from chalicelib.exports.export import Export
    from chalicelib.web.reply import Reply
    from chalicelib.web.request import Request

STATE_WORDS = {
    "queued": N_("waiting for its turn"),
    "building": N_("being made"),
    "ready": N_("ready"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
    "deleted": N_("deleted"),
}
_ENDED = {
    "failed": N_("This export failed. Please start another one; operators were told."),
    "cancelled": N_("This export was cancelled."),
    "deleted": N_("The files of this export were deleted, because a report in it was erased or withdrawn later on."),
}
_SO_FAR = N_("%(read)s reports read, %(written)s written")
_ADDS_UP = N_("The balance adds up: %(received)s reports were received, all are stored and in the files.")
_ADDS_UP_NOT = N_(
    "The balance does not add up: %(received)s reports were received, %(stored)s are stored, %(exported)s are in the "
    "files. Operators were told."
)
_MAILS = N_(
    "E-mails: of %(owed)s that were due %(sent)s were sent, %(failed)s failed, %(suppressed)s go to addresses that "
    "take none from us, %(waiting)s are waiting."
)
_COPIED = N_("The city's own bucket got its last copy on %(moment)s.")
_NOT_COPIED = N_("The copy for the city's own bucket has been failing since %(moment)s.")
_NO_COPY_YET = N_("The city's own bucket gets its first copy with the next export of a night.")
_LOOK_AGAIN = {"Refresh": "3"}  # seconds; works without JavaScript
_KILO = 1000


def exports_page(request: Request, person: Person, call: Call, exports: Sequence[Export]) -> Reply:
    """The newest exports, and a button for another one."""
    running = any(not ended(one) for one in exports)
    return organiser_page(
        request,
        person,
        "exports/exports.html",
        call=call,
        section="exports",
        headers=FORM | (_LOOK_AGAIN if running else {}),
        exports=[_row(one, call, request.language) for one in exports],
        copies=_copies(exports, call, request.language),
    )


def export_page(request: Request, person: Person, call: Call, export: Export) -> Reply:
    """One export: its progress while it is made, then its files."""
    language, running, summary = request.language, not ended(export), export.summary
    done = export.progress
    numbers: dict[str, str | int] = {"read": done.read, "written": done.written}
    said = translate(language, _SO_FAR, numbers) if done.read else translate(language, STATE_WORDS[_state(export)])
    return organiser_page(
        request,
        person,
        "exports/export.html",
        call=call,
        section="exports",
        headers=FORM | (_LOOK_AGAIN if running else {}),
        export=_row(export, call, language),
        running=running,
        progress=said,
        # Reading is one half, writing the other.
        done=done.shards_done * max(done.read, 1) + done.written * max(done.shards, 1),
        most=max(2 * done.shards * done.read, 1),
        files=_files(export, language) if export.available and summary else [],
        balance=_balance(export, language),
        adds_up=summary is not None and not summary.differences,
        mails=_mails(export, language),
        failed=export.state == "failed",
        ended=translate(language, _ENDED.get(_state(export), "")),
    )


def _copies(exports: Sequence[Export], call: Call, language: str) -> dict[str, str] | None:
    """What became of the copies for the city, for a call that has them made."""
    if call.exports.push is None:
        return None
    found = copies_of(exports)

    def said(message: str, at: str | None) -> str:
        return (
            translate(language, message, {"moment": format_moment(moment(at), language, call.time_zone)}) if at else ""
        )

    done = said(_COPIED, found.done_at)
    failing = said(_NOT_COPIED, found.failing_since)
    return {
        "done": done if done or failing else translate(language, _NO_COPY_YET),
        "failing": failing,
        "cause": translate(language, CAUSES.get(found.cause, "")),
    }


def _state(export: Export) -> str:
    return "deleted" if export.deleted_at and export.state == "ready" else export.state


def _row(export: Export, call: Call, language: str) -> dict[str, Any]:
    held = sum(export.summary.counts.values()) if export.summary else export.progress.written
    return {
        "id": export.export_id,
        "when": format_moment(moment(export.snapshot_at), language, call.time_zone),
        "state": translate(language, STATE_WORDS[_state(export)]),
        "count": held,
        "who": export.requested_by,
        "unchanged": format_moment(moment(export.unchanged_at), language, call.time_zone)
        if export.unchanged_at
        else "",
    }


def _files(export: Export, language: str) -> list[dict[str, Any]]:
    """In the order of what people ask for most."""
    found = {one.name: one for one in export.summary.files} if export.summary else {}
    order = list(FILES)
    names = sorted([*found, "manifest.json"], key=lambda name: order.index(name) if name in order else len(order))
    return [
        {
            "name": name,
            "purpose": translate(language, known(name).purpose),
            "size": size_in_words(found[name].size) if name in found else "",
            "sha256": found[name].sha256 if name in found else "",
        }
        for name in names
    ]


def size_in_words(size: int) -> str:
    """A number of bytes as people read it, in powers of 1000."""
    value, units = float(size), iter(("B", "kB", "MB", "GB"))
    unit = next(units)
    while value >= _KILO and unit != "GB":
        value, unit = value / _KILO, next(units)
    return f"{value:.0f} {unit}"


def _balance(export: Export, language: str) -> str:
    summary = export.summary
    if summary is None:
        return ""
    numbers: dict[str, str | int] = {
        "received": summary.received,
        "stored": sum(summary.counts.values()),
        "exported": summary.exported,
    }
    return translate(language, _ADDS_UP_NOT if summary.differences else _ADDS_UP, numbers)


def _mails(export: Export, language: str) -> str:
    counts: dict[str, str | int] = dict(export.summary.mails) if export.summary else {}
    wanted = ("owed", "sent", "failed", "suppressed", "waiting")
    numbers = {name: counts.get(name, 0) for name in wanted}
    return translate(language, _MAILS, numbers)
