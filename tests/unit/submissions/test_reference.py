"""References: no two alike, short enough to read out, and a slip of the pen is noticed."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.submissions.reference import ALPHABET, BITS, LENGTH, from_bits, from_chance, from_digest, read, show

ids = st.integers(min_value=0, max_value=2**BITS - 1).map(from_bits)


@given(ids)
def test_what_is_shown_can_be_read_back(submission_id: str) -> None:
    assert read(show(submission_id)) == submission_id


def test_a_reference_is_shown_in_three_groups_of_four() -> None:
    assert show("K7Q49XMD2RTB") == "K7Q4-9XMD-2RTB"


@given(st.integers(min_value=0, max_value=2**BITS - 1), st.integers(min_value=0, max_value=2**BITS - 1))
def test_other_bits_give_another_reference(one: int, other: int) -> None:
    assert (from_bits(one) == from_bits(other)) == (one == other)


@given(ids, st.integers(0, LENGTH - 1))
def test_every_single_wrong_character_is_found(submission_id: str, place: int) -> None:
    for character in ALPHABET.replace(submission_id[place], ""):
        assert read(submission_id[:place] + character + submission_id[place + 1 :]) is None


@given(ids)
def test_every_swap_of_neighbours_is_found(submission_id: str) -> None:
    for place in range(LENGTH - 1):
        one, other = submission_id[place], submission_id[place + 1]
        swapped = submission_id[:place] + other + one + submission_id[place + 2 :]
        assert (read(swapped) is None) == (one != other)


def test_the_check_is_the_scheme_it_says_on_every_pair_of_values() -> None:
    """Damm: with x*y = 2x + 2y in GF(32), (c*x)*y = (c*y)*x only for x = y, and x*x = 0."""
    for first in range(32):
        for second in range(32):
            bits = (first << 50) | (second << 45)
            swapped = (second << 50) | (first << 45)
            if first != second:
                assert from_bits(bits)[-1] != from_bits(swapped)[-1]


@given(ids)
def test_a_reference_may_be_written_in_any_human_way(submission_id: str) -> None:
    for written in (
        show(submission_id).lower(),
        " ".join(submission_id),
        f" {submission_id[:6]} - {submission_id[6:]} ",
        submission_id.replace("0", "O").replace("1", "l"),
        submission_id.replace("0", "o").replace("1", "I"),
    ):
        assert read(written) == submission_id


@given(st.text())
def test_any_text_is_either_no_reference_or_reads_as_one(text: str) -> None:
    found = read(text)
    assert found is None or read(show(found)) == found


def test_what_is_too_short_too_long_or_has_a_letter_that_is_not_used_is_no_reference() -> None:
    good = from_bits(123_456_789)
    assert read(good) == good
    assert [read(written) for written in ("", good[:-1], good + "0", "U" + good[1:], "Ü" + good[1:])] == [None] * 5


def test_chance_asks_for_all_its_bits() -> None:
    asked: list[int] = []
    from_chance(lambda bits: asked.append(bits) or 7)  # type: ignore[func-returns-value]
    assert asked == [55]
    assert from_chance(lambda _bits: 7) == from_bits(7)


@given(st.binary(min_size=7, max_size=32))
def test_a_digest_always_gives_the_same_reference(digest: bytes) -> None:
    assert from_digest(digest) == from_digest(digest[:7])
    assert read(from_digest(digest)) == from_digest(digest)
