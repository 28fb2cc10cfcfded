"""Any order of what submitter, organisers and workers may do with one report, against a model of it."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from chalicelib.submissions.table import put_change
from tests.aws import Crash
from tests.builders import answers
from tests.integration.world import Answer, World

NAMES = st.sampled_from(["Grüne Höfe", "Rote Höfe", "Blaue Höfe"])
DECISIONS = st.sampled_from(["accepted", "rejected", "duplicate"])
DECIDED = {"accepted", "rejected", "duplicate"}
PUBLISHED = '{"name":"Höfe"}'


class Receipt(RuleBasedStateMachine):
    """The model: state, name, published, how many changes there were, and the version last seen in another tab."""

    @initialize()
    def submit(self) -> None:
        self.world = World()
        self.world.__enter__()
        self.world.publish()
        self.first = self.world.submit(key="first").json
        self.world.drain()
        self.receipt = self.world.mails[0].receipt
        self.state, self.name, self.published = "received", "Grüne Höfe", None
        self.changes, self.version, self.tab = 0, 1, 1

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.__exit__(None, None, None)

    def moved(self, state: str) -> None:
        self.version += 1
        self.state = state

    def change_to(self, name: str, version: int | None) -> Answer:
        document: dict[str, Any] = {"answers": answers(name=name)} | ({"version": version} if version else {})
        return self.world.post(f"{self.receipt}/change", document)

    # What a submitter does

    @rule()
    def confirm(self) -> None:
        answer = self.world.post(f"{self.receipt}/confirm")
        if self.state == "received":
            self.moved("confirmed")
        assert answer.status == (410 if self.state == "erased" else 200)

    @rule(name=NAMES)
    def change(self, name: str) -> None:
        self.judge_change(name, self.change_to(name, None), stale=False)

    @rule()
    def look_in_another_tab(self) -> None:
        self.tab = self.version

    @rule(name=NAMES)
    def change_in_the_other_tab(self, name: str) -> None:
        self.judge_change(name, self.change_to(name, self.tab), stale=self.tab != self.version)

    @rule(name=NAMES, after=st.booleans())
    def change_and_die(self, name: str, after: bool) -> None:
        self.world.border.fail("TransactWriteItems", Crash(), after=after)
        try:
            answer = self.change_to(name, None)
        except Crash:
            if after:
                self.changed(name)
        else:
            self.judge_change(name, answer, stale=False)
        self.world.border.faults.clear()

    def judge_change(self, name: str, answer: Answer, *, stale: bool) -> None:
        if self.state == "erased":
            assert answer.status == 410
        elif self.state == "withdrawn":
            assert (answer.status, answer.json["code"]) == (409, "not-possible")
        elif name == self.name:
            assert (answer.status, answer.json["version"]) == (200, self.version)
        elif stale:
            assert (answer.status, answer.json["code"]) == (409, "changed-meanwhile")
            assert answer.json["current"]["answers"]["name"] == self.name
        else:
            self.changed(name)
            assert answer.status == 200

    def changed(self, name: str) -> None:
        self.name = name
        self.changes += 1
        self.moved("confirmed" if self.state in DECIDED else self.state)

    @rule()
    def withdraw(self) -> None:
        answer = self.world.post(f"{self.receipt}/withdraw")
        if self.state not in {"withdrawn", "erased"}:
            self.moved("withdrawn")
            self.published = None
        assert answer.status == (410 if self.state == "erased" else 200)

    @rule(operation=st.sampled_from(["GetItem", "Query", "BatchWriteItem", "TransactWriteItems"]), after=st.booleans())
    def erase_and_die(self, operation: str, after: bool) -> None:
        self.world.border.fail(operation, Crash(), after=after)
        try:
            self.world.post(f"{self.receipt}/erase", {"confirm": True})
        except Crash:
            self.world.border.faults.clear()
        # Whoever it was told to must be able to repeat it.
        self.erase()

    @precondition(lambda self: self.version > 3)
    @rule()
    def erase(self) -> None:
        assert self.world.post(f"{self.receipt}/erase", {"confirm": True}).status == 200
        self.state, self.published = "erased", None
        assert self.world.items("revisions") == self.world.items("mails") == []

    @rule(given_name=NAMES)
    def repeat_the_post(self, given_name: str) -> None:
        answer = self.world.submit(answers(name=given_name), key="first")
        if self.state == "erased":
            assert (answer.status, answer.json["code"]) == (410, "erased")
        elif given_name != "Grüne Höfe":
            assert (answer.status, answer.json["code"]) == (422, "idempotency-mismatch")
        else:
            assert (answer.status, answer.json) == (200, self.first | {"state": self.state})

    # What others do

    @precondition(lambda self: self.state in DECIDED | {"confirmed"})
    @rule(state=DECISIONS)
    def decide(self, state: str) -> None:
        known = self.world.stored(self.first["reference"])
        assert known is not None
        published = PUBLISHED if state == "accepted" else None
        with self.world.border.aside():
            put_change(known, replace(known, state=state, version=known.version + 1, published=published))
        self.moved(state)
        self.published = published

    @rule()
    def let_everything_happen(self) -> None:
        self.world.drain()
        self.world.reconcile()
        self.world.drain()

    @rule()
    def ask_for_links(self) -> None:
        before = len(self.links_mails())
        self.world.post("/calls/small-call/links", {"email": "ada@example.org"})
        self.world.drain()
        assert len(self.links_mails()) <= before + (self.state != "erased")

    def links_mails(self) -> list[Any]:
        return [mail for mail in self.world.mails if mail.tags["kind"].startswith("links-")]

    # What always holds

    @invariant()
    def it_is_what_the_model_says(self) -> None:
        if not hasattr(self, "world"):
            return
        answer = self.world.get(self.receipt)
        stored = self.world.stored(self.first["reference"])
        assert stored is not None
        assert stored.state == self.state
        if self.state == "erased":
            assert answer.status == 410
            assert "Höfe" not in str(self.world.items("submissions"))
            return
        assert (answer.status, answer.json["state"], answer.json["version"]) == (200, self.state, self.version)
        assert answer.json["answers"] == answers(name=self.name)
        assert stored.published == self.published
        revisions = self.world.items("revisions")
        assert len(revisions) == self.changes == [one.event for one in stored.history].count("changed")

    @invariant()
    def there_is_one_report_and_one_mail_to_confirm_it(self) -> None:
        if hasattr(self, "world"):
            assert self.world.count() == 1
            assert len([mail for mail in self.world.mails if mail.tags["kind"] == "confirm"]) == 1


Receipt.TestCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
TestReceipt = Receipt.TestCase
