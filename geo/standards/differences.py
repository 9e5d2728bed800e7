"""Two standards side by side: every number that differs."""

from dataclasses import dataclass

from geo.standards.describing import StandardRow, standard_rows
from geo.standards.model import Standard

__all__ = ["Difference", "standard_differences"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One number in which two standards differ: `a` or `b` is None where only the other has it.

    `kind` is `value`, `source` (the same value from another source, or known with another
    confidence), `only_a` or `only_b`.
    """

    name: str
    title: str
    kind: str
    a: StandardRow | None
    b: StandardRow | None


def standard_differences(a: Standard, b: Standard, language: str) -> tuple[Difference, ...]:
    """Return what differs between two standards: tiers, thresholds, then other figures.

    Both are taken as they apply: with what they extend, over our default thresholds.
    """
    left = {(row.section, row.name): row for row in standard_rows(a, language)}
    right = {(row.section, row.name): row for row in standard_rows(b, language)}
    sections = {"tiers": 0, "thresholds": 1, "figures": 2}
    keys = sorted([*left, *(key for key in right if key not in left)], key=lambda k: sections[k[0]])
    found = []
    for key in keys:
        mine, theirs = left.get(key), right.get(key)
        kind = _kind(mine, theirs)
        either = mine or theirs
        if kind is not None and either is not None:
            found.append(
                Difference(name=either.name, title=either.title, kind=kind, a=mine, b=theirs)
            )
    return tuple(found)


def _kind(a: StandardRow | None, b: StandardRow | None) -> str | None:
    if a is None or b is None:
        return "only_b" if a is None else "only_a"
    if (a.value, a.unit) != (b.value, b.unit):
        return "value"
    return "source" if (a.source, a.confidence) != (b.source, b.confidence) else None
