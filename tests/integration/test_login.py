"""Logging in: by a link in a mail, used once, from whatever browser; and what it gives away to others: nothing."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.access.logins import LIFETIME, MOST_MAILS
from chalicelib.access.table import audit_of
from chalicelib.calls.call import Organiser
from chalicelib.jobs.batches import TryLater
from chalicelib.jobs.messages import LoginJob
from chalicelib.mail.login import deliver_login
from chalicelib.mail.table import stop, switch
from chalicelib.runtime.clock import now, stamp
from chalicelib.runtime.keys import keys
from chalicelib.runtime.settings import settings
from chalicelib.submissions.links import address_digest
from tests.aws import Crash, throttled, timed_out
from tests.builders import call_of
from tests.integration.world import BROWSER, Answer, World

LOGIN = "/organiser/login"
EXPORTS = "/organiser/calls/small-call/exports"
OWNER = "owner@example.org"


@pytest.fixture(autouse=True)
def call(world: World) -> None:
    world.publish()
    keys()  # read once for each process
    world.border.forget()


def ask(world: World, email: Any = OWNER, **more: Any) -> Answer:
    return world.post(LOGIN, {"email": email, **more}, {"Accept-Language": "de"})


def link(world: World) -> str:
    """The path of the newest link."""
    found = re.findall(rf"{settings().public_url}(/organiser/session/\S+)", world.mails[-1].text)
    assert len(set(found)) == 1
    return str(found[0])


def linked(world: World, **more: Any) -> str:
    ask(world, **more)
    world.drain()
    return link(world)


def cookie(answer: Answer) -> dict[str, str]:
    return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0], "Origin": settings().public_url}


def job(**changes: Any) -> LoginJob:
    wanted = LoginJob(login=address_digest(keys(), OWNER), nonce="ab" * 16, asked_at=stamp(now()), language="de")
    return replace(wanted, **changes)


def test_logging_in_anew_ends_the_session_that_the_browser_had(world: World) -> None:
    before = world.session(OWNER)
    after = cookie(world.post_form(linked(world), {}, before))
    assert world.get(EXPORTS, after).status == 200
    assert world.get(EXPORTS, before).status == 401


def test_an_organiser_logs_in_by_a_link(world: World) -> None:
    asked = ask(world)
    assert (asked.status, asked.json) == (202, {"state": "asked"})
    world.drain()
    [mail] = world.mails
    assert (mail.to, mail.subject) == (OWNER, "Ihr Link zur Anmeldung")
    assert link(world) in mail.html
    page = world.get(f"{link(world)}?lang=de", accept=BROWSER)
    assert page.status == 200
    assert "Jetzt anmelden" in page.body
    logged_in = world.post_form(link(world), {})
    assert (logged_in.status, logged_in.headers["Location"]) == (303, "../../organiser")
    kept = logged_in.headers["Set-Cookie"]
    assert kept.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in kept.split(";")}
    assert "Domain" not in kept
    assert world.get(EXPORTS, cookie(logged_in)).status == 200
    with world.border.aside():
        assert [(who, event) for _, who, event, _ in audit_of("call#small-call")] == [(OWNER, "logged-in")]


def test_a_program_logs_in_too(world: World) -> None:
    path = linked(world)
    assert world.get(path).json["state"] == "unused"
    answer = world.post(path)
    assert (answer.status, answer.json["name"]) == (200, OWNER)
    assert world.get(EXPORTS, cookie(answer)).status == 200


@pytest.mark.parametrize("accept", ["application/json", BROWSER])
def test_the_answer_is_the_same_for_an_address_that_nobody_knows(world: World, accept: str) -> None:
    answers, operations = [], []
    for email in (OWNER, "nobody@example.org"):
        world.border.forget()
        answers.append(world.request("POST", LOGIN, body=f'{{"email": "{email}"}}'.encode(),
                                     headers={"Accept": accept, "Content-Type": "application/json"}))  # fmt: skip
        operations.append(world.border.operations)
    assert answers[0] == answers[1]
    # The same work in the function too: nothing is looked up before the answer.
    assert operations == [["SendMessage"], ["SendMessage"]]
    bodies = [message["body"] for message in world.messages("mail")]
    assert len(bodies) == 2
    assert len(bodies[0]) == len(bodies[1])
    assert not any("@" in body for body in bodies)


def test_nobody_else_gets_a_mail(world: World) -> None:
    ask(world, "nobody@example.org")
    world.drain()
    assert world.mails == []
    assert world.items("access") == world.items("mails") == []


def test_upper_and_lower_case_of_an_address_are_alike(world: World) -> None:
    ask(world, " Owner@Example.ORG ")
    world.drain()
    assert [mail.to for mail in world.mails] == [OWNER]


def test_a_link_works_once(world: World) -> None:
    path = linked(world)
    assert world.post_form(path, {}).status == 303
    again = world.post_form(path, {})
    assert (again.status, "Set-Cookie" in again.headers) == (404, False)
    assert world.post(path).status == world.get(path).status == 404
    assert len([one for one in world.items("access") if one["key"]["S"].startswith("session#")]) == 1


def test_of_two_who_press_at_once_one_is_in(world: World) -> None:
    path = linked(world)

    def faster(answer: Any) -> Any:
        if "used_at" not in answer.get("Item", {}) and "login#" in str(answer.get("Item", {}).get("key")):
            world.border.answers.clear()
            assert world.post(path).status == 200
        return answer

    world.border.answers["GetItem"] = faster
    assert world.post(path).status == 404


def test_a_scanner_that_opens_the_link_does_no_harm(world: World) -> None:
    path = linked(world)
    before = world.items("access")
    for accept in (BROWSER, "*/*", "application/json"):
        assert world.get(path, accept=accept).status == 200
        assert world.request("HEAD", path, headers={"Accept": accept}).status == 200
    assert world.items("access") == before
    assert world.post_form(path, {}).status == 303


def test_a_link_is_over_after_a_quarter_of_an_hour(world: World) -> None:
    deliver_login(job(), clock=lambda: now() - LIFETIME + timedelta(seconds=30))
    assert world.get(link(world)).status == 200
    deliver_login(job(nonce="cd" * 16, asked_at=stamp(now() - LIFETIME)), clock=lambda: now() - LIFETIME)
    assert world.get(link(world)).status == world.post(link(world)).status == 404


def test_a_job_that_comes_late_sends_nothing(world: World) -> None:
    deliver_login(job(asked_at=stamp(now() - LIFETIME - timedelta(seconds=1))))
    assert world.mails == []


def test_a_job_that_comes_twice_is_one_mail_and_one_link(world: World) -> None:
    deliver_login(job())
    deliver_login(job())
    assert len(world.mails) == 1
    assert len([one for one in world.items("access") if one["key"]["S"].startswith("login#")]) == 1


def test_only_a_few_mails_go_to_one_address(world: World) -> None:
    for _ in range(MOST_MAILS + 3):
        assert ask(world).status == 202, "whoever asks cannot tell"
    ask(world, "moderator@example.org")
    world.drain()
    assert [mail.to for mail in world.mails].count(OWNER) == MOST_MAILS
    assert world.mails[-1].to == "moderator@example.org"


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem", "SendEmail"])
def test_a_worker_that_dies_leaves_the_job_for_the_next(world: World, operation: str) -> None:
    world.border.fail(operation, Crash())
    with pytest.raises(Crash):
        deliver_login(job())
    world.border.forget()
    deliver_login(job(), clock=lambda: now() + timedelta(seconds=61))
    assert len(world.mails) == 1
    assert world.post(link(world)).status == 200


def test_a_link_that_was_used_is_not_sent_again(world: World) -> None:
    world.border.fail("SendEmail", timed_out(), after=True)
    with pytest.raises(TryLater):
        deliver_login(job())
    path = link(world)
    assert world.post(path).status == 200
    world.border.forget()
    deliver_login(job(), clock=lambda: now() + timedelta(minutes=5))
    assert world.mails == []
    assert world.post(path).status == 404


def test_a_link_is_stored_without_its_text_and_without_the_address(world: World) -> None:
    path = linked(world)
    world.post(path, headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
    stored = str(world.items("access"))
    assert path.rpartition("/")[2] not in stored
    assert "owner@" not in stored
    assert "'Firefox, Linux'" in stored, "nothing finer of the browser"


def test_whoever_was_taken_off_the_list_meanwhile_does_not_get_in(world: World) -> None:
    path = linked(world)
    world.publish(replace(call_of(), organisers=(Organiser("new@example.org", "owner"),)))
    assert world.post(path).status == 404


@pytest.mark.parametrize(
    "token", ["x", "ü", "a" * 5000, "%00", "%2e%2e", "session%23abc"], ids=["x", "umlaut", "long", "nul", "dots", "key"]
)
def test_what_is_no_link_is_not_found(world: World, token: str) -> None:
    path = f"/organiser/session/{token}"
    assert world.get(path).status == world.post(path).status == 404
    assert world.get(path, accept=BROWSER).status == world.post_form(path, {}).status == 404


def test_one_comes_back_to_the_page_one_wanted(world: World) -> None:
    sent = world.get(f"{EXPORTS}?q=Ada", accept=BROWSER).headers["Location"]
    login = world.get(f"{LOGIN}?{sent.partition('?')[2]}", accept=BROWSER).body
    assert 'name="next" value="organiser/calls/small-call/exports"' in login
    answer = world.post_form(linked(world, next="organiser/calls/small-call/exports"), {})
    assert answer.headers["Location"] == "../../organiser/calls/small-call/exports"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example", "//evil.example", "/organiser", "organiser//evil.example", "organiser/../../x",
        "organiser/..", "\\evil", "javascript:alert(1)", "organiser?x=//evil", "organiser#x", "organiser/logout",
        "organiser/session/abc", "organisers", "x" * 300, ["organiser"], 7, None, "organiser/%2e%2e/x", "organiser\n",
    ],
)  # fmt: skip
def test_one_is_never_sent_elsewhere(world: World, elsewhere: Any) -> None:
    answer = world.post_form(linked(world, next=elsewhere), {})
    assert answer.headers["Location"] == "../../organiser"
    page = world.get(f"{LOGIN}?next=https://evil.example", {"Sec-Fetch-Site": "cross-site"}, accept=BROWSER).body
    assert "evil" not in page


def test_whoever_follows_a_link_from_elsewhere_is_led_on_by_a_page_of_ours(world: World) -> None:
    """Their browser keeps the session's cookie back; from our own page it sends it."""
    there = f"{LOGIN}?next=organiser/calls/small-call/exports"
    page = world.get(there, {"Sec-Fetch-Site": "cross-site"}, accept=BROWSER)
    assert 'http-equiv="refresh" content="0; url=../organiser/calls/small-call/exports"' in page.body
    assert "refresh" not in world.get(there, {"Sec-Fetch-Site": "same-origin"}, accept=BROWSER).body


