"""The inbox: by state and time, filtered, a page at a time, whatever comes in meanwhile."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.ledger import table as ledger
from chalicelib.submissions.reference import from_bits, show
from tests.builders import answers
from tests.integration.inbox_of import a_hundred_thousand, confirmed, put_many
from tests.integration.world import BROWSER, World

INBOX = "/organiser/calls/small-call/submissions"


def fill(world: World, numbers: Any, **more: Any) -> None:
    call = world.publish()
    with world.border.aside():
        put_many(confirmed(call, number, **more) for number in numbers)


def titles(document: dict[str, Any]) -> list[str]:
    return [one["title"] for one in document["submissions"]]


def walk(world: World, address: str) -> list[str]:
    """All references, page by page."""
    login, found, cursor = world.token("viewer"), [], ""
    while True:
        page = world.get(f"{address}{'&' if '?' in address else '?'}cursor={cursor}", login).json
        found += [one["reference"] for one in page["submissions"]]
        cursor = page["next"]
        if not cursor:
            return found


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_every_submission_is_on_one_page_in_order(world: World, order: str) -> None:
    fill(world, range(1, 106))
    expected = [confirmed(world.publish(), number).reference for number in range(1, 106)]
    found = walk(world, f"{INBOX}?state=confirmed&sort={order}")
    assert found == (expected if order == "oldest" else expected[::-1])


def test_submissions_of_the_same_moment_are_neither_lost_nor_there_twice(world: World) -> None:
    fill(world, range(1, 121), changed_at="2026-05-05T08:00:00.000Z")
    found = walk(world, f"{INBOX}?state=confirmed")
    assert len(found) == len(set(found)) == 120


def test_what_comes_in_meanwhile_moves_nothing(world: World) -> None:
    fill(world, range(1, 121))
    login = world.token("viewer")
    first = world.get(f"{INBOX}?state=confirmed", login).json
    fill(world, range(500, 560))
    found = [one["reference"] for one in first["submissions"]] + walk_from(world, first["next"])
    assert len(found) == len(set(found)) == 120


def walk_from(world: World, cursor: str) -> list[str]:
    login, found = world.token("viewer"), []
    while cursor:
        page = world.get(f"{INBOX}?state=confirmed&cursor={cursor}", login).json
        found += [one["reference"] for one in page["submissions"]]
        cursor = page["next"]
    return found


def test_a_cursor_is_good_for_the_list_it_was_given_out_for(world: World) -> None:
    fill(world, range(1, 60))
    login = world.token("viewer")
    cursor = world.get(f"{INBOX}?state=confirmed", login).json["next"]
    for query in (f"state=accepted&cursor={cursor}", f"state=confirmed&sort=oldest&cursor={cursor}", "cursor=x"):
        assert world.get(f"{INBOX}?{query}", login).json["code"] == "cursor-invalid"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("theme=work", ["Werkbank"]),
        ("relation=part_of", ["Werkbank"]),
        ("q=werk+BANK", ["Werkbank"]),
        ("q=ZOE", ["Grüne Höfe"]),
        ("flag=many-links", ["Werkbank"]),
        ("since=2026-05-05", []),
        ("until=2026-05-03", []),
        ("since=2026-05-04&until=2026-05-04", ["Werkbank", "Grüne Höfe"]),
        ("theme=nothing-of-ours&since=never", ["Werkbank", "Grüne Höfe"]),
        ("q=hof", []),
        (f"q={show(from_bits(2))}", ["Werkbank"]),
    ],
)
def test_filters_stand_in_the_address(world: World, query: str, expected: list[str]) -> None:
    call = world.publish()
    bench = answers(name="Werkbank", themes=["work"], relation="part_of", contact="a@example.org")
    with world.border.aside():
        put_many(iter([
            confirmed(call, 1, answers=answers(email="zoe@example.org")),
            confirmed(call, 2, answers=bench, flags=("many-links",)),
        ]))  # fmt: skip
    assert titles(world.get(f"{INBOX}?state=confirmed&{query}", world.token("viewer")).json) == expected


def test_a_search_that_takes_long_says_how_far_it_got_and_goes_on(world: World) -> None:
    call = world.publish()
    login = world.token("viewer")
    with world.border.aside(), a_hundred_thousand(call, first=1, last=2600):
        put_many(iter([confirmed(call, 0, answers=answers(name="Nadel"))]))
        world.border.forget()
    page = world.get(f"{INBOX}?state=confirmed&q=nadel", login).json
    assert page["submissions"] == []
    assert page["searched_to"]
    assert page["next"]
    assert world.border.operations.count("Query") <= 24
    page = world.get(f"{INBOX}?state=confirmed&q=nadel&cursor={page['next']}", login).json
    assert titles(page) == ["Nadel"]
    assert page["next"] is page["searched_to"] is None


def test_the_list_tells_nothing_of_the_sender(world: World) -> None:
    fill(world, range(1, 3))
    assert "ada@example.org" not in world.get(INBOX, world.token("viewer")).body
    assert "ada@example.org" not in world.get(f"{INBOX}?lang=de", world.token("viewer"), accept=BROWSER).body


def test_what_was_just_decided_is_shown_as_it_is_though_the_index_is_behind(world: World) -> None:
    """The index answers with what was there before the decision."""
    fill(world, range(1, 4))
    login = world.token("moderator")
    before: list[Any] = []

    def behind(answer: Any) -> Any:
        if "LastEvaluatedKey" in answer or answer["Items"]:
            before.append(answer)
        return answer

    world.border.answers["Query"] = behind
    rows = world.get(f"{INBOX}?state=confirmed", login).json["submissions"]
    old = before[:]
    chosen = rows[0]
    form = {"one": f"accept {chosen['reference']}:{chosen['version']}", "back": "state=confirmed"}
    answer = world.post_form("/organiser/calls/small-call/decisions", form, login)
    assert answer.status == 303
    replies = iter(old)
    world.border.answers["Query"] = lambda answer: next(replies, answer)
    page = world.get(f"/organiser/calls/small-call/{answer.headers['Location']}&lang=en", login, accept=BROWSER)
    assert "1 report accepted." in page.body
    assert f'href="submissions/{chosen["reference"]}"' not in page.body
    assert f'href="submissions/{rows[1]["reference"]}"' in page.body


def test_a_page_takes_the_same_calls_however_many_there_are(world: World) -> None:
    call = world.publish()
    login = world.token("viewer")
    world.get(INBOX, login)  # that the token was used is written down once
    asked: dict[int, list[str]] = {}
    for count in (1_000, 100_000):
        with world.border.aside(), a_hundred_thousand(call, first=1, last=count):
            pass
        with a_hundred_thousand(call, first=1, last=1):
            world.border.forget()
            page = world.get(f"{INBOX}?state=confirmed", login).json
            assert len(page["submissions"]) == 50
            following = world.get(f"{INBOX}?state=confirmed&cursor={page['next']}", login).json
            assert len(following["submissions"]) == 50
        asked[count] = world.border.operations
    assert asked[1_000] == asked[100_000]
    assert asked[100_000].count("Query") == 2 * call.call.policy.shards


def test_the_page_for_people_takes_the_same_calls_too(world: World) -> None:
    login = world.token("viewer")
    world.publish()
    world.get(INBOX, login, accept=BROWSER)
    asked = []
    for numbers in (range(1, 60), range(60, 300)):
        fill(world, numbers)
        world.border.forget()
        world.get(INBOX, login, accept=BROWSER)
        asked.append(world.border.operations)
    assert asked[0] == asked[1]


def test_each_row_says_what_became_of_the_mail(world: World) -> None:
    world.publish()
    world.submit(answers(name="Nobody's mailbox", email="bounce@simulator.example"), key="1")
    world.submit(answers(name="On its way", email="ada@example.org"), key="2")
    world.drain()
    with world.border.aside():
        [item] = [one for one in world.items("mails") if one["submission_id"] == world.items("submissions")[0]["id"]]
        entry = ledger.find(item["submission_id"]["S"], item["kind"]["S"])
        assert entry is not None
        ledger.put_events(entry, replace(entry, state="bounced"))
    login = world.token("viewer")
    world.border.forget()
    rows = world.get(f"{INBOX}?state=received", login).json["submissions"]
    assert world.border.operations.count("BatchGetItem") == 2, "the reports of the page, and the state of their mails"
    [came_back] = [one for one in rows if one["mail"] == "bounced"]
    assert came_back["reference"] == show(item["submission_id"]["S"])
    assert sorted(one["mail"] for one in rows) == ["bounced", "sent"]
    page = world.get(f"{INBOX}?state=received&lang=de", login, accept=BROWSER).body
    assert '<li class="mark mark-look">E-Mail: kam zurück' in page
    assert "· E-Mail: verschickt" in page


def test_one_report_is_decided_at_its_own_address_too(world: World) -> None:
    fill(world, range(1, 4))
    login, one = world.token("moderator"), show(from_bits(2))
    address = f"{INBOX}/{one}/decisions"
    assert world.post(address, {"decision": "accept"}, login).json["outcomes"][0]["state"] == "accepted"
    assert world.post(address, {"decision": "accept"}, login).json["outcomes"][0]["outcome"] != "done", "once"
    assert world.get(f"{INBOX}/{show(from_bits(1))}", login).json["state"] == "confirmed"
    answer = world.post_form(address, {"decision": "reopen", "back": one}, login)
    assert answer.status == 303
    assert answer.headers["Location"].startswith(f"../../submissions/{one}?")
    merged = world.post(f"{INBOX}/{one}/decisions", {
        "decision": "merge", "submissions": [one, show(from_bits(3))], "primary": one,
    }, login).json  # fmt: skip
    assert {one["state"] for one in merged["outcomes"]} == {"confirmed", "duplicate"}
    assert world.post(f"{INBOX}/not-one/decisions", {"decision": "accept"}, login).status == 404
