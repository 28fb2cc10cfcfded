"""What is counted of a call."""

from datetime import timedelta
from typing import Any

import msgspec

from chalicelib.figures.figures import Figures, Tally, count_figures, counted_fields
from chalicelib.runtime.clock import stamp
from chalicelib.submissions.outline import Outline
from tests.builders import NOON, call_of, later

CALL = call_of()


def outline(state: str = "confirmed", **more: Any) -> Outline:
    answers = msgspec.json.encode(more.pop("answers", {"themes": ["green"], "relation": "knows"})).decode()
    plain: dict[str, Any] = {
        "submitted_at": stamp(NOON), "confirmed_at": stamp(later(hours=1)), "decided_at": None, "expires_at": None,
        "language": "de", "answers": answers,
    }  # fmt: skip
    return Outline(state=state, **(plain | more))


def count(*outlines: Outline) -> Figures:
    return count_figures(CALL, outlines, at=stamp(NOON), now=NOON)


def test_nothing_gives_zeros() -> None:
    figures = count()
    assert (figures.total, figures.days, figures.typical_wait, figures.waiting_since) == (0, {}, None, None)
    assert figures.fields["themes"] == {"green": Tally(), "work": Tally(), "other": Tally()}


def test_only_what_was_confirmed_counts_by_answer() -> None:
    figures = count(outline(), outline("received"), outline("withdrawn"), outline("accepted"), outline("rejected"))
    assert figures.total == 5
    assert figures.fields["themes"]["green"] == Tally(reports=3, accepted=1)
    assert figures.languages["de"] == Tally(reports=3, accepted=1)


def test_what_has_expired_is_not_there() -> None:
    end = int(NOON.timestamp())
    assert count(outline("received", expires_at=end), outline("received", expires_at=end + 1)).states["received"] == 1


def test_days_are_those_of_the_call() -> None:
    late = NOON.replace(hour=22, minute=30)  # half past midnight in Berlin
    assert count(outline(submitted_at=stamp(late))).days == {"2026-05-05": 1}


def test_the_wait_is_a_median_and_counts_by_days() -> None:
    spans = [timedelta(hours=2), timedelta(days=2), timedelta(days=40)]
    figures = count(*(outline("accepted", decided_at=stamp(NOON + span)) for span in spans))
    assert figures.typical_wait == 2 * 86_400
    assert figures.waits == {1: 1, 3: 1, 7: 0, 14: 0, 30: 0, 0: 1}


def test_what_waits_longest_is_told() -> None:
    figures = count(outline(confirmed_at=stamp(later(hours=3))), outline(confirmed_at=stamp(later(hours=2))))
    assert figures.waiting_since == stamp(later(hours=2))


def test_a_choice_that_the_form_offers_no_more_comes_last() -> None:
    figures = count(outline(answers={"themes": ["gone", "green"]}))
    assert list(figures.fields["themes"]) == ["green", "work", "other", "gone"]


def test_what_is_personal_or_free_text_is_not_counted() -> None:
    assert [one.id for one in counted_fields(CALL)] == ["themes", "relation"]


def test_figures_survive_their_storage() -> None:
    figures = count(outline("accepted", decided_at=stamp(later(days=2))))
    assert msgspec.json.decode(msgspec.json.encode(figures), type=Figures) == figures


def test_what_is_dearer_to_count_is_kept_longer() -> None:
    assert count().fresh_for == timedelta(seconds=60)
    assert count(*[outline()] * 500).fresh_for == timedelta(seconds=61)
