"""API tokens of organisers: make one, see it once, revoke it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.access import table
from chalicelib.access.check import audit, authorise_any
from chalicelib.access.pages import in_words, organiser_page
from chalicelib.access.roles import ROLES
from chalicelib.access.tokens import digest_of, issue_token
from chalicelib.calls.answers import AnswersInvalid
from chalicelib.calls.table import remembered_calls
from chalicelib.errors import ChangedMeanwhile, NotFound
from chalicelib.organisers import token_operations as about
from chalicelib.organisers.handing_on import USUAL_DAYS, may_make, read_wanted
from chalicelib.organisers.labels import ROLE_WORDS
from chalicelib.runtime.clock import moment, now, stamp
from chalicelib.runtime.logs import log
from chalicelib.web.bodies import read_members
from chalicelib.web.door import Door
from chalicelib.web.languages import format_day, translate
from chalicelib.web.problems import field_messages, problem_document
from chalicelib.web.reply import PRIVATE, Reply, json_reply, see_other
from chalicelib.web.request import Request

if TYPE_CHECKING:
    from chalicelib.access.roles import Person, Token
    from chalicelib.organisers.token_operations import TokenDocument

door = Door(__name__)
_SHOWN = 16  # characters of a digest: enough to tell somebody's tokens apart
_ZONE = "Europe/Berlin"  # of what belongs to no call


@door.serve("/organiser/tokens", "GET", about=about.LIST)
def list_tokens(request: Request) -> Reply:
    """The API tokens that you made. What they are is never shown again."""
    person = _maker(request)
    if request.wants_html:
        return _page(request, person)
    return json_reply({"tokens": [_document(one) for one in _tokens(person)]}, headers=PRIVATE)


@door.serve("/organiser/tokens", "POST", about=about.MAKE)
def make_token(request: Request) -> Reply:
    """Make a token: for calls that you moderate or own, at most with your role. It is shown this once."""
    person = _maker(request)
    given: dict[str, Any] = {}
    try:
        given = read_members(request.headers.get("content-type", ""), request.body, "name", "role", "calls", "days")
        wanted = read_wanted(given, person)
    except AnswersInvalid as refusal:
        if not request.wants_html:
            raise
        return _page(request, person, given=given, refusal=refusal)
    for call in wanted.person.calls:
        detail = f"{wanted.person.role} {wanted.lifetime.days}"
        audit(person, "token-made", call=call, detail=detail, now=now())
    token = issue_token(wanted.person, now=now(), lifetime=wanted.lifetime, maker=person.owner)
    log("token-made", request=request.id)
    if request.wants_html:
        return _page(request, person, fresh=token)
    made = table.find_token(digest_of(token))
    if made is None:
        raise ChangedMeanwhile  # revoked at this very moment
    return json_reply(_document(made) | {"token": token}, status=201, headers=PRIVATE)


@door.serve("/organiser/tokens/revoke", "POST", about=about.REVOKE)
def revoke_token(request: Request) -> Reply:
    """Revoke one of your tokens; it is of no use from that moment on. Repeating is harmless."""
    person = _maker(request)
    named = read_members(request.headers.get("content-type", ""), request.body, "id").get("id")
    for one in _tokens(person):
        if one.digest[:_SHOWN] == named:
            for call in one.person.calls:
                audit(person, "token-revoked", call=call, detail=None, now=now())
            table.drop_token(one.digest)
            log("token-revoked", request=request.id)
    if request.wants_html:
        return see_other("../tokens?done=revoked", headers=PRIVATE)
    return json_reply({"tokens": [_document(one) for one in _tokens(person)]}, headers=PRIVATE)


def _maker(request: Request) -> Person:
    """Who asks. A token makes no further tokens: what has leaked must not outlive its being revoked."""
    person = authorise_any(request, now())
    if not person.session or not may_make(person):
        raise NotFound
    return person


def _tokens(person: Person) -> list[Token]:
    return [one for one in table.tokens_of(person.owner) if one.good(now())]


def _document(token: Token) -> TokenDocument:
    return {
        "id": token.digest[:_SHOWN],
        "name": token.person.name,
        "role": token.person.role,
        "calls": list(token.person.calls),
        "created_at": token.created_at,
        "expires_at": stamp(moment(token.created_at).fromtimestamp(token.expires_at, now().tzinfo)),
        "used_at": token.used_at,
    }


def _page(
    request: Request,
    person: Person,
    *,
    fresh: str = "",
    given: dict[str, Any] | None = None,
    refusal: AnswersInvalid | None = None,
) -> Reply:
    language = request.language

    def day(stamped: str | None) -> str:
        return format_day(moment(stamped), language, _ZONE) if stamped else ""

    titles = {one.call.call: in_words(one.call.title, language) for one in remembered_calls()}
    offered = may_make(person)
    highest = max(offered.values(), key=ROLES.index)
    asked = given or {}
    chosen = asked.get("calls", list(offered) if len(offered) == 1 and not refusal else [])
    shown = [
        {
            "id": one.digest[:_SHOWN],
            "name": one.person.name,
            "role": translate(language, ROLE_WORDS[one.person.role]),
            "calls": [titles.get(call, call) for call in one.person.calls],
            "created": day(one.created_at),
            "expires": day(_document(one)["expires_at"]),
            "used": day(one.used_at),
        }
        for one in _tokens(person)
    ]
    return organiser_page(
        request,
        person,
        "organisers/tokens.html",
        section="account",
        status=refusal.status if refusal else 201 if fresh else 200,
        fresh=fresh,
        tokens=shown,
        done=request.query.get("done") == "revoked",
        calls=[(call, titles.get(call, call)) for call in offered],
        roles=[(role, translate(language, ROLE_WORDS[role])) for role in ROLES[: ROLES.index(highest) + 1]],
        given={"name": str(asked.get("name", "")), "role": asked.get("role", "viewer"), "calls": chosen,
               "days": str(asked.get("days", USUAL_DAYS))},
        wrong={one["field"]: one["message"] for one in field_messages(refusal.errors, language)} if refusal else {},
        problem=problem_document(refusal, request) if refusal else None,
    )  # fmt: skip
