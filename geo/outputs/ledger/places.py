"""Street and community of every grid, by its parent codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from geo.audit import Audit

__all__ = ["Places", "label", "places_of"]

_MAX_LEVELS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Names for the ledger's columns 街道, 社区, 网格.

    `by_grid`, `by_unit`
        Id to the names of its street and community, empty where it has none.
    `grid_labels`
        Grid id to `name（id）`.
    `unit_names`
        Unit id to its name, else its id.
    `chains`
        Unit id to the ids from the top unit down to it: what units are sorted by.
    """

    by_grid: Mapping[str, tuple[str, str]]
    by_unit: Mapping[str, tuple[str, str]]
    grid_labels: Mapping[str, str]
    unit_names: Mapping[str, str]
    chains: Mapping[str, tuple[str, ...]]

    def named(self, grid_ids: Iterable[str], unit_ids: Iterable[str]) -> tuple[str, str, str]:
        """Return streets, communities and grids of a finding, each 、-joined.

        Units tell the place where no grid does.
        """
        grids = list(grid_ids)
        found = [self.by_grid[grid] for grid in grids if grid in self.by_grid]
        if not any(any(pair) for pair in found):
            found = [self.by_unit[unit] for unit in unit_ids if unit in self.by_unit]
        streets, communities = (_joined(pair[place] for pair in found) for place in (0, 1))
        return streets, communities, _joined(self.grid_labels.get(g, g) for g in grids)


def places_of(audit: Audit) -> Places:
    """Return the places of all grids and units: the lowest level is 社区, the one above 街道."""
    names = _unit_names(audit)
    chains = _chains(audit, names)
    by_unit = _streets_and_communities(audit, names, chains)
    nowhere = ("", "")
    grids = audit.all_grids
    parents = grids["parent_id"] if "parent_id" in grids else pd.Series(None, index=grids.index)
    by_grid: dict[str, tuple[str, str]] = {}
    for grid, parent in zip(grids.index, parents, strict=True):  # coarser grids come first
        known = by_grid if audit.finer is not None and parent in by_grid else by_unit
        by_grid[grid] = known.get(parent, nowhere)
    return Places(
        by_grid=by_grid,
        by_unit=by_unit,
        grid_labels=_labels(grids),
        unit_names=names,
        chains=chains,
    )


def label(name: object, key: str) -> str:
    """Return `name（id）`, or the id where there is no name of its own."""
    return f"{name}（{key}）" if isinstance(name, str) and name and name != key else key


def _labels(frame: pd.DataFrame) -> dict[str, str]:
    names = frame["name"] if "name" in frame else pd.Series(None, index=frame.index)
    return {key: label(name, key) for key, name in zip(frame.index, names, strict=True)}


def _unit_names(audit: Audit) -> dict[str, str]:
    units = audit.units
    if units is None:
        return {}
    names = units["name"] if "name" in units else pd.Series(None, index=units.index)
    return {
        key: name if isinstance(name, str) and name else str(key)
        for key, name in zip(units.index, names, strict=True)
    }


def _chains(audit: Audit, known: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    units = audit.units
    if units is None:
        return {}
    parent = units["parent_id"].to_dict() if "parent_id" in units else {}
    return {key: _chain(key, parent, known) for key in known}


def _chain(key: str, parent: Mapping[str, str], known: Mapping[str, str]) -> tuple[str, ...]:
    """Return the units from the top down to `key`; a circle of parents ends."""
    chain: list[str] = []
    while key in known and key not in chain and len(chain) < _MAX_LEVELS:
        chain.append(key)
        key = parent.get(key, "")
    return tuple(reversed(chain))


def _streets_and_communities(
    audit: Audit, names: Mapping[str, str], chains: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, str]]:
    levels = audit.layers.levels
    if audit.units is None or not levels:
        return {}
    level = audit.units["level"].to_dict()
    found = {}
    for key, chain in chains.items():
        by_level = {level[unit]: names[unit] for unit in chain}
        street = by_level.get(levels[-2], "") if len(levels) > 1 else ""
        found[key] = (street, by_level.get(levels[-1], ""))
    return found


def _joined(texts: Iterable[str]) -> str:
    return "、".join(dict.fromkeys(text for text in texts if text))
