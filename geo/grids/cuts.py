"""Buildings and estates that the border of a base grid cuts: G209.

A building is cut when no base grid holds all of it but for parts narrower than noise: a border that
only grazes a wall is none. The *smaller side* is everything but the largest part, be that part in
one base grid (equal: the smallest id) or in none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.findings import Report, concat_findings, findings_frame
from geo.grids.names import display_names
from geo.grids.widths import Geometries, Pieces
from geo.layers import (
    require_columns,
    require_metric,
    require_polygons,
    require_same_crs,
)

__all__ = ["find_cut_buildings", "find_cut_estates", "find_cuts"]

Positions = npt.NDArray[np.intp]
_LEAST_M2: Final = 1e-6
_REACH_M: Final = 0.001
_PEOPLE: Final = ("residents", "households")
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "buildings": {"thing_zh": "楼栋", "thing_en": "building"},
    "estates": {"thing_zh": "小区", "thing_en": "estate"},
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cuts:
    """The k outlines that are cut, `place` (k) their positions.

    `main` (k): the base grid with the largest part; `smaller`: the smaller side; `grids` (k): the
    positions of all base grids with a part of it.
    """

    place: Positions
    main: Positions
    smaller: Pieces
    grids: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, outlines: Geometries, polygons: Geometries, *, noise_width_m: float) -> Self:
        """Judge `outlines` against the base grids `polygons`, which come in order of ids.

        O(m log n + c) for m outlines, n grids and c pairs that meet.
        """
        tree = shapely.STRtree(polygons)
        is_whole = np.zeros(len(outlines), dtype=bool)
        is_whole[tree.query(outlines, predicate="covered_by")[0]] = True
        open_at = np.flatnonzero(~is_whole)
        which, grid = tree.query(outlines[open_at], predicate="intersects")
        at = open_at[which]
        parts = Pieces.of(shapely.intersection(outlines[at], polygons[grid]))
        keep = np.flatnonzero(parts.width_m >= noise_width_m)
        keep = keep[np.lexsort((grid[keep], -parts.area_m2[keep], at[keep]))]
        at, grid, parts = at[keep], grid[keep], parts.take(keep)
        cut, first = np.unique(at, return_index=True)
        smaller = Pieces.of(
            _smaller_sides(outlines[cut], parts, first=first), min_width_m=noise_width_m
        )
        is_cut = smaller.area_m2 > 0.0
        held = [tuple(sorted(part.tolist())) for part in np.split(grid, first[1:])]
        return cls(
            place=cut[is_cut],
            main=grid[first][is_cut],
            smaller=smaller.take(is_cut),
            grids=tuple(held[k] for k in np.flatnonzero(is_cut)),
        )


def _smaller_sides(outlines: Geometries, parts: Pieces, *, first: Positions) -> Geometries:
    """Return each outline less its largest part: in one base grid, or in none.

    `parts` come outline by outline, the largest first; `first`: where each outline begins. Where
    the grids hold all of the outline once it is their other parts, whose borders are cleaner than
    those of a difference.
    """
    held = [each for each in np.split(parts.geometry, first[1:]) if len(each)]
    inside = np.array([shapely.union_all(each) for each in held], dtype=object)
    others = np.array([shapely.union_all(each[1:]) for each in held], dtype=object)
    nowhere_m2 = shapely.area(outlines) - shapely.area(inside)
    twice_m2 = np.array([shapely.area(each).sum() for each in held]) - shapely.area(inside)
    rest = shapely.difference(outlines, parts.geometry[first])
    smaller: Geometries = np.where((nowhere_m2 < _LEAST_M2) & (twice_m2 < _LEAST_M2), others, rest)
    return np.where(nowhere_m2 > parts.area_m2[first], inside, smaller)


def _cut_m(side: shapely.Geometry, outline: shapely.Geometry) -> float:
    """Return for how many metres the border of `side` runs inside of `outline`."""
    rim = shapely.buffer(shapely.boundary(outline), _REACH_M)
    return float(shapely.length(shapely.difference(shapely.boundary(side), rim)))


def find_cuts(
    grids: gpd.GeoDataFrame,
    *,
    outlines: gpd.GeoDataFrame | None,
    estates: gpd.GeoDataFrame | None,
    noise_width_m: float,
    buildings: gpd.GeoDataFrame | None = None,
) -> Report:
    """Report buildings and estates that a border cuts; either layer may be missing.

    See `find_cut_buildings` and `find_cut_estates`. Skipped without both.
    """
    reports = []
    if outlines is not None:
        reports.append(find_cut_buildings(grids, outlines, noise_width_m=noise_width_m))
    if estates is not None:
        reports.append(
            find_cut_estates(grids, estates, noise_width_m=noise_width_m, buildings=buildings)
        )
    return Report(
        findings=concat_findings([report.findings for report in reports], grids.crs),
        thresholds={"noise_width_m": noise_width_m},
        counts={name: n for report in reports for name, n in report.counts.items()},
        skipped={} if reports else {"G209": "audit.skip_no_outlines"},
    )


def find_cut_buildings(
    grids: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame, *, noise_width_m: float
) -> Report:
    """Report every building whose outline lies in several base grids, or partly in none.

    Parameters
    ----------
    grids
        n polygons with `kind`, projected CRS in metres; base grids are judged.
    outlines
        m polygons of buildings, id as index, same CRS; `residents` and `households` where known.
        Buildings that lie in no base grid at all are no cut.
    noise_width_m
        Sides of a smaller mean width do not count.

    Returns
    -------
    report
        A finding a building: `measure` the area (m²) of its smaller side, `width_m` of that side's
        widest part, `grid_ids` all base grids with a part of it, geometry the smaller side;
        `details`: `owner_id`, the base grid with the largest part, and `border_m`, the metres of
        border inside the building.
        `counts`: `n_buildings`, `n_buildings_cut`.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, the two differ in CRS, or rows hold no polygon.
    """
    people = {name: outlines[name] for name in _PEOPLE if name in outlines}
    return _report(grids, outlines, "buildings", noise_width_m=noise_width_m, people=people)


def find_cut_estates(
    grids: gpd.GeoDataFrame,
    estates: gpd.GeoDataFrame,
    *,
    noise_width_m: float,
    buildings: gpd.GeoDataFrame | None = None,
) -> Report:
    """Report every estate (小区) that lies in several base grids, or partly in none.

    As `find_cut_buildings`; the residents are those of the `buildings` (points) in the estate,
    unknown without them. `counts`: `n_estates`, `n_estates_cut`.
    """
    people = {} if buildings is None else _people_in(estates, buildings)
    return _report(grids, estates, "estates", noise_width_m=noise_width_m, people=people)


def _people_in(estates: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> dict[str, pd.Series]:
    """Return the residents and households of the buildings in each estate, as far as given."""
    estate, point = buildings.sindex.query(estates.geometry.array, predicate="covers")
    return {
        name: pd.Series(
            np.bincount(
                estate,
                weights=buildings[name].fillna(0.0).to_numpy(float)[point],
                minlength=len(estates),
            ),
            index=estates.index,
        )
        for name in _PEOPLE
        if name in buildings
    }


def _report(
    grids: gpd.GeoDataFrame,
    outlines: gpd.GeoDataFrame,
    layer: str,
    *,
    noise_width_m: float,
    people: Mapping[str, pd.Series],
) -> Report:
    require_metric(grids, "grids")
    require_polygons(grids, "grids")
    require_columns(grids, ["kind"], "grids")
    require_polygons(outlines, layer)
    require_same_crs({"grids": grids, layer: outlines})
    base = grids[grids["kind"] == "base"].sort_index()
    cuts = _Cuts.of(
        np.asarray(outlines.geometry.array, dtype=object),
        np.asarray(base.geometry.array, dtype=object),
        noise_width_m=noise_width_m,
    )
    rows = _rows(base, outlines, cuts, layer=layer, people=people)
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={"noise_width_m": noise_width_m},
        counts={f"n_{layer}": len(outlines), f"n_{layer}_cut": len(cuts.place)},
    )


def _rows(
    base: gpd.GeoDataFrame,
    outlines: gpd.GeoDataFrame,
    cuts: _Cuts,
    *,
    layer: str,
    people: Mapping[str, pd.Series],
) -> Iterator[Mapping[str, Any]]:
    ids, names = outlines.index.to_numpy(), display_names(outlines)
    base_ids, words = base.index.to_numpy(), _WORDS[layer]
    shapes = np.asarray(outlines.geometry.array, dtype=object)
    area_m2 = shapely.area(shapes)
    order = np.argsort(ids[cuts.place], kind="stable")
    for k in order:
        at = cuts.place[k]
        subject = names.get(ids[at], ids[at])
        yield {
            "rule": "G209",
            "layer": layer,
            "grid_ids": tuple(base_ids[list(cuts.grids[k])]),
            "measure": cuts.smaller.area_m2[k],
            "width_m": cuts.smaller.width_m[k],
            "geometry": cuts.smaller.geometry[k],
            "details": {
                "subject_zh": f"{words['thing_zh']} {subject}",
                "subject_en": f"{words['thing_en']} {subject}",
                "share": cuts.smaller.area_m2[k] / area_m2[at],
                "owner_id": base_ids[cuts.main[k]],
                "border_m": _cut_m(cuts.smaller.geometry[k], shapes[at]),
            },
            **{name: values.iloc[at] for name, values in people.items()},
        }
