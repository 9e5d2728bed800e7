"""Repair of grids of several levels: from coarse to fine, each inside what was mended above it."""

from collections.abc import Mapping
from dataclasses import replace

import geopandas as gpd
import pandas as pd

from geo.errors import NotFoundError
from geo.layers import Layers
from geo.planning.disputes import find_faults
from geo.planning.repair import CHOICES, Repair, RepairRules, repair_grids

__all__ = ["repair_layers"]

_CODES = ("G201", "G202", "G203", "G204", "G207")


def repair_layers(layers: Layers, *, rules: RepairRules) -> Repair:
    """Mend the overlaps and gaps of the grids of every level of `layers`.

    Returns
    -------
    repair
        As `repair_grids`, the grids of all levels in one frame; `n_rounds` of the level with the
        most.

    Raises
    ------
    CRSError, LayerError, NotFoundError
        As `repair_grids`.
    """
    if not layers.finer:
        return _repair(layers, rules)
    repairs: list[Repair] = []
    left = {name for name in rules.choices if name not in _CODES}
    for number in range(len(layers.grid_levels)):
        at = layers.at_level(number)
        own = _own_choices(at, rules)
        left -= set(own)
        repairs.append(_repair(at, replace(rules, choices=own)))
        mended = repairs[-1].grids.drop(columns="status")
        every = layers.all_grids
        layers = layers.with_grids(
            gpd.GeoDataFrame(pd.concat([every.drop(index=mended.index), mended]), crs=layers.crs)
        )
    if left:
        raise NotFoundError("planning.no_finding", finding=min(left))
    return _joined(repairs)


def _repair(layers: Layers, rules: RepairRules) -> Repair:
    return repair_grids(
        layers.grids, rules=rules, outlines=layers.outlines, buildings=layers.buildings
    )


def _own_choices(layers: Layers, rules: RepairRules) -> Mapping[str, str]:
    """Return the choices that are about the grids of one level."""
    if not rules.choices:
        return {}
    faults = find_faults(
        layers.grids,
        layers.outlines,
        noise_width_m=rules.noise_width_m,
        sliver_width_m=rules.sliver_width_m,
    )
    known = set(faults["finding_id"])
    return {
        name: choice
        for name, choice in rules.choices.items()
        if name in known
        or (name in _CODES and (choice in CHOICES or choice[len("to:") :] in layers.grids.index))
    }


def _joined(repairs: list[Repair]) -> Repair:
    def one(name: str) -> gpd.GeoDataFrame:
        frames = [getattr(each, name) for each in repairs]
        filled = [frame for frame in frames if len(frame)] or frames[:1]
        return gpd.GeoDataFrame(
            pd.concat(filled, ignore_index=name != "grids"), crs=repairs[0].grids.crs
        )

    names = ("grids", "changes", "proposals", "before", "after")
    return Repair(**{name: one(name) for name in names}, n_rounds=max(r.n_rounds for r in repairs))
