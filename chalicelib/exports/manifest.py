"""`manifest.json`: what is in an export, and what to check it against. Values only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.exports.balance import Balance
    from chalicelib.exports.checkpoint import Checkpoint
    from chalicelib.exports.export import Export, ExportFile

MANIFEST_SCHEMA = "manifest-1.json"


def manifest(
    export: Export,
    checkpoint: Checkpoint,
    balance: Balance,
    files: Sequence[ExportFile],
    *,
    base: str,
    finished_at: str,
) -> dict[str, Any]:
    """The document; `base` is the app's public address."""
    tally = checkpoint.tally
    return {
        "$schema": f"{base}/schemas/{MANIFEST_SCHEMA}",
        "call": export.call,
        "export_id": export.export_id,
        "snapshot_at": export.snapshot_at,
        "finished_at": finished_at,
        "form_version": export.form_version,
        "counts": tally.counts,
        "balance": balance.document(),
        "files": [msgspec.to_builtins(one) for one in files],
        "removed": sorted(tally.removed),
        "withdrawn": sorted(tally.withdrawn),
    }