@pytest.mark.parametrize("email", ["", None, "nope", 7, [OWNER], f"{OWNER}, eve@example.org"], ids=str)
def test_what_is_no_address_is_refused_by_field(world: World, email: Any) -> None:
    refused = ask(world, email)
    assert (refused.status, [one["field"] for one in refused.json["errors"]]) == (422, ["email"])
    assert world.messages("mail") == []


def test_a_browser_gets_its_form_back_with_what_is_wrong(world: World) -> None:
    page = world.post_form(f"{LOGIN}?lang=en", {"email": "<nope>", "next": "organiser/account"})
    assert page.status == 422
    assert 'value="&lt;nope&gt;"' in page.body
    assert 'value="organiser/account"' in page.body
    assert 'href="#field-email"' in page.body


@pytest.mark.parametrize("path", [LOGIN, "/organiser/session/x", "/organiser/logout"])
def test_a_page_of_another_site_cannot_log_anybody_in_or_out(world: World, path: str) -> None:
    evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert world.post_form(path, {"email": OWNER}, evil).status == 403
    assert world.messages("mail") == []


def test_what_is_refused_stands_in_the_log(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.post("/organiser/session/guessed")
    world.get(EXPORTS, world.session("stranger@example.org"))
    world.get(EXPORTS, world.token("viewer", "other-call"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    events = [line["event"] for line in lines if line["event"] != "answered"]
    assert events == ["login-refused", "access-refused", "access-refused"]
    assert [line["status"] for line in lines if line["event"] == "answered"] == [404, 404, 404]


def test_logging_out_ends_the_session_wherever_its_cookie_is(world: World) -> None:
    login = world.session()
    answer = world.post_form("/organiser/logout", {}, login)
    assert (answer.status, answer.headers["Location"]) == (303, "login?done=logged-out")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert world.get(EXPORTS, login).status == 401
    assert world.post("/organiser/logout", headers=login).status == 200, "repeating is harmless"


def test_one_sees_where_one_is_logged_in_and_can_end_it(world: World) -> None:
    here, there, other = world.session(), world.session(), world.session("moderator@example.org")
    account = world.get("/organiser/account", here).json
    assert (account["name"], account["roles"]) == (OWNER, {"small-call": "owner"})
    assert sorted(one["current"] for one in account["sessions"]) == [False, True]
    [elsewhere] = [one["session"] for one in account["sessions"] if not one["current"]]
    assert world.post_form("/organiser/account", {"session": elsewhere}, other).status == 303
    assert world.get(EXPORTS, there).status == 200, "only one's own"
    assert (
        world.post_form("/organiser/account", {"session": elsewhere}, here).headers["Location"] == "account?done=ended"
    )
    assert world.get(EXPORTS, there).status == 401
    world.session()
    assert len(world.post("/organiser/account", {"session": "others"}, here).json["sessions"]) == 1
    assert world.get(EXPORTS, other).status == 200


def test_the_language_that_was_asked_for_stays(world: World) -> None:
    login = world.session()
    page = world.get("/organiser/account?lang=en&x=1", login, accept=BROWSER)
    assert 'href="?lang=de&amp;x=1"' in page.body
    kept = page.headers["Set-Cookie"].partition(";")[0]
    assert kept == "__Host-language=en"
    cookies = {**login, "Cookie": f"{login['Cookie']}; {kept}", "Accept-Language": "de"}
    again = world.get("/organiser/account", cookies, accept=BROWSER)
    assert '<html lang="en"' in again.body
    assert "Set-Cookie" not in again.headers
    assert '<html lang="de"' in world.get("/calls/small-call", cookies, accept=BROWSER).body, "public pages know none"


def test_it_is_told_when_the_queue_does_not_take_it(world: World) -> None:
    world.border.fail("SendMessage", throttled(), times=9)
    assert ask(world).status == 503


def test_the_link_comes_while_sending_is_stopped_and_other_mails_wait(world: World) -> None:
    with world.border.aside():
        stop(switch(), cause="bounces", at=stamp(now()))
    assert world.submit().status == 201
    assert world.get(EXPORTS, cookie(world.post(linked(world)))).status == 200, "whoever must see to it gets in"
    assert [mail.to for mail in world.mails] == [OWNER]
