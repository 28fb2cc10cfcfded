"""A few words for a browser, by which people tell their devices apart: `Firefox, Windows`. Nothing finer is kept."""

from __future__ import annotations

# In this order: browsers name those that they descend from.
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """The words for a `User-Agent`; empty for what we do not know."""
    found = [next((words for part, words in known if part in user_agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return ", ".join(words for words in found if words)
