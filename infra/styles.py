"""Cut a style sheet to what pages use: rules whose classes, elements and attributes occur, and what those refer to.

Reads CSS with tinycss2 and judges selectors by their tokens. Where it is in doubt it keeps a rule. Cutting twice gives
what cutting once gave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tinycss2

Node = Any  # of tinycss2, which is not typed

_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)")


@dataclass(frozen=True)
class Used:
    """What occurs in pages: class names, element names, and attributes that matter to the sheet."""

    classes: frozenset[str]
    elements: frozenset[str]
    attributes: frozenset[str] = frozenset()
    """Attributes starting with `data-` that occur; all others are taken to occur."""

    input_types: frozenset[str] = frozenset()
    """Values of `type=`; a rule for another one is dropped."""


@dataclass(frozen=True)
class _Style:
    selectors: tuple[str, ...]
    declarations: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Group:
    """A rule that holds rules: `@media (…)`."""

    prelude: str
    rules: tuple[_Style | _Group, ...]


def cut(sheet: str, used: Used, *, also: Iterable[str] = ()) -> str:
    """`sheet` without comments and without what `used` has no use for, one rule a line.

    Custom properties stay when a kept rule refers to them, through others too, or when a text of `also` does: another
    style sheet that builds on this one.
    """
    rules = tuple(_rules(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True), used))
    needed = _needed(rules, also)
    return "".join(_written(_without(rules, needed)))


def classes_of(sheet: str) -> frozenset[str]:
    """Every class name that a selector of `sheet` asks for."""
    rules = _rules(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True), None)
    found = (re.findall(r"\.(-?[A-Za-z_][\w-]*)", one) for style in _styles(rules) for one in style.selectors)
    return frozenset(name for names in found for name in names)


def properties_of(sheet: str) -> tuple[frozenset[str], frozenset[str]]:
    """The custom properties that `sheet` sets, and those it refers to."""
    rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    declarations = [one for style in _styles(_rules(rules, None)) for one in style.declarations]
    return frozenset(name for name, _value in declarations if name.startswith("--")), _references(declarations)


# Reading


def _rules(nodes: Sequence[Node], used: Used | None) -> Iterator[_Style | _Group]:
    for node in nodes:
        if node.type == "qualified-rule":
            selectors = tuple(
                tinycss2.serialize(one).strip() for one in _listed(node.prelude) if used is None or _occurs(one, used)
            )
            declarations = tuple(_declarations(node.content))
            if selectors and declarations:
                yield _Style(selectors, declarations)
        elif node.type == "at-rule" and node.lower_at_keyword in {"media", "supports"}:
            inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            prelude = f"@{node.lower_at_keyword} {tinycss2.serialize(node.prelude).strip()}"
            yield _Group(prelude, tuple(_rules(inner, used)))
        elif node.type == "at-rule" and node.lower_at_keyword == "font-face":
            yield _Style(("@font-face",), tuple(_declarations(node.content)))
        elif node.type == "error":
            raise ValueError(f"line {node.source_line}: {node.message}")


def _declarations(content: Sequence[Node]) -> Iterator[tuple[str, str]]:
    for one in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if one.type != "declaration":
            raise ValueError(f"line {one.source_line}: only declarations can be cut, not {one.type}")
        value = tinycss2.serialize([token for token in one.value if token.type != "comment"]).strip()
        tight = value if "url(" in value else re.sub(r"\s+", " ", value)
        yield one.name, tight + (" !important" if one.important else "")


def _listed(tokens: Sequence[Node]) -> Iterator[list[Node]]:
    """The parts of a comma-separated list."""
    part: list[Node] = []
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            yield part
            part = []
        else:
            part.append(token)
    yield part


# Judging


def _occurs(selector: Sequence[Node], used: Used) -> bool:
    """Whether pages can hold what the selector asks for."""
    before = ""
    for token in selector:
        if token.type == "ident" and not _known_name(before, token.value, used):
            return False
        if token.type == "[] block" and not _known_attribute(token.content, used):
            return False
        # `:not()` asks for nothing; of `:is()`, `:where()` and `:has()` one alternative is enough.
        alternatives = token.type == "function" and token.lower_name in {"is", "where", "has"}
        if alternatives and not any(_occurs(one, used) for one in _listed(token.arguments)):
            return False
        before = token.value if token.type == "literal" else token.type
    return True


def _known_name(before: str, name: str, used: Used) -> bool:
    if before == ".":
        return name in used.classes
    if before == ":":
        return True
    return name.lower() in used.elements


def _known_attribute(content: Sequence[Node], used: Used) -> bool:
    words = [token for token in content if token.type in {"ident", "string"}]
    name = words[0].value.lower()
    if name.startswith("data-"):
        return name in used.attributes
    return name != "type" or len(words) == 1 or words[1].value in used.input_types


# Custom properties


def _styles(rules: Iterable[_Style | _Group]) -> Iterator[_Style]:
    for rule in rules:
        if isinstance(rule, _Style):
            yield rule
        else:
            yield from _styles(rule.rules)


def _references(declarations: Iterable[tuple[str, str]]) -> frozenset[str]:
    return frozenset(name for _name, value in declarations for name in _VARIABLE.findall(value))


def _needed(rules: Sequence[_Style | _Group], also: Iterable[str]) -> set[str]:
    declarations = [one for style in _styles(rules) for one in style.declarations]
    waiting = set(_references(one for one in declarations if not one[0].startswith("--")))
    waiting.update(name for text in also for name in _VARIABLE.findall(text))
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= _references(one for one in declarations if one[0] == name) - needed
    return needed


def _without(rules: Iterable[_Style | _Group], needed: set[str]) -> Iterator[_Style | _Group]:
    """The rules without properties that nothing needs, and without those that are empty then."""
    for rule in rules:
        if isinstance(rule, _Style):
            kept = tuple(one for one in rule.declarations if not one[0].startswith("--") or one[0] in needed)
            if kept:
                yield _Style(rule.selectors, kept)
        else:
            inner = tuple(_without(rule.rules, needed))
            if inner:
                yield _Group(rule.prelude, inner)


# Writing


def _written(rules: Iterable[_Style | _Group], indent: str = "") -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, _Style):
            declarations = ";".join(f"{name}:{value}" for name, value in rule.declarations)
            yield f"{indent}{','.join(rule.selectors)}{{{declarations}}}\n"
        else:
            yield f"{indent}{rule.prelude} {{\n"
            yield from _written(rule.rules, f"{indent} ")
            yield f"{indent}}}\n"
