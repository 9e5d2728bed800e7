"""The audit (体检) as one frozen value: what every output is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geo.grids.nets import NetComparison
from geo.layers import Layers, Source
from geo.standards import Standard

__all__ = ["Audit"]


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audit:
    """One run of the rules over one version of the layers. All frames in the working CRS.

    `grids`, `units`, `sites`
        The layers with the audit's columns added (contract.md, Outputs), ids as index.
    `finer`
        The grids of the finer levels with the columns that tell of their borders; None without.
    `circles`
        `site_id, tier, model, minutes, distance_m`, polygons.
    `findings`
        `FINDING_COLUMNS`, worst first.
    `coverage`
        The long table: `subject, id, tier, model, category, n_sites, nearest_m,
        nearest_minutes, area_share,
        residents_share, households_share, class`.
    `coverage_summary`
        Tier to `model, area_share, residents_share, households_share, n_sites, n_blank, n_thin,
        n_crowded, n_unknown`
        (and `demand_basis`, the basis of the totals).
    `noise`
        `n_overlaps`, `n_gaps`: narrower than `noise_width_m`.
    `skipped`
        Rule to the reason why it was not judged, language (`zh`, `en`) to text.
    `messages`
        What the user should know of how it was judged, each language (`zh`, `en`) to text.
    `quarantine`
        `layer, row, id, column, value, reason`, one refused row each.
    `need`
        Tier to category to how evenly the sites stand to those who need them (`need_summary`).
    `services`
        `offered`: code of the catalogue to number of sites; `unknown`: item that is not in it to
        number of sites. Empty where the sites do not say what they offer.
    `responsibility`
        `site_id, tier, model, residents, households, area_m2`, polygons: whom each site of the
        orphan tier is the nearest to; None without sites or tiers.
    `map_marks`
        `mark` and `approval_number` of the project, printed on maps and reports.
    `nets`
        The departmental nets compared with the base grids; None without nets.
    """

    project_id: str
    title: str
    language: str
    created: str
    standard: Standard
    layers: Layers
    grids: gpd.GeoDataFrame
    units: gpd.GeoDataFrame | None
    sites: gpd.GeoDataFrame | None
    circles: gpd.GeoDataFrame
    findings: gpd.GeoDataFrame
    coverage: pd.DataFrame
    coverage_summary: Mapping[str, Mapping[str, Any]]
    noise: Mapping[str, int]
    skipped: Mapping[str, Mapping[str, str]]
    rules: tuple[str, ...]
    sources: tuple[Source, ...]
    quarantine: pd.DataFrame
    verdict_model: str = "radius"
    messages: tuple[Mapping[str, str], ...] = ()
    nets: NetComparison | None = None
    finer: gpd.GeoDataFrame | None = None
    responsibility: gpd.GeoDataFrame | None = None
    need: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=_nothing)
    services: Mapping[str, Mapping[str, int]] = field(default_factory=_nothing)
    map_marks: Mapping[str, str] = field(default_factory=_nothing)

    @property
    def crs(self) -> CRS:
        """The working CRS."""
        return self.layers.crs

    @property
    def all_grids(self) -> gpd.GeoDataFrame:
        """The grids of all levels, those of `grids` first; what only these have is missing."""
        if self.finer is None:
            return self.grids
        joined = pd.concat([self.grids, self.finer])
        return gpd.GeoDataFrame(joined, geometry="geometry", crs=self.crs)

    def n_findings(self, severity: str) -> int:
        """Return how many findings have `severity`."""
        return int((self.findings["severity"] == severity).sum())
