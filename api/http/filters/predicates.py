"""The predicates of CQL2 over the queryables of a collection."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np

from api.http.columns import Column, Rows
from api.http.filters.lists import ARRAY_PREDICATES, array_truth
from api.http.filters.operands import (
    Flagged,
    Instants,
    Numbers,
    Operand,
    Texts,
    find_column,
    instants_of,
    scalar_operand,
)
from api.http.filters.places import SPATIAL_PREDICATES, Places, spatial_truth
from api.http.filters.truth import Truth
from api.http.problems import RequestError

__all__ = ["rows_where"]

_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_WORDS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_MIRRORED: Final = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PAIR: Final = 2
_TRIPLE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scope:
    columns: Mapping[str, Column]
    places: Places


def rows_where(tree: object, columns: Mapping[str, Column], places: Places) -> Rows:
    """Return the rows that the filter `tree` holds for, ascending.

    Raises
    ------
    RequestError
        If the tree asks for what is no queryable or no operation of ours.
    """
    truth = _truth(tree, _Scope(columns=columns, places=places))
    return np.flatnonzero(np.broadcast_to(truth.yes, (len(places.projected.is_missing),)))


def _truth(node: object, scope: _Scope) -> Truth:
    if isinstance(node, bool):
        return Truth.always(yes=node)
    if not isinstance(node, dict):
        raise RequestError("http.filter_unknown", what=str(node)[:80])
    if "property" in node:
        return _flag_truth(scalar_operand(node, scope.columns), str(node["property"]))
    name, args = node.get("op"), node.get("args")
    if not isinstance(name, str) or not isinstance(args, list):
        raise RequestError("http.filter_unknown", what=str(node)[:80])
    return _operation(name, args, scope)


def _operation(name: str, args: list[Any], scope: _Scope) -> Truth:
    plain = name.lower()
    if plain in {"and", "or"} and args:
        found = [_truth(arg, scope) for arg in args]
        return reduce(lambda a, b: a & b if plain == "and" else a | b, found)
    if plain == "not" and len(args) == 1:
        return ~_truth(args[0], scope)
    if plain in _PREDICATES:
        return _PREDICATES[plain](plain, args, scope)
    if plain in SPATIAL_PREDICATES and len(args) == _PAIR:
        return spatial_truth(plain, args, scope.places)
    if plain in ARRAY_PREDICATES and len(args) == _PAIR:
        return array_truth(plain, args, scope.columns)
    raise RequestError("http.filter_unknown", what=name[:80])


def _flag_truth(operand: Operand, name: str) -> Truth:
    if not isinstance(operand, Flagged):
        raise RequestError("http.filter_types", what=name)
    return Truth.of(operand.values == 1, ~np.isnan(operand.values))


def _comparison(name: str, args: list[Any], scope: _Scope) -> Truth:
    if len(args) != _PAIR:
        raise RequestError("http.filter_unknown", what=name)
    left, right = (scalar_operand(arg, scope.columns) for arg in args)
    return _compared(name, left, right)


def _compared(name: str, left: Operand, right: Operand) -> Truth:
    if isinstance(left, Texts) and isinstance(right, Texts):
        return _texts_compared(name, left, right)
    if isinstance(left, Texts) and isinstance(right, Instants):
        left = instants_of(left)
    if isinstance(right, Texts) and isinstance(left, Instants):
        right = instants_of(right)
    if isinstance(left, Texts) or isinstance(right, Texts) or type(left) is not type(right):
        raise RequestError("http.filter_types", what=name)
    if isinstance(left, Flagged) and name not in {"=", "<>"}:
        raise RequestError("http.filter_types", what=name)
    is_known = ~(np.isnan(left.values) | np.isnan(right.values))
    return Truth.of(_COMPARE[name](left.values, right.values), is_known)


def _texts_compared(name: str, left: Texts, right: Texts) -> Truth:
    """Compare each different word once where one side is the same for all rows."""
    if len(left.codes) == 1 and len(right.codes) != 1:
        left, right, name = right, left, _MIRRORED[name]
    if len(right.codes) == 1:
        word = right.words[0]
        return _each_word(left, lambda own: _WORDS[name](own, word))
    pairs = [np.array([*texts.words, ""], dtype=object)[texts.codes] for texts in (left, right)]
    verdict = np.array([_WORDS[name](a, b) for a, b in zip(*pairs, strict=True)], dtype=np.bool_)
    return Truth.of(verdict, (left.codes >= 0) & (right.codes >= 0))


def _each_word(texts: Texts, verdict: Callable[[str], bool]) -> Truth:
    table = np.array([*(verdict(word) for word in texts.words), False], dtype=np.bool_)
    return Truth.of(table[texts.codes], texts.codes >= 0)


def _like(name: str, args: list[Any], scope: _Scope) -> Truth:
    if len(args) != _PAIR:
        raise RequestError("http.filter_unknown", what=name)
    texts, pattern = (scalar_operand(arg, scope.columns) for arg in args)
    if not isinstance(texts, Texts) or not isinstance(pattern, Texts) or len(pattern.codes) != 1:
        raise RequestError("http.filter_types", what=name)
    return _each_word(texts, _matcher(pattern.words[0]))


def _matcher(pattern: str) -> Callable[[str], bool]:
    """Return whether a word is like `pattern`: `%` any text, `_` one character, a backslash quotes.

    The pieces between `%` are sought one after the other, so the time is bounded whatever the
    pattern.
    """
    pieces = [""]
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            pieces.append("")
        elif character == "_":
            pieces[-1] += "."
        else:
            pieces[-1] += re.escape(next(characters, "\\") if character == "\\" else character)
    compiled = [re.compile(piece, re.DOTALL) for piece in pieces]
    last = re.compile(f"(?:{pieces[-1]})\\Z", re.DOTALL)

    def matches(word: str) -> bool:
        if len(compiled) == 1:
            return compiled[0].fullmatch(word) is not None
        found = compiled[0].match(word)
        for piece in compiled[1:-1]:
            found = piece.search(word, found.end()) if found else None
        return found is not None and last.search(word, found.end()) is not None

    return matches


def _between(name: str, args: list[Any], scope: _Scope) -> Truth:
    operands = [scalar_operand(arg, scope.columns) for arg in args]
    if len(operands) != _TRIPLE or not all(isinstance(o, Numbers | Instants) for o in operands[1:]):
        raise RequestError("http.filter_types", what=name)
    value, low, high = operands
    return _compared(">=", value, low) & _compared("<=", value, high)


def _in(name: str, args: list[Any], scope: _Scope) -> Truth:
    if len(args) != _PAIR or not isinstance(args[1], list) or not args[1]:
        raise RequestError("http.filter_unknown", what=name)
    value = scalar_operand(args[0], scope.columns)
    choices = [scalar_operand(arg, scope.columns) for arg in args[1]]
    return reduce(lambda a, b: a | b, [_compared("=", value, choice) for choice in choices])


def _is_null(name: str, args: list[Any], scope: _Scope) -> Truth:
    if len(args) != 1 or not isinstance(args[0], dict) or "property" not in args[0]:
        raise RequestError("http.filter_unknown", what=name)
    if args[0]["property"] == "geometry":
        is_missing = scope.places.projected.is_missing
    else:
        is_missing = find_column(args[0], scope.columns).is_missing
    return Truth(yes=is_missing, no=~is_missing)


_PREDICATES: Final[Mapping[str, Callable[[str, list[Any], _Scope], Truth]]] = {
    **dict.fromkeys(_COMPARE, _comparison),
    "like": _like,
    "between": _between,
    "in": _in,
    "isnull": _is_null,
}
