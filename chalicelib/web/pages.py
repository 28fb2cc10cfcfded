"""HTML pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.web.languages import languages
from chalicelib.web.templating import environment

if TYPE_CHECKING:
    from chalicelib.web.request import Request


def render(template: str, request: Request, **context: object) -> str:
    """`template` in the request's language. Contexts hold plain values; everything is escaped."""
    page = environment(request.language).get_template(template)
    return page.render(request=request, languages=languages(), root=request.root, **context)
