"""Coverage by radius of a version, as it is and with sites added or left out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import Transformer

from api.http.problems import RequestError
from geo.audit import Audit
from geo.coverage import CoverageRules, coverage_summary, grid_demand, radius_coverage

__all__ = ["coverage_with"]

_NEW: Final = "new-{n}"


def coverage_with(
    audit: Audit, *, added: Sequence[Mapping[str, Any]], removed: Collection[str]
) -> dict[str, Any]:
    """Return per tier the coverage `before` and `after`, and the grids whose class changes.

    Parameters
    ----------
    audit
        A version.
    added
        Sites, each with `lon`, `lat` (WGS 84) and, where tiers ask for it, `category`.
    removed
        Ids of sites to be left out.

    Raises
    ------
    RequestError
        If the version has no sites, or one to be left out is not there.
    """
    layers = audit.layers
    if layers.sites is None:
        raise RequestError("door.no_sites")
    unknown = [name for name in removed if name not in layers.sites.index]
    if unknown:
        raise RequestError("door.unknown_sites", ids="、".join(unknown[:20]))
    kept = layers.sites.drop(index=list(removed))
    after = pd.concat([kept, _new_sites(layers.sites, added)]) if added else kept
    summaries, classes = [], []
    demand = grid_demand(layers.grids, layers.buildings, has_all_buildings=layers.has_all_buildings)
    tiers, rules = audit.standard.tiers, CoverageRules.from_standard(audit.standard)
    for sites in (layers.sites, after):
        long = radius_coverage(layers.grids, sites, demand, tiers=tiers, rules=rules)
        summaries.append(coverage_summary(long, demand, replace(layers, sites=sites), tiers=tiers))
        mine = long[(long["subject"] == "grid") & (long["category"] == "all")]
        classes.append(mine.set_index(["tier", "id"])["class"])
    before, after_classes = classes[0], classes[1].reindex(classes[0].index)
    is_changed = (before != after_classes).to_numpy()
    keys = before.index[is_changed].to_frame(index=False)
    return {
        "model": "radius",
        "before": summaries[0],
        "after": summaries[1],
        "changed": [
            {"tier": tier, "grid_id": grid, "before": old, "after": new}
            for tier, grid, old, new in zip(
                keys["tier"], keys["id"], before[is_changed], after_classes[is_changed], strict=True
            )
        ],
    }


def _new_sites(sites: gpd.GeoDataFrame, added: Sequence[Mapping[str, Any]]) -> gpd.GeoDataFrame:
    transformer = Transformer.from_crs("EPSG:4326", sites.crs, always_xy=True)
    places = [transformer.transform(float(site["lon"]), float(site["lat"])) for site in added]
    index = pd.Index([_NEW.format(n=n) for n in range(1, len(added) + 1)], name=sites.index.name)
    columns = {"category": [site.get("category") for site in added]} if "category" in sites else {}
    return gpd.GeoDataFrame(columns, geometry=shapely.points(places), index=index, crs=sites.crs)
