"""Counts of people too small to be shown: fewer than the k of the standard could name somebody.

What is hidden is the count itself and the number in a sentence; totals of larger areas stay.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from geo.standards import Standard

__all__ = ["HIDDEN", "least_count", "with_small_counts_hidden"]

HIDDEN: Final = -1
"""Stands in the tables of the page for a count above 0 and below k."""

_COUNTS: Final = ("residents", "households", "residents_moved", "residents_moved_in")
_MESSAGES: Final = ("message_zh", "message_en")
_PERSONS: Final = frozenset({"households", "persons"})
_NUMBER: Final = re.compile(
    r"(?<![\d.,第])(\d{1,3}(?:\.\d+)?)(?=\s*(?:户|人(?!民)|households?\b|residents?\b|people\b|persons?\b))"
)


def least_count(standard: Standard) -> float:
    """Return k: the smallest count of people or households that is shown; 0 shows every one."""
    return standard.limit("k_anonymity") if "k_anonymity" in standard.thresholds else 0.0


def with_small_counts_hidden(table: Mapping[str, list[Any]], k: float) -> dict[str, list[Any]]:
    """Return a table of the page with counts above 0 and below `k` as `HIDDEN`.

    That is residents, households, residents moved, a measure in households or persons, and numbers
    of them in the sentences.
    """
    found = dict(table)
    for name in _COUNTS:
        if name in found:
            found[name] = [_hidden(value, k) for value in found[name]]
    if "measure" in found and "measure_unit" in found:
        pairs = zip(found["measure"], found["measure_unit"], strict=True)
        found["measure"] = [_hidden(v, k) if unit in _PERSONS else v for v, unit in pairs]
    for name in _MESSAGES:
        if name in found:
            found[name] = [None if text is None else _told(text, k) for text in found[name]]
    return found


def _hidden(value: float | None, k: float) -> float | None:
    return HIDDEN if value is not None and 0 < value < k else value


def _told(text: str, k: float) -> str:
    def told(hit: re.Match[str]) -> str:
        return f"<{k:g}" if 0 < float(hit[1]) < k else hit[1]

    return _NUMBER.sub(told, text)
