"""References by name, or by a name written otherwise: proposed, never taken."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from geo.codes import match_names, plain_name
from geo.layers import Layers

__all__ = ["Proposal", "propose_parents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an unknown reference may mean.

    `how` is `same` (it is the unit's name, not its code), `variant`, `similar` (see
    `geo.codes.NameMatch`) or `repeats`: several units have that name, so only the code can tell.
    `candidates` are ids and names; `characters` the pairs that differ.
    """

    layer: str
    column: str
    value: str
    rows: int
    how: str
    candidates: tuple[tuple[str, str], ...]
    characters: tuple[tuple[str, str], ...] = ()


def propose_parents(layers: Layers) -> tuple[Proposal, ...]:
    """Return for each unknown parent of grids and units the units whose name it may be.

    O(n) and the time of `match_names` for the values that are unknown.
    """
    units = layers.parents
    if units is None or "name" not in units:
        return ()
    return tuple(
        proposal
        for layer, frame in (("grids", layers.all_grids), ("units", layers.units))
        if frame is not None and "parent_id" in frame
        for proposal in _proposed(layer, frame["parent_id"], units)
    )


def _proposed(layer: str, parents: pd.Series, units: pd.DataFrame) -> Iterator[Proposal]:
    unknown = parents[parents.notna() & ~parents.isin(units.index)].astype(str)
    counts = unknown.value_counts(sort=False)
    names = units["name"].dropna().astype(str)
    by_name: dict[str, list[str]] = {}
    for name_id, name in names.items():
        by_name.setdefault(plain_name(name), []).append(str(name_id))
    left = {}
    for value in counts.index:
        held = by_name.get(plain_name(value), [])
        if len(held) > 1:
            yield Proposal(
                layer=layer,
                column="parent_id",
                value=value,
                rows=int(counts[value]),
                how="repeats",
                candidates=tuple((name_id, names[name_id]) for name_id in held),
            )
        else:
            left[value] = value
    for match in match_names(left, {str(key): name for key, name in names.items()}):
        yield Proposal(
            layer=layer,
            column="parent_id",
            value=match.left_id,
            rows=int(counts[match.left_id]),
            how=match.how,
            candidates=((match.right_id, match.right_name),),
            characters=match.characters,
        )
