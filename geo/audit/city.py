"""What one audit measures once and every check may use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from geo import coverage as circles
from geo import grids as tiling
from geo.audit.surfaces import covered, surfaces
from geo.audit.trust import doubtful_layers, trusted_layers, unjudged
from geo.codes import CodeScheme, code_scheme
from geo.io import Loaded
from geo.layers import Layers
from geo.standards import Standard, Tier
from geo.words import LANGUAGES, text

__all__ = [
    "City",
    "areas_of_sites",
    "circles_to_draw",
    "measure",
    "notes",
    "sites_with_loads",
    "summary_of",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class City:
    """What every step may use; `model` gives the verdicts of coverage."""

    layers: Layers
    standard: Standard
    demand: Any
    people: pd.DataFrame
    matched: tiling.Tiling
    borders: pd.DataFrame
    coverage: pd.DataFrame
    network: circles.NetworkKernel | None
    capacity: circles.Capacity | None
    doubtful: frozenset[str]
    codes: Mapping[str, CodeScheme]
    remarks: tuple[Mapping[str, str], ...]
    has_parents_by_place: bool
    model: str
    is_finer: bool = False

    def widths(self) -> dict[str, float]:
        """Widths (m) that tell noise, sliver and defect apart."""
        return {name: self.standard.limit(name) for name in ("noise_width_m", "sliver_width_m")}

    def tiles(self) -> gpd.GeoDataFrame:
        """Return the grids that must tile the ground (`tiles_of`)."""
        return tiles_of(self.layers, self.standard)

    def outlines(self) -> gpd.GeoDataFrame | None:
        """Polygons of the lowest level of units that has any; None without."""
        return self.layers.outlines


def tiles_of(layers: Layers, standard: Standard) -> gpd.GeoDataFrame:
    """Return the grids that must tile the ground: dedicated ones as base where carved out."""
    if standard.limit("dedicated_carved"):
        return layers.grids.assign(kind="base")
    return layers.grids


def measure(loaded: Loaded) -> City:
    """Compute what several steps share: demand, people, borders, coverage."""
    doubtful = doubtful_layers(loaded.sources)
    standard = loaded.standard
    layers, remarks = _spread(trusted_layers(loaded.layers, doubtful), standard)
    cover = circles.CoverageRules.from_standard(standard)
    demand = circles.grid_demand(
        layers.grids, layers.buildings, has_all_buildings=layers.has_all_buildings
    )
    tiers = standard.tiers if layers.sites is not None else {}
    network = _network(layers, demand, tiers=tiers, rules=cover)
    table = pd.concat(
        [
            covered(layers, each.demand, tiers=each.tiers, rules=cover, network=each.network)
            for each in surfaces(demand, tiers, network)
        ],
        ignore_index=True,
    )
    if "sites" in doubtful:
        table = unjudged(table)
    people = circles.grid_totals(layers.grids, demand)
    capacity = None
    if tiers and "sites" not in doubtful:
        capacity = circles.capacity_of(
            layers,
            demand,
            people,
            tiers=surfaces(demand, tiers, network)[0].tiers,
            rules=cover,
            network=network,
        )
    matched = tiling.tile(
        tiles_of(layers, standard), layers.outlines, noise_width_m=standard.limit("noise_width_m")
    )
    return City(
        layers=layers,
        standard=standard,
        demand=demand,
        people=people,
        matched=matched,
        borders=tiling.neighbours(
            layers.grids, sliver_width_m=standard.limit("sliver_width_m"), tiling=matched
        ),
        coverage=table,
        network=network,
        capacity=capacity,
        doubtful=doubtful,
        codes={name: code_scheme(code) for name, code in loaded.project.codes.items()},
        remarks=remarks,
        has_parents_by_place=loaded.project.specs("grids")[0].parent == "place",
        model=circles.RADIUS if network is None else circles.NETWORK,
    )


_BESIDE: Final = (
    *("area_share", "residents_share", "households_share"),
    *("n_blank", "n_thin", "n_crowded", "n_unknown"),
)
"""What is told by radius beside the totals along streets."""


def summary_of(city: City) -> dict[str, dict[str, Any]]:
    """Return per tier the totals over the base grids, each by the demand that the tier serves.

    Along streets `by_radius` holds what the straight line says of the same tier.
    """
    tiers = city.standard.tiers
    totals: dict[str, dict[str, Any]] = {}
    for each in surfaces(city.demand, tiers, city.network):
        totals |= circles.coverage_summary(
            city.coverage, each.demand, city.layers, tiers=each.tiers, model=city.model
        )
        if city.model != circles.RADIUS:
            beside = circles.coverage_summary(
                city.coverage, each.demand, city.layers, tiers=each.tiers
            )
            for name, row in beside.items():
                totals[name]["by_radius"] = {key: row[key] for key in _BESIDE}
    return {name: totals[name] for name in tiers if name in totals}


def _spread(layers: Layers, standard: Standard) -> tuple[Layers, tuple[Mapping[str, str], ...]]:
    """Return `layers` with totals spread over the buildings where the project wants it."""
    wanted = standard.limit("spread_totals")
    if wanted:
        return circles.spread_totals(layers, by_count=wanted != 1)
    notes = circles.spreading_notes(layers)
    if any(tier.demand == "workers" for tier in standard.tiers.values()):
        layers, said = circles.spread_totals(layers, columns=("outdoor_workers",))
        notes = (*said, *notes)
    return layers, notes


def _network(
    layers: Layers,
    demand: circles.Demand,
    *,
    tiers: Mapping[str, Tier],
    rules: circles.CoverageRules,
) -> circles.NetworkKernel | None:
    """Return the streets with sites and demand on them, None without streets or sites."""
    if layers.streets is None or layers.sites is None or not tiers:
        return None
    return circles.NetworkKernel.prepare(
        layers.grids, layers.sites, layers.streets, demand=demand, tiers=tiers, rules=rules
    )


def notes(city: City) -> tuple[Mapping[str, str], ...]:
    """Return what the user should know of how demand and streets were judged, by language."""
    along = () if city.network is None else city.network.messages()
    shared = () if city.capacity is None else city.capacity.messages()
    offered = circles.service_notes(
        circles.service_census(city.layers.sites),
        city.standard.tiers,
        n_grids=len(city.layers.grids),
    )
    return (
        *city.remarks,
        *_told_levels(city.layers),
        *city.demand.messages,
        *along,
        *shared,
        *offered,
    )


def _told_levels(layers: Layers) -> tuple[Mapping[str, str], ...]:
    """Return the levels of the grids with their numbers, by language; none where there is one."""
    if not layers.finer:
        return ()
    frames = (layers.grids, *layers.finer.values())
    counts = [
        f"{name} {len(grids):,}" for name, grids in zip(layers.grid_levels, frames, strict=True)
    ]
    fields = {"levels": " > ".join(counts), "main": layers.grid_levels[0]}
    return ({language: text("audit.grid_levels", language, **fields) for language in LANGUAGES},)


def sites_with_loads(city: City) -> gpd.GeoDataFrame | None:
    """Return the sites with `load_T` of each tier where their capacity is known."""
    sites, capacity = city.layers.sites, city.capacity
    if sites is None or capacity is None:
        return sites
    kept = sites.drop(columns=capacity.loads.columns.intersection(sites.columns))
    order = [*kept.columns.drop(kept.geometry.name), *capacity.loads.columns, kept.geometry.name]
    return kept.join(capacity.loads)[order]


def circles_to_draw(city: City) -> gpd.GeoDataFrame:
    """Return the circles to draw, by radius and along streets.

    Those along streets need the most memory, and are made before the others take any.
    """
    sites = None if "sites" in city.doubtful else city.layers.sites
    tiers, along = city.standard.tiers, None
    if city.network is not None and sites is not None:
        along = circles.network_circles(city.network, sites, tiers=tiers)
    drawn = circles.circles(sites, tiers=tiers, crs=city.layers.crs)
    if along is None:
        return drawn
    return gpd.GeoDataFrame(pd.concat([drawn, along], ignore_index=True), crs=city.layers.crs)


def areas_of_sites(city: City) -> gpd.GeoDataFrame | None:
    """Return the responsibility areas of the sites of the orphan tier (else the longest)."""
    standard = city.standard
    if city.layers.sites is None or "sites" in city.doubtful or not standard.tiers:
        return None
    name = standard.orphan_tier or list(standard.tiers)[-1]
    return circles.responsibility_areas(
        city.layers,
        city.demand,
        city.people,
        tier=standard.tiers[name],
        rules=circles.CoverageRules.from_standard(standard),
        network=city.network,
    )
