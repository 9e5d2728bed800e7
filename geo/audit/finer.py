"""Grids of the finer levels (微网格): each level judged as a tiling of its own, in the same audit.

What lies above a level are the units and the grids of the coarser levels; where its grids name
grids as their parents, these are also its outlines. Size, demand and coverage stay with the
coarsest level, so that nobody is counted twice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo import coverage as circles
from geo import grids as tiling
from geo.audit.city import City, tiles_of
from geo.audit.columns import orphan_reasons, tiling_columns
from geo.audit.projection import mark_projection
from geo.audit.steps import STEPS, unmet
from geo.findings import Report, concat_findings
from geo.layers import Source

__all__ = ["Level", "find_at_finer_levels", "finer_grids"]

_OF_UNITS: Final = "H305"
_IN_SEVERAL: Final = "several"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """A finer level, judged: its `city`, the `reports` of the steps, and the raw `findings`."""

    city: City
    reports: Mapping[str, Report]
    findings: gpd.GeoDataFrame

    @classmethod
    def judged(cls, city: City, sources: Sequence[Source], chosen: Collection[str]) -> Self:
        """Run the steps that hold at every level, for the rules `chosen`."""
        reports = {
            step.name: step.run(city)
            for step in STEPS
            if step.at_every_level and set(step.rules) & set(chosen) and unmet(step, city) is None
        }
        found = concat_findings([each.findings for each in reports.values()], city.layers.crs)
        found = found[found["rule"].isin(chosen) & _is_of_level(found)]
        marked = mark_projection(
            found, city.layers, sources, noise_width_m=city.standard.limit("noise_width_m")
        )
        return cls(city=city, reports=reports, findings=marked)


def find_at_finer_levels(
    city: City, sources: Sequence[Source], chosen: Collection[str]
) -> tuple[Level, ...]:
    """Return the finer levels of `city`, from coarse to fine, judged by the rules `chosen`."""
    return tuple(
        Level.judged(_at_level(city, number), sources, chosen)
        for number in range(1, len(city.layers.grid_levels))
    )


def finer_grids(
    levels: Sequence[Level], findings: gpd.GeoDataFrame, orphan_tier: str | None
) -> gpd.GeoDataFrame | None:
    """Return the grids of all `levels` with the columns that tell of their borders, or None."""
    if not levels:
        return None
    frames = [
        tiling_columns(
            level.city.layers,
            findings,
            borders=level.city.borders,
            people=level.city.people,
            reasons=orphan_reasons(level.city.layers, findings, orphan_tier),
        )
        for level in levels
    ]
    joined = pd.concat(frames)
    order = [name for name in joined.columns if name != "geometry"]
    return gpd.GeoDataFrame(joined[[*order, "geometry"]], crs=levels[0].city.layers.crs)


def _at_level(city: City, number: int) -> City:
    """Return `city` as it looks from the grids of one finer level."""
    layers = city.layers.at_level(number)
    level = city.layers.grid_levels[number]
    demand = circles.grid_demand(
        layers.grids, layers.buildings, has_all_buildings=layers.has_all_buildings
    )
    standard = city.standard
    matched = tiling.tile(
        tiles_of(layers, standard), layers.outlines, noise_width_m=standard.limit("noise_width_m")
    )
    return replace(
        city,
        is_finer=True,
        layers=layers,
        people=circles.grid_totals(layers.grids, demand),
        matched=matched,
        borders=tiling.neighbours(
            layers.grids, sliver_width_m=standard.limit("sliver_width_m"), tiling=matched
        ),
        codes={"grids": city.codes[level]} if level in city.codes else {},
    )


def _is_of_level(found: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Return True for each finding that holds at a finer level.

    A coarser grid need not have finer ones; for buildings in no grid the coarsest level speaks.
    """
    return np.array(
        [
            rule != _OF_UNITS and details.get("case", _IN_SEVERAL) == _IN_SEVERAL
            for rule, details in zip(found["rule"], found["details"], strict=True)
        ],
        dtype=bool,
    )
