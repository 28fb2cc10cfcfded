"""Templates: escaped, in one language, loud about what they were not given."""

import pytest
from jinja2 import UndefinedError

from chalicelib.web.templating import environment, paragraphs


def test_what_people_wrote_is_escaped_in_pages_and_not_in_text() -> None:
    escapes = environment("de").autoescape
    assert callable(escapes)
    assert escapes("mail/confirm.html") is True
    assert escapes("mail/confirm.txt") is False


def test_a_name_that_was_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment("en").from_string("{{ nobody }}").render()


def test_blank_lines_part_paragraphs() -> None:
    assert paragraphs("eins\nzwei\n\n\n drei \r\n\r\nvier\n") == ["eins\nzwei", "drei", "vier"]
