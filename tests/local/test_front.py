"""The `/_local` routes: what they answer, and to whom."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from infra.local import ports
from infra.local.front import Front
from infra.local.mailbox import Mailbox
from infra.local.ses import LocalSes
from infra.local.stack import FunctionFailed, LocalStack
from tests.local.test_mailbox import a_mail

HTML_MAIL = '<p onclick="x()">Hallo <script>alert(1)</script> & "Zoë"</p>'


class FakeStack(LocalStack):
    """Answers for the functions, which are not there."""

    def nightly(self, *, seconds: float = 30.0) -> list[dict[str, Any]]:
        return [{"call": "kosi-lab-dortmund", "export_id": "e1", "state": "ready", "unchanged": True}]

    def reconcile(self) -> Any:
        message = "no table"
        raise FunctionFailed(message)


class Laptop:
    """A front with a mailbox."""

    def __init__(self, serve: Callable[..., str], mailbox: Mailbox) -> None:
        self.port = ports.choose()
        self.mailbox = mailbox
        self.ses = LocalSes(mailbox, [])
        front = Front(
            port=self.port,
            stack=lambda: FakeStack(endpoint="http://127.0.0.1:9", url="", outputs={"RestAPIId": "x"}),
            mailbox=mailbox,
            ses=self.ses,
            issue_token=lambda: "token-1",
        )
        self.url = serve(front.application(), on=self.port) + "/_local"

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers=headers, timeout=10, allow_redirects=False)

    def post(self, path: str, json: Any = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(self.url + path, headers=named, json=json, timeout=10)


@pytest.fixture
def laptop(serve: Callable[[web.Application], str], tmp_path: Path) -> Iterator[Laptop]:
    with closing(Mailbox(tmp_path / "m.sqlite3")) as mailbox:
        yield Laptop(serve, mailbox)


def test_mails_are_a_json_list_oldest_first(laptop: Laptop) -> None:
    assert laptop.get("/mails").json() == []
    laptop.mailbox.add(a_mail(1))
    laptop.mailbox.add(a_mail(2, to="b@example.com"))
    first, second = laptop.get("/mails").json()
    assert (first["to"], first["subject"], first["text"], first["html"], first["sent_at"]) == (
        "zoe@example.com", "Grüße 1", "Text", "<p>HTML</p>", "2017-03-01T09:00:00.000Z",
    )  # fmt: skip
    assert (first["from"], first["tags"], second["id"]) == ("aufruf@example.org", {"entry": "e1"}, "mail-2")
    assert [mail["id"] for mail in laptop.get("/mails?to=b@example.com").json()] == ["mail-2"]
    assert [mail["id"] for mail in laptop.get("/mails?limit=1").json()] == ["mail-2"]
    assert laptop.get("/mails?limit=-1").status_code == 400


def test_the_night_can_come_now(laptop: Laptop) -> None:
    assert laptop.post("/nightly").json() == {
        "exports": [{"call": "kosi-lab-dortmund", "export_id": "e1", "state": "ready", "unchanged": True}]
    }


def test_a_token_is_issued(laptop: Laptop) -> None:
    answer = laptop.post("/token")
    assert answer.json() == {"token": "token-1"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_function_that_fails_is_said_to_have_failed(laptop: Laptop) -> None:
    answer = laptop.post("/reconcile")
    assert (answer.status_code, answer.json()["detail"]) == (502, "no table")


def test_the_local_ses_can_be_told_how_to_behave(laptop: Laptop) -> None:
    wish = {
        "pause_seconds": 0.5,
        "throttle_per_second": 2,
        "fail_rate": 0.1,
        "lose_reply": True,
        "events": False,
        "answer_after_seconds": 0.2,
    }
    assert laptop.post("/ses", json=wish).json() == wish
    assert laptop.get("/ses").json() == wish
    assert laptop.ses.behaviour.pause_seconds == 0.5
    assert laptop.post("/ses", json={"pause": 1}).status_code == 400
    assert laptop.post("/ses", json={}).json()["pause_seconds"] == 0


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1", "localhost.evil.example"])
def test_another_host_name_is_refused(laptop: Laptop, host: str) -> None:
    assert laptop.get("/mails", Host=host).status_code == 403
    assert laptop.post("/token", Host=host).status_code == 403


def test_localhost_is_as_good_as_its_number(laptop: Laptop) -> None:
    host = f"localhost:{laptop.port}"
    assert laptop.get("/mails", Host=host).status_code == 200
    assert laptop.post("/token", Host=host, Origin=f"http://{host}").status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
def test_a_post_from_another_site_is_refused(laptop: Laptop, origin: str) -> None:
    assert laptop.post("/token", Origin=origin).status_code == 403


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
def test_what_the_browser_says_about_the_sender_counts(laptop: Laptop, site: str, status: int) -> None:
    assert laptop.post("/nightly", Sec_Fetch_Site=site).status_code == status


def test_a_token_is_never_given_to_a_get(laptop: Laptop) -> None:
    assert laptop.get("/token").status_code in (404, 405)


def test_an_unknown_local_route_never_reaches_the_application(laptop: Laptop) -> None:
    assert laptop.get("/nothing").status_code == 404


def test_an_empty_mailbox_says_so_in_the_readers_language(laptop: Laptop) -> None:
    german = laptop.get("/mailbox", **{"Accept-Language": "fr, de-DE;q=0.8, en;q=0.5"})
    assert '<html lang="de">' in german.text
    assert "Noch keine Mail" in german.text
    english = laptop.get("/mailbox", **{"Accept-Language": "en, de;q=0.8"})
    assert '<html lang="en">' in english.text
    assert "No mail yet" in english.text
    assert english.headers["Vary"] == "Accept-Language"


def test_the_mailbox_lists_the_newest_mail_first(laptop: Laptop) -> None:
    laptop.mailbox.add(a_mail(1))
    laptop.mailbox.add(a_mail(2))
    page = laptop.get("/mailbox").text
    assert page.index("Grüße 2") < page.index("Grüße 1")
    assert 'href="mailbox/mail-2"' in page


def test_a_mails_own_html_stays_in_its_frame(laptop: Laptop) -> None:
    nasty = a_mail(1)
    object.__setattr__(nasty, "html", HTML_MAIL)
    object.__setattr__(nasty, "subject", "<b>Betreff</b>")
    object.__setattr__(nasty, "text", "Bitte bestätigen: http://127.0.0.1:8000/receipts/abc-1. <i>")
    laptop.mailbox.add(nasty)
    answer = laptop.get("/mailbox/mail-1")
    assert "<script" not in answer.text
    assert "<b>Betreff" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in answer.text
    assert '<a href="http://127.0.0.1:8000/receipts/abc-1">' in answer.text
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_mail_that_is_not_there_is_not_found(laptop: Laptop) -> None:
    assert laptop.get("/mailbox/nothing").status_code == 404
