"""What became of the copies for the city, over several exports, and in words. Values only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from chalicelib.errors import N_

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chalicelib.exports.export import Export

CAUSES = {
    "refused": N_("The bucket does not let us write. An operator and the owner of the bucket have to allow it."),
    "no-bucket": N_("There is no bucket of the name that the call says."),
    "unreachable": N_("The storage did not answer. It is tried again by itself."),
    "other": N_("The storage refused the copy. Operators find the reason in their log."),
}


class Copies(Struct, frozen=True):
    """`done_at`: when the last one was made; `failing_since`: when the first one failed after that, and `cause`, one
    of `CAUSES`, why the last one did. Stamps, or `None`.
    """

    done_at: str | None = None
    failing_since: str | None = None
    cause: str = ""


def copies_of(exports: Iterable[Export]) -> Copies:
    """What became of them; `exports` come newest first."""
    failing_since, cause = None, ""
    for one in exports:
        if one.pushed_at:
            return Copies(one.pushed_at, failing_since, cause)
        if one.push_fails_since:
            failing_since, cause = one.push_fails_since, cause or one.push_cause
    return Copies(None, failing_since, cause)
