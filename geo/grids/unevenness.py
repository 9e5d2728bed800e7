"""Communities that differ too much in size: S405.

The communities compared are the units that base grids name as their parent, those under one unit
with each other (without a unit above: all of one level). A community's size is the households of
its base grids, else their residents; those with nobody are left out: they are S403 and H305.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.findings import Report, findings_frame
from geo.grids.names import display_names
from geo.layers import require_columns
from geo.standards import Standard

__all__ = ["UnevennessRules", "find_uneven_communities", "gini", "unevenness"]

_NOWHERE: Final = ""
_FEWEST: Final = 2
_MEASURES: Final = ("max_min_ratio", "cv", "gini", "outside_band_share")
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "max_min_ratio": ("最大与最小之比", "ratio of the largest to the smallest"),
    "cv": ("变异系数", "coefficient of variation"),
    "gini": ("基尼系数", "Gini coefficient"),
    "outside_band_share": (
        "超出中位数上下带宽的社区占比",
        "share outside the band round the median",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnevennessRules:
    """Limits of each measure of unevenness, all pure numbers, and the half width of the band."""

    max_ratio: float
    max_cv: float
    max_gini: float
    max_outside_band_share: float
    band_share: float

    @classmethod
    def from_standard(cls, standard: Standard) -> Self:
        """Return the limits of `standard`."""
        return cls(
            max_ratio=standard.limit("max_uneven_ratio"),
            max_cv=standard.limit("max_uneven_cv"),
            max_gini=standard.limit("max_uneven_gini"),
            max_outside_band_share=standard.limit("max_outside_band_share"),
            band_share=standard.limit("uneven_band_share"),
        )

    def limits(self) -> Mapping[str, float]:
        """Return the limit of each measure by its name."""
        return {
            "max_min_ratio": self.max_ratio,
            "cv": self.max_cv,
            "gini": self.max_gini,
            "outside_band_share": self.max_outside_band_share,
        }


def gini(values: npt.ArrayLike) -> float:
    """Return the Gini coefficient of positive `values`: 0 where all are equal, near 1 where not.

    Half the mean absolute difference of all pairs, over the mean. O(n log n).
    """
    x = np.sort(np.asarray(values, dtype=float))
    rank = np.arange(1, len(x) + 1)
    return float(((2 * rank - len(x) - 1) * x).sum() / (len(x) * x.sum()))


def unevenness(sizes: pd.Series, *, band_share: float) -> pd.Series:
    """Return how uneven positive `sizes` are.

    Parameters
    ----------
    sizes
        Households or residents of n ≥ 2 communities, each above 0.
    band_share
        Half width of the band round the median, as a share of it: 0.5 is 50 to 150 %.

    Returns
    -------
    measures
        `n_units`, `max_min_ratio`, `cv` (standard deviation of all n ÷ mean), `gini`,
        `outside_band_share` (share of the communities outside the band; its ends are inside).
    """
    x = sizes.to_numpy(float)
    outside = np.abs(x - np.median(x)) > band_share * np.median(x)
    return pd.Series(
        {
            "n_units": float(len(x)),
            "max_min_ratio": x.max() / x.min(),
            "cv": x.std() / x.mean(),
            "gini": gini(x),
            "outside_band_share": outside.mean(),
        },
        name="unevenness",
    )


def find_uneven_communities(
    grids: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    *,
    households: pd.Series | None,
    residents: pd.Series | None,
    rules: UnevennessRules,
) -> Report:
    """Report every unit whose communities are too uneven by any of the measures.

    Parameters
    ----------
    grids
        n grids with `kind` and `parent_id`; base grids are counted.
    units
        Units with `level`, and `parent_id` where there are levels above.
    households, residents
        Per grid id, missing where unknown; None where nothing is known. Households are preferred.
        A community with an unknown base grid is not judged.
    rules
        The limits; equal to a limit is within it.

    Returns
    -------
    report
        A finding for each unit above (or level, where there is none): `measure` and `limit` of the
        measure that is exceeded most in proportion, `unit_ids` the unit above, geometry the largest
        and the smallest community. `counts`: `n_communities`, `n_groups` judged.

    Raises
    ------
    LayerError
        If `grids` lacks `kind` or `parent_id`, or `units` lacks `level`.
    """
    require_columns(grids, ["kind", "parent_id"], "grids")
    require_columns(units, ["level"], "units")
    basis, people = ("households", households) if households is not None else ("residents", None)
    people = residents if people is None else people
    if people is None:
        skipped = {"S405": "audit.skip_no_size"}
        return Report(findings=findings_frame([], grids.crs), skipped=skipped)
    table = _communities(grids[grids["kind"] == "base"], units, people)
    groups = [group for group in table.groupby(["above", "level"]) if len(group[1]) >= _FEWEST]
    rows = [
        row
        for (above, _), group in groups
        for row in _rows(str(above), group["size"], units=units, rules=rules, basis=basis)
    ]
    return Report(
        findings=findings_frame(rows, grids.crs),
        thresholds={**rules.limits(), "band_share": rules.band_share},
        counts={"n_communities": len(table), "n_groups": len(groups)},
    )


def _communities(
    base: gpd.GeoDataFrame, units: gpd.GeoDataFrame, people: pd.Series
) -> pd.DataFrame:
    """Return `size`, `above`, `level` of every community that has people."""
    mine = base["parent_id"].isin(units.index)
    parent = base.loc[mine, "parent_id"].to_numpy()
    sizes = people.reindex(base.index[mine]).astype(float)
    total, is_unknown = sizes.groupby(parent).sum(), sizes.isna().groupby(parent).any()
    total = total[(total > 0) & ~is_unknown]
    known = units.loc[total.index]
    above = pd.Series(_NOWHERE, index=known.index, dtype=object)
    if "parent_id" in known:
        above = known["parent_id"].where(known["parent_id"].isin(units.index), _NOWHERE)
    level = known["level"].astype(str)
    return pd.DataFrame({"size": total, "above": above.astype(str), "level": level}).sort_index()


def _rows(
    above: str, sizes: pd.Series, *, units: gpd.GeoDataFrame, rules: UnevennessRules, basis: str
) -> Iterator[Mapping[str, Any]]:
    """Yield the finding of one group of communities, if any measure is beyond its limit."""
    found, limits = unevenness(sizes, band_share=rules.band_share), rules.limits()
    beyond = {
        name: found[name] / limits[name] if limits[name] else np.inf
        for name in _MEASURES
        if found[name] > limits[name]
    }
    if not beyond:
        return
    worst = max(beyond, key=lambda name: beyond[name])
    largest, smallest = str(sizes.idxmax()), str(sizes.idxmin())
    names = display_names(units)
    places = units.geometry.loc[[largest, smallest]]
    drawn = places[~(places.isna() | places.is_empty)]
    yield {
        "rule": "S405",
        "layer": "units",
        "unit_ids": (above,) if above != _NOWHERE else (),
        "measure": found[worst],
        "limit": limits[worst],
        "geometry": shapely.union_all(drawn.array) if len(drawn) else None,
        basis: float(sizes.sum()),
        "details": {
            "index_zh": _WORDS[worst][0],
            "index_en": _WORDS[worst][1],
            "basis_zh": "户" if basis == "households" else "人",
            "basis_en": basis,
            "where_zh": names.get(above, above) if above != _NOWHERE else "全域",
            "where_en": names.get(above, above) if above != _NOWHERE else "the whole area",
            "n_units": int(found["n_units"]),
            "largest": names.get(largest, largest),
            "largest_size": float(sizes.max()),
            "smallest": names.get(smallest, smallest),
            "smallest_size": float(sizes.min()),
            **{name: float(found[name]) for name in _MEASURES},
        },
    }
