"""What a text may look like, as regular expressions that JSON Schema and Python read alike (ECMA 262's syntax).

They say no more than the judges do: a text that fits its pattern is never refused for its form.
"""

from __future__ import annotations

# Unicode's White_Space; what is refused in any text; what a text of several lines may not hold among its words.
_SPACE = r"\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_REFUSED = r"\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069"
_LINE_FEEDS = r"\v\f"

BLANK = f"^[{_SPACE}]*$"
DATE = "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
TEL = r"^\+?[0-9](?: ?[0-9()/.-]){3,}$"

# A label of a host name. Beside ASCII, the letters of Latin-1, and few of them: 63 octets for a label and 254 for an
# address are the limits of what they become (RFC 5891, 4.2.4). No hyphens in third and fourth place (4.2.3.1): what
# follows `xn--` is not ours to read.
_LABEL = r"[a-zA-Z0-9](?!.--)(?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_WIDE_LABEL = r"[a-zA-Z0-9à-öø-ÿ](?!.--)(?:[a-zA-Z0-9à-öø-ÿ-]{0,16}[a-zA-Z0-9à-öø-ÿ])?"
_HOST = rf"(?:(?:{_LABEL}\.)+|(?:{_WIDE_LABEL}\.){{1,3}})[a-zA-Z]{{2,40}}"
_PORT = r":(?:[0-9]{0,4}|[1-5][0-9]{4}|6[0-4][0-9]{3})"
URL = (
    rf"^(?:[hH][tT][tT][pP][sS]?://)?(?![^:/?#]{{254}}){_HOST}(?:{_PORT})?"
    rf"(?:[/?#][^\\{_SPACE}{_REFUSED}]*)?$"
)
# RFC 5321, 4.5.3.1.1: 64 octets before the @.
_ATOM = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
EMAIL = rf"^(?![^@]{{65}}){_ATOM}(?:\.{_ATOM})*@{_HOST}$"


def text_pattern(least: int, *, several_lines: bool) -> str:
    """A text of at least `least` characters as we count them: without the edges, and where it is a single line, with
    each run of white space as one character.
    """
    word = f"[^{_SPACE}{_REFUSED}]"
    edge = f"[{_SPACE}]*"
    inside = f"[^{_REFUSED}{_LINE_FEEDS}]" if several_lines else f"[^{_REFUSED}]"
    if least == 1:
        return f"^{edge}{word}(?:{inside}*{word})?{edge}$"
    if several_lines:
        return f"^{edge}{word}{inside}{{{least - 2},}}{word}{edge}$"
    return f"^{edge}{word}(?:{word}|[{_SPACE}]+(?={word})){{{least - 1},}}{edge}$"
