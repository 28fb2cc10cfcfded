"""`/embed.js`: one script that makes `<aufruf-form>` known to a page of another site.

Put together here from the hand-written files in `web/static/embed/` and the words of our own catalogue, in every
language there is; a further language needs no change here.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import msgspec

from chalicelib.errors import N_
from chalicelib.web.languages import languages, translate
from chalicelib.web.static import FOLDER

SOURCES = ("parts.js", "proof.js", "questions.js", "sending.js", "element.js")
WORDS = {
    "loading": N_("The form is being loaded …"),
    "notHere": N_("The form cannot be shown here at the moment."),
    "ownPage": N_("Open the form on its own page"),
    "opens": N_("This call opens on %(moment)s."),
    "closed": N_("This call was open until %(moment)s. Thank you to everybody who took part."),
    "full": N_("This call has received as many reports as it can take."),
    "marked": N_("Fields marked “optional” may stay empty; all others are needed."),
    "optional": N_("optional"),
    "range": N_("%(least)s to %(most)s characters"),
    "most": N_("at most %(most)s characters"),
    "left": N_("Characters left: {n}"),
    "over": N_("Characters too many: {n}"),
    "short": N_("Characters still needed: {n}"),
    "error": N_("Error"),
    "privacy": N_("Privacy notice"),
    "then": N_("We will then send you an e-mail with a link. Your report counts once you have confirmed it there."),
    "send": N_("Send the report"),
    "sending": N_("Sending …"),
    "proving": N_("Your browser is doing the calculation that keeps robots out …"),
    "slow": N_("This takes longer than usual. Please leave this page open."),
    "noProof": N_("Your browser cannot do the calculation that keeps robots out."),
    "offline": N_("You are offline at the moment."),
    "whenBack": N_("Nothing you entered was lost. Please send the form again once you are connected."),
    "unreachable": N_("Your report could not be sent."),
    "again": N_("Nothing you entered was lost. Please try again in a minute."),
    "wait": N_("Please wait %(seconds)s seconds before you send it again."),
    "second": N_("Send it as a second report"),
    "thanks": N_("Thank you, your report has arrived."),
    "reference": N_("Your reference"),
    "next": N_("What happens next"),
    "mailComes": N_(
        "An e-mail with a link is on its way to the address you gave. It takes a few minutes at most; please look into "
        "your spam folder too."
    ),
    "confirm": N_("Open the link and press “Confirm”. Without it your report is deleted after %(days)s days."),
    "read": N_("The organisers read your report. Behind the same link you can see at any time what has become of it."),
    "noMail": N_("No e-mail? Write to %(address)s and name your reference."),
    "another": N_("Report another one"),
}


@cache
def embed_script() -> str:
    """The whole script."""
    folder = FOLDER / "embed"
    words = {language: {key: translate(language, text) for key, text in WORDS.items()} for language in languages()}
    constants = {"WORDS": words, "STYLE": (folder / "style.css").read_text(encoding="utf-8")}
    lines = ["// Aufruf: a form of an open call on any page. EUPL-1.2. How to use it: docs/embedding.md", "(() => {"]
    lines += ['"use strict";', *(f"const {name} = {_literal(value)};" for name, value in constants.items())]
    lines += [(folder / name).read_text(encoding="utf-8") for name in SOURCES]
    return "\n".join([*lines, "})();", ""])


@cache
def embed_tag() -> str:
    """The entity tag: weak, since the same script may arrive packed or plain (RFC 9110, 8.8.1)."""
    return f'W/"{sha256(embed_script().encode()).hexdigest()[:16]}"'


def _literal(value: object) -> str:
    return msgspec.json.encode(value).decode()
