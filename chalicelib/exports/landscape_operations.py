"""What the landscape's routes take and give, for `/openapi.json`. The words are the views' docstrings."""

from __future__ import annotations

from chalicelib.calls.schema import call_name
from chalicelib.errors import NotFound, Unavailable
from chalicelib.web.operation import JSON, PAGE, Answer, Operation

GEOJSON = "application/geo+json"
_TAG = {"ETag": "What `If-None-Match` names."}
_NAMES = {"call": call_name}
_TAGGED = {"If-None-Match": {"type": "string"}}
_SAME = Answer("It is the same.")
_ELSEWHERE = Answer("It is large: get it there, within a minute.", headers={"Location": "Where it is."})
_REFUSES = (NotFound, Unavailable)

SHOW = Operation(
    room="landscape", names=_NAMES, headers=_TAGGED, refuses=_REFUSES,
    gives={
        200: Answer("The landscape as a page; one file that needs no other.", {PAGE: {"type": "string"}}, _TAG),
        302: _ELSEWHERE,
        304: _SAME,
    },
)  # fmt: skip
DATA = Operation(
    room="landscape", names=_NAMES, headers=_TAGGED, refuses=_REFUSES,
    gives={
        200: Answer("The landscape, after `/schemas/landscape-1.json`.", {JSON: {"type": "object"}}, _TAG),
        302: _ELSEWHERE,
        304: _SAME,
    },
)  # fmt: skip
FEATURES = Operation(
    room="landscape", names=_NAMES, headers=_TAGGED, refuses=_REFUSES,
    gives={
        200: Answer(
            "A FeatureCollection (RFC 7946) with flat properties.",
            {GEOJSON: {"type": "object", "required": ["type", "features"]}},
            _TAG,
        ),
        302: _ELSEWHERE,
        304: _SAME,
    },
)  # fmt: skip
