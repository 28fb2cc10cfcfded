"""Put what was measured into docs/performance.md, table and plot: `python -m benchmarks.report` after `make bench`."""

import json
import re
import sys
from html import escape
from pathlib import Path
from typing import Any

from infra.package import PROJECT

RESULTS = Path(__file__).with_name("results.json")
DOCUMENT = PROJECT / "docs" / "performance.md"
PLOT = PROJECT / "docs" / "pictures" / "performance.svg"
_WIDTH, _BAR, _GAP, _LEFT = 720, 18, 12, 270


def main() -> int:
    """Write both."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    marks = re.compile(r"(<!-- measured -->\n).*?(<!-- /measured -->)", re.DOTALL)
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(marks.sub(lambda mark: f"{mark[1]}{_tables(found)}\n{mark[2]}", text), encoding="utf-8")
    PLOT.write_text(_plot(list(found["stacks"].values())), encoding="utf-8")
    print(DOCUMENT, PLOT, sep="\n")
    return 0


def _tables(found: dict[str, Any]) -> str:
    lines = [f"Measured at {found['measured_at']}, Python {found['python']}.", "", "| # | what | measured | goal | |"]
    lines.append("|---|---|---|---|---|")
    lines += [
        f"| {one['number']} | {one['what']} | {one['measured']} | {one['goal']} | {'' if one['met'] else 'not '}met |"
        for one in found["goals"]
    ]
    lines += ["", "| CPU, ms | cold start | with byte code added | warm accept | warm accept, on the wire |"]
    lines.append("|---|---|---|---|---|")
    lines += [
        f"| {one['stack']} | {one['cold_ms']:.0f} | {one['cold_compiled_ms']:.0f} | {one['warm_ms']:.2f} | "
        f"{one['warm_wire_ms']:.2f} |"
        for one in found["stacks"].values()
    ]
    return "\n".join(lines)


def _plot(stacks: list[dict[str, Any]]) -> str:
    parts, top = [], 0
    for title, column, digits in (
        ("Cold start to first 201, CPU ms", "cold_ms", 0),
        ("Warm accept, CPU ms", "warm_wire_ms", 2),
    ):
        longest = max(one[column] for one in stacks)
        top += 28
        parts.append(f'<text x="0" y="{top}" font-weight="bold">{title}</text>')
        for one in sorted(stacks, key=lambda one: float(one[column])):
            top += _BAR + _GAP
            length = (_WIDTH - _LEFT - 70) * one[column] / longest
            fill = "#2a6ebb" if one["stack"] == "Aufruf" else "#8a8f98"
            parts.append(f'<text x="0" y="{top}">{escape(one["stack"])}</text>')
            parts.append(f'<rect x="{_LEFT}" y="{top - 14}" width="{length:.0f}" height="{_BAR}" fill="{fill}"/>')
            parts.append(f'<text x="{_LEFT + length + 6:.0f}" y="{top}">{one[column]:.{digits}f}</text>')
        top += 16
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top + 8}" width="{_WIDTH}" role="img" '
        'font-family="sans-serif" font-size="14" fill="#1b1e23"><title>Cold start and warm accept by stack</title>'
        f'<rect width="{_WIDTH}" height="{top + 8}" fill="#ffffff"/>'
    )
    return head + "".join(parts) + "</svg>\n"


if __name__ == "__main__":
    sys.exit(main())
