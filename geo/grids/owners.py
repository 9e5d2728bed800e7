"""Who should have a disputed piece: the owner that is proposed for it.

Of an overlap or a gap the grids that the finding names are asked; of what reaches outside its
parent (G210) and of detached parts (G206) the base grids around. One whose parent the piece lies in
goes before one whose parent it does not; then the longest border that the piece would have in
common with the rest of the grid; equal: the smallest id.
"""

from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.grids.kernel import Rings, alongside, segments_of
from geo.grids.parents import parent_positions

__all__ = ["proposed_owners"]

_JUDGED: Final = ("G201", "G202", "G203", "G204")
_REACHING: Final = ("G206", "G210")
_OUTSIDE: Final = "G210"
_REACH_M: Final = 1e-5
_TIE_M: Final = 1e-6


def proposed_owners(
    findings: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, units: gpd.GeoDataFrame | None
) -> pd.DataFrame:
    """Return the grid proposed for each overlap and gap, and the border (m) they have in common.

    Parameters
    ----------
    findings
        With `rule`, `defect`, `grid_ids`; the geometry is the disputed piece. Overlaps and gaps
        (G201-G204), detached parts (G206) and parts outside the parent (G210) of base grids get an
        owner, the last only inside its parent; an overlay is nobody's to give away.
    grids
        Grids with `kind`, `parent_id` where known, same CRS.
    units
        The units above, for their polygons; None without.

    Returns
    -------
    owners
        `owner_id` (text, None without) and `border_m`, on the index of `findings`.

    Notes
    -----
    O(k · v) for k pieces with a grid of v vertices beside.
    """
    owners = pd.DataFrame(
        {
            "owner_id": pd.Series(None, index=findings.index, dtype=object),
            "border_m": pd.Series(np.nan, index=findings.index, dtype=float),
        }
    )
    pieces = _pieces(findings)
    asked = _asked(findings, grids, pieces)
    if asked.empty:
        return owners
    asked["border_m"] = _border_m(asked, pieces, grids)
    is_overlap = (findings["defect"] == "overlap").to_numpy(bool)[asked["piece"]]
    around_m = shapely.length(pieces)[asked["piece"]]
    asked["border_m"] = np.where(is_overlap, around_m - asked["border_m"], asked["border_m"])
    asked["is_within"] = _is_in_parent(asked, pieces, grids, units=units)
    is_beyond = findings["rule"].to_numpy()[asked["piece"]] == _OUTSIDE
    asked = asked[asked["is_within"] | ~is_beyond]
    asked["rounded_m"] = np.round(asked["border_m"] / _TIE_M)
    best = asked.sort_values(
        ["piece", "is_within", "rounded_m", "grid_id"], ascending=[True, False, False, True]
    ).drop_duplicates("piece")
    at = findings.index[best["piece"].to_numpy()]
    owners.loc[at, "owner_id"] = best["grid_id"].to_numpy(dtype=object)
    owners.loc[at, "border_m"] = np.maximum(best["border_m"].to_numpy(float), 0.0)
    return owners


def _pieces(findings: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Return what is disputed: the geometry, of a grid in several parts all but its largest."""
    pieces = np.array(findings.geometry.array, dtype=object)
    for at in np.flatnonzero(findings["rule"] == "G206"):
        parts = shapely.get_parts(pieces[at])
        pieces[at] = shapely.multipolygons(np.delete(parts, int(np.argmax(shapely.area(parts)))))
    return pieces


def _asked(
    findings: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, pieces: npt.NDArray[np.object_]
) -> pd.DataFrame:
    """Return `piece, grid_id, grid` (positions) of the grids that each disputed piece is near."""
    is_base = (grids["kind"] == "base").to_numpy(bool)
    rows = [
        (piece, grid_id)
        for piece, (rule, ids) in enumerate(
            zip(findings["rule"], findings["grid_ids"], strict=True)
        )
        if rule in _JUDGED
        for grid_id in ids
    ]
    rows += _around(findings, grids, pieces)
    table = pd.DataFrame(rows, columns=["piece", "grid_id"])
    table["grid"] = grids.index.get_indexer(table["grid_id"])
    table = table[table["grid"] >= 0]
    is_given = pd.Series(is_base[table["grid"]], index=table.index)
    is_mixed = ~is_given.groupby(table["piece"]).transform("all")
    is_overlap = (findings["defect"] == "overlap").to_numpy(bool)[table["piece"]]
    asked: pd.DataFrame = table[is_given & ~(is_mixed & is_overlap)].reset_index(drop=True)
    return asked


def _around(
    findings: gpd.GeoDataFrame, grids: gpd.GeoDataFrame, pieces: npt.NDArray[np.object_]
) -> list[tuple[int, str]]:
    """Return the base grids beside each piece of a base grid that reaches where it should not."""
    base = grids[grids["kind"] == "base"]
    mine = findings["grid_ids"].str[0]
    is_open = findings["rule"].isin(_REACHING) & mine.isin(base.index)
    at = np.flatnonzero(is_open)
    if not len(at):
        return []
    piece, grid = base.sindex.query(pieces[at], predicate="intersects")
    names = base.index.to_numpy()[grid]
    is_other = names != mine.to_numpy()[at[piece]]
    return list(zip(at[piece][is_other].tolist(), names[is_other].tolist(), strict=True))


def _border_m(
    asked: pd.DataFrame, pieces: npt.NDArray[np.object_], grids: gpd.GeoDataFrame
) -> npt.NDArray[np.float64]:
    """Return how far the border of each piece runs along that of its grid (m)."""
    used, piece = np.unique(asked["piece"], return_inverse=True)
    near, grid = np.unique(asked["grid"], return_inverse=True)
    shapes = np.concatenate([pieces[used], np.asarray(grids.geometry.array, dtype=object)[near]])
    rows, start = segments_of(Rings.of(shapes), np.arange(len(shapes)))
    along_m, _ = alongside(
        rows,
        start,
        piece.astype(np.int64),
        (grid + len(used)).astype(np.int64),
        np.full(len(asked), _REACH_M),
    )
    return np.asarray(along_m, dtype=np.float64)


def _is_in_parent(
    asked: pd.DataFrame,
    pieces: npt.NDArray[np.object_],
    grids: gpd.GeoDataFrame,
    *,
    units: gpd.GeoDataFrame | None,
) -> npt.NDArray[np.bool_]:
    """Return True where the piece lies in the polygon of the grid's parent."""
    if units is None or "parent_id" not in grids:
        return np.zeros(len(asked), dtype=bool)
    parent = parent_positions(grids, units)[asked["grid"]]
    inner = shapely.point_on_surface(pieces)[asked["piece"]]
    outer = np.asarray(units.geometry.array, dtype=object)
    shapely.prepare(outer)
    is_within: npt.NDArray[np.bool_] = (parent >= 0) & shapely.covers(outer[parent], inner)
    return is_within
