"""A message: what a mail says, once, block by block; its text and its HTML are two ways of showing the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from chalicelib.web.templating import environment

if TYPE_CHECKING:
    from chalicelib.calls.call import Call


class Attachment(Struct, frozen=True):
    """A file that goes with a mail."""

    name: str
    content_type: str
    content: bytes


class Mail(Struct, frozen=True):
    """One mail, ready to send. `headers` come on top of those that every mail of ours has."""

    subject: str
    text: str
    html: str
    headers: dict[str, str] = {}
    attachments: tuple[Attachment, ...] = ()


class Block(Struct, frozen=True):
    """A piece of a message: words, and what its kind has beside. `address` is a whole URL, `pairs` label and value."""

    kind: Literal["paragraph", "heading", "facts", "button", "link"]
    words: str = ""
    address: str = ""
    pairs: tuple[tuple[str, str], ...] = ()


class Message(Struct, frozen=True):
    """What a mail says in one language."""

    language: str
    subject: str
    blocks: tuple[Block, ...]


def paragraph(words: str) -> Block:
    """A paragraph."""
    return Block("paragraph", words)


def heading(words: str) -> Block:
    """A heading."""
    return Block("heading", words)


def facts(*pairs: tuple[str, str]) -> Block:
    """Labels with their values, a line each."""
    return Block("facts", pairs=pairs)


def button(words: str, address: str) -> Block:
    """The one thing to do: a button, and its address in full below, for those whose mail program shows no buttons."""
    return Block("button", words, address)


def link(words: str, address: str) -> Block:
    """Something else to look at."""
    return Block("link", words, address)


def render(
    message: Message, call: Call, *, headers: dict[str, str] | None = None, attachments: tuple[Attachment, ...] = ()
) -> Mail:
    """The mail of a message, signed by the organiser of `call`."""
    templates = environment(message.language)
    context = {
        "message": message,
        "organiser": call.organiser.name[message.language],
        "contact": call.contact,
        "contact_name": call.contact.name[message.language],
    }
    return Mail(
        subject=message.subject,
        text=templates.get_template("mail/message.txt").render(context),
        html=templates.get_template("mail/message.html").render(context),
        headers=headers or {},
        attachments=attachments,
    )
