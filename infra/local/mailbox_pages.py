"""The mailbox for people: a list of mails, and one mail with both of its parts."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from infra.local.mailbox import Mailbox

_WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "lang": "de",
        "title": "Postfach",
        "intro": "Alle Mails, die der lokale Aufruf verschickt hat. Sie verlassen diesen Rechner nicht.",
        "empty": "Noch keine Mail.",
        "empty_hint": "Senden Sie ein Formular ab; dann kommt hier die Bestätigungsmail an.",
        "to": "An",
        "from": "Von",
        "reply_to": "Antwort an",
        "subject": "Betreff",
        "sent": "Gesendet",
        "no_subject": "(ohne Betreff)",
        "back": "Zum Postfach",
        "text": "Text",
        "html": "HTML",
        "html_frame": "Die HTML-Fassung der Mail",
        "more": "Kopfzeilen und Kennzeichen",
        "attachments": "Anhänge",
        "missing": "Diese Mail gibt es nicht.",
        "reload": "Neu laden",
        "one": "Mail",
        "many": "Mails",
    },
    "en": {
        "lang": "en",
        "title": "Mailbox",
        "intro": "Every mail the local Aufruf has sent. They do not leave this computer.",
        "empty": "No mail yet.",
        "empty_hint": "Submit a form; its confirmation mail will arrive here.",
        "to": "To",
        "from": "From",
        "reply_to": "Reply to",
        "subject": "Subject",
        "sent": "Sent",
        "no_subject": "(no subject)",
        "back": "To the mailbox",
        "text": "Text",
        "html": "HTML",
        "html_frame": "The HTML version of the mail",
        "more": "Headers and tags",
        "attachments": "Attachments",
        "missing": "There is no such mail.",
        "reload": "Reload",
        "one": "mail",
        "many": "mails",
    },
}

# No script at all; what a mail's HTML part wants to load from elsewhere stays unloaded.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def _linked(text: str) -> Markup:
    """`text` with its addresses as links, everything else escaped."""
    parts: list[str] = []
    end = 0
    for match in _URL.finditer(text):
        url = escape(match[0])
        parts += [escape(text[end : match.start()]), Markup('<a href="{0}">{0}</a>').format(url)]
        end = match.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _linked
    return environment


def _language(request: web.Request) -> str:
    """German or English: what `?lang=` says, else what the browser would rather have, else English."""
    if (wish := request.query.get("lang", "")) in _WORDS:
        return wish
    best, best_weight = "en", 0.0
    for entry in request.headers.get("Accept-Language", "").split(","):
        tag, _, weight_text = entry.strip().partition(";q=")
        try:
            weight = float(weight_text or 1)
        except ValueError:
            continue
        language = tag.strip().lower().partition("-")[0]
        if language in _WORDS and weight > best_weight:
            best, best_weight = language, weight
    return best


class MailboxPages:
    """The handlers of `/_local/mailbox`."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def overview(self, request: web.Request) -> web.Response:
        """The newest mails."""
        return _page(request, "mailbox.html", mails=self._mailbox.newest())

    async def message(self, request: web.Request) -> web.Response:
        """One mail."""
        mail = self._mailbox.get(request.match_info["id"])
        return _page(request, "mail.html", status=200 if mail else 404, mail=mail)


def _page(request: web.Request, name: str, *, status: int = 200, **values: object) -> web.Response:
    words = _WORDS[_language(request)]
    return web.Response(
        text=_templates().get_template(name).render(words=words, **values),
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={
            "Content-Security-Policy": _POLICY,
            "Content-Language": words["lang"],
            "Referrer-Policy": "no-referrer",
            "Vary": "Accept-Language",
        },
    )
