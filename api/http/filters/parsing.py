"""From the text of a filter to its tree, within bounds that hold before any parser sees it."""

import re
from typing import Any, Final

import cql2
import orjson

from api.http.problems import RequestError

__all__ = ["FILTER_LANGUAGES", "parse_filter"]

FILTER_LANGUAGES: Final = ("cql2-text", "cql2-json")

_MAX_CHARACTERS: Final = 16_000
_MAX_DEPTH: Final = 40
_MAX_NODES: Final = 2_000
_MAX_CHAIN: Final = 200
_REASON: Final = 160
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_CHAINED: Final = re.compile(r"\b(?:not|and|or)\b|[-+*/%^]", re.IGNORECASE)

Tree = Any
"""CQL2 as JSON: objects, arrays, numbers, text, flags."""


def parse_filter(text: str, language: str) -> Tree:
    """Return the tree of the filter `text`.

    Raises
    ------
    RequestError
        If it is too long, nested too deep, or not CQL2.
    """
    if len(text) > _MAX_CHARACTERS:
        raise RequestError("http.filter_too_long", length=len(text), maximum=_MAX_CHARACTERS)
    tree = _from_text(text) if language == "cql2-text" else _from_json(text)
    if tree is None:
        raise RequestError("http.filter_unknown", what="null")
    _require_small(tree)
    return tree


def _from_text(text: str) -> Tree:
    bare = _QUOTED.sub("''", text)
    if _depth(bare) > _MAX_DEPTH or len(_CHAINED.findall(_without_numbers(bare))) > _MAX_CHAIN:
        raise RequestError("http.filter_too_deep", maximum=_MAX_DEPTH)
    try:
        return cql2.parse_text(text).to_json()
    except RecursionError as error:
        raise RequestError("http.filter_too_deep", maximum=_MAX_DEPTH) from error
    except (ValueError, cql2.ParseError, cql2.ValidationError) as error:
        raise _unreadable(error) from error


def _from_json(text: str) -> Tree:
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> RequestError:
    reason = " ".join(str(error).split())
    return RequestError("http.filter_unreadable", reason=reason[:_REASON])


def _depth(bare: str) -> int:
    """Return how deep the brackets of `bare` (no quoted text) are nested."""
    depth = deepest = 0
    for character in bare:
        if character in "([":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]":
            depth -= 1
    return deepest


def _without_numbers(bare: str) -> str:
    """Return `bare` without the signs of coordinates, which nest nothing."""
    return re.sub(r"(?<=[\s,(])-(?=[\d.])|(?<=\d[eE])[-+]", "", bare)


def _require_small(tree: Tree) -> None:
    """Refuse a tree that is too deep, or holds too many operations."""
    level: list[Any] = [tree]
    n_nodes = 0
    for _ in range(_MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            children = node.values() if isinstance(node, dict) else node
            if isinstance(node, dict | list):
                below.extend(child for child in children if isinstance(child, dict | list))
                n_nodes += isinstance(node, dict)
        if not below:
            break
        level = below
    else:
        raise RequestError("http.filter_too_deep", maximum=_MAX_DEPTH)
    if n_nodes > _MAX_NODES:
        raise RequestError("http.filter_too_deep", maximum=_MAX_DEPTH)
