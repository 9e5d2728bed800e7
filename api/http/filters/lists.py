"""Predicates on lists: what a row holds, against the list that a filter gives."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from api.http.columns import Column
from api.http.filters.operands import find_column
from api.http.filters.truth import Truth
from api.http.problems import RequestError

__all__ = ["ARRAY_PREDICATES", "array_truth"]

ARRAY_PREDICATES: Final = ("a_contains", "a_containedby", "a_equals", "a_overlaps")
_MIRRORED: Final = {"a_contains": "a_containedby", "a_containedby": "a_contains"}


def array_truth(name: str, args: list[Any], columns: Mapping[str, Column]) -> Truth:
    """Return where `name` holds between a list property and a list.

    Raises
    ------
    RequestError
        Unless one of `args` names a queryable that holds lists and the other is a list.
    """
    left, right = args
    if isinstance(left, list) and isinstance(right, dict):
        left, right, name = right, left, _MIRRORED.get(name, name)
    if not isinstance(left, dict) or "property" not in left or not isinstance(right, list):
        raise RequestError("http.filter_types", what=name)
    column = find_column(left, columns)
    if column.kind != "list" or not all(isinstance(item, str | int | float) for item in right):
        raise RequestError("http.filter_types", what=name)
    n_rows = len(column.is_missing)
    wanted = {str(item) for item in right}
    known = [column.lookup[item] for item in wanted if item in column.lookup]
    n_held = np.bincount(column.rows, minlength=n_rows)
    n_shared = np.bincount(column.rows[np.isin(column.codes, known)], minlength=n_rows)
    holds_all, held_by = n_shared == len(wanted), n_shared == n_held
    verdict = {
        "a_contains": holds_all,
        "a_containedby": held_by,
        "a_equals": holds_all & held_by,
        "a_overlaps": n_shared > 0,
    }[name]
    return Truth.of(verdict, ~column.is_missing)
