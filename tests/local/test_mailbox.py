"""The mailbox keeps what it was given."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from infra.local.emulator import ROOT
from infra.local.mailbox import Mail, Mailbox


def a_mail(number: int = 1, *, to: str = "zoe@example.com") -> Mail:
    return Mail(
        id=f"mail-{number}",
        to=to,
        sender="aufruf@example.org",
        subject=f"Grüße {number}",
        text="Text",
        html="<p>HTML</p>",
        sent_at="2017-03-01T09:00:00.000Z",
        tags={"entry": "e1"},
    )


def test_mails_come_oldest_first_and_a_limit_keeps_the_newest(tmp_path: Path) -> None:
    with closing(Mailbox(tmp_path / "m.sqlite3")) as mailbox:
        for number in (1, 2, 3):
            mailbox.add(a_mail(number))
        assert [mail.id for mail in mailbox.mails()] == ["mail-1", "mail-2", "mail-3"]
        assert [mail.id for mail in mailbox.mails(limit=2)] == ["mail-2", "mail-3"]
        assert mailbox.mails(limit=0) == []


def test_mails_are_found_by_recipient_whatever_the_case(tmp_path: Path) -> None:
    with closing(Mailbox(tmp_path / "m.sqlite3")) as mailbox:
        mailbox.add(a_mail(1))
        mailbox.add(a_mail(2, to="other@example.com"))
        assert [mail.id for mail in mailbox.mails(to="Zoe@Example.com")] == ["mail-1"]


def test_a_document_names_recipient_and_sender_as_strings() -> None:
    document = a_mail().document()
    assert {"id", "to", "from", "subject", "text", "html", "sent_at", "headers", "tags"} <= document.keys()
    assert (document["to"], document["from"]) == ("zoe@example.com", "aufruf@example.org")


def test_a_mail_survives_the_death_of_the_process_that_took_it(tmp_path: Path) -> None:
    file = tmp_path / "m.sqlite3"
    program = (
        "import os, sys; from pathlib import Path\n"
        "from infra.local.mailbox import Mailbox; from tests.local.test_mailbox import a_mail\n"
        "Mailbox(Path(sys.argv[1])).add(a_mail()); os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", program, file], cwd=ROOT, check=False, env={**os.environ})
    assert ended.returncode == -signal.SIGKILL
    with closing(Mailbox(file)) as mailbox:
        assert mailbox.get("mail-1") == a_mail()


def test_the_same_mail_is_not_kept_twice(tmp_path: Path) -> None:
    with closing(Mailbox(tmp_path / "m.sqlite3")) as mailbox:
        mailbox.add(a_mail())
        with pytest.raises(Exception, match="UNIQUE"):
            mailbox.add(a_mail())


def test_a_broken_mailbox_file_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "mailbox.sqlite3"
    file.write_bytes(b"not a database" * 100)
    with pytest.raises(Exception, match="not a database"), closing(Mailbox(file)):
        pass
    assert file.read_bytes().startswith(b"not a database")
