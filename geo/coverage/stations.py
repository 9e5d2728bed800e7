"""C508: "1 centre + N stations" (1 个中心 + N 个站点) in every community."""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.findings import Report, findings_frame
from geo.layers import Layers, ancestors
from geo.membership import assign_to_grids, first_cover
from geo.standards import Figure

__all__ = ["find_incomplete_communities"]

_CENTRE: Final = "circle.centre_categories"
_STATION: Final = "circle.station_categories"
_LEVELS: Final = "circle.unit_levels"
_PEOPLE: Final = ("residents", "households")


def find_incomplete_communities(
    layers: Layers, figures: Mapping[str, Figure], *, people: pd.DataFrame | None = None
) -> Report:
    """Report the communities without a centre or without any station.

    Parameters
    ----------
    layers
        Grids, units and sites with `category`. A site is in the community that covers its place
        (several: the smallest id); where a community has no polygon, in that of the base grid that
        covers it.
    figures
        Figures of the standard: `circle.centre_categories`, `circle.station_categories` (letter
        case and full width do not matter) and `circle.unit_levels`, names of the level of
        communities; without it, or where no unit is of such a level, the lowest level.
    people
        `residents` and `households` by grid id: whom a finding touches where the unit does not say.

    Returns
    -------
    report
        C508, a row a community: measure share of the two that is there (0 or 0.5), limit 1; counts
        `n_judged`, `n_centres`, `n_stations`. Skipped, with the key of the reason, where the
        standard names no categories, the sites have none, or none of them is one of the two.

    Notes
    -----
    O((s + u) log u) for s sites and u communities.
    """
    units, sites = layers.units, layers.sites
    if not {_CENTRE, _STATION} <= set(figures):
        return _skipped(layers, "coverage.no_one_plus_n")
    if units is None or sites is None or "category" not in sites.columns:
        return _skipped(layers, "coverage.no_site_categories")
    is_centre, is_station = (_is_one_of(sites, figures[name]) for name in (_CENTRE, _STATION))
    if not (is_centre | is_station).any():
        return _skipped(layers, "coverage.no_centre_or_station")
    level = _level(layers, figures.get(_LEVELS))
    communities = units[units["level"] == level]
    place = _community_of(sites, communities, layers)
    n = len(communities)
    counts = [
        np.bincount(place[kind & (place >= 0)], minlength=n) for kind in (is_centre, is_station)
    ]
    n_centres, n_stations = counts
    lived = _living(communities, layers, people)
    shapes = _shapes(communities, layers)
    found: list[Mapping[str, Any]] = [
        {
            "rule": "C508",
            "layer": "units",
            "unit_ids": (communities.index[at],),
            "measure": ((n_centres[at] > 0) + (n_stations[at] > 0)) / 2,
            "limit": 1.0,
            **{name: float(lived[name].iloc[at]) for name in _PEOPLE},
            "details": {
                "n_centres": int(n_centres[at]),
                "n_stations": int(n_stations[at]),
                "source": figures[_CENTRE].source,
                "confidence": figures[_CENTRE].confidence,
            },
            "geometry": shapes[at],
        }
        for at in np.flatnonzero((n_centres == 0) | (n_stations == 0))
    ]
    return Report(
        findings=findings_frame(found, layers.crs),
        counts=MappingProxyType(
            {
                "n_judged": n,
                "n_centres": int(n_centres.sum()),
                "n_stations": int(n_stations.sum()),
            }
        ),
    )


def _skipped(layers: Layers, reason: str) -> Report:
    return Report(
        findings=findings_frame([], layers.crs), skipped=MappingProxyType({"C508": reason})
    )


def _is_one_of(sites: gpd.GeoDataFrame, figure: Figure) -> npt.NDArray[np.bool_]:
    words = figure.value if isinstance(figure.value, tuple) else (str(figure.value),)
    known = {_bare(word) for word in words}
    return np.array([_bare(word) in known for word in sites["category"]], dtype=bool)


def _bare(word: object) -> str:
    return unicodedata.normalize("NFKC", str(word)).casefold().strip()


def _level(layers: Layers, figure: Figure | None) -> str:
    """Return the level of the communities: one that the standard names, else the lowest."""
    named = figure.value if figure is not None and isinstance(figure.value, tuple) else ()
    known = {_bare(word) for word in named}
    levels = layers.levels or tuple(layers.units["level"].unique())  # type: ignore[index]
    return next((level for level in reversed(levels) if _bare(level) in known), levels[-1])


def _community_of(
    sites: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, layers: Layers
) -> npt.NDArray[np.intp]:
    """Return the position of the community of each site, -1 where it is in none."""
    place = first_cover(sites, communities, _is_drawn(communities))
    lost = place < 0
    if lost.any():
        above = ancestors(layers.grids, layers.units)  # type: ignore[arg-type]
        mine = above[above["unit_id"].isin(communities.index[~_is_drawn(communities)])]
        by_grid = mine.drop_duplicates("grid_id").set_index("grid_id")["unit_id"]
        grid = assign_to_grids(sites[lost], layers.grids)
        place[lost] = communities.index.get_indexer(pd.Index(grid.map(by_grid)))
    return place


def _is_drawn(units: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    return np.asarray(~(units.geometry.isna() | units.geometry.is_empty), dtype=bool)


def _living(
    communities: gpd.GeoDataFrame, layers: Layers, people: pd.DataFrame | None
) -> pd.DataFrame:
    """Return `residents` and `households` of each community, its own figure first."""
    above = ancestors(layers.base_grids, layers.units)  # type: ignore[arg-type]
    known = {}
    for name in _PEOPLE:
        values = pd.Series(np.nan, index=communities.index)
        if people is not None:
            each = above["grid_id"].map(people[name]).groupby(above["unit_id"])
            values = each.sum(min_count=1).reindex(communities.index)
        if name in communities:
            values = communities[name].astype(float).fillna(values)
        known[name] = values.astype(float)
    return pd.DataFrame(known, index=communities.index)


def _shapes(communities: gpd.GeoDataFrame, layers: Layers) -> list[Any]:
    """Return the polygon of each community; without one, that of its base grids together."""
    shapes = list(communities.geometry.array)
    above = ancestors(layers.base_grids, layers.units)  # type: ignore[arg-type]
    for at in np.flatnonzero(~_is_drawn(communities)):
        mine = above.loc[above["unit_id"] == communities.index[at], "grid_id"]
        shapes[at] = shapely.union_all(layers.grids.geometry.loc[mine].array) if len(mine) else None
    return shapes
