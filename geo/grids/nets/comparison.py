"""Everything there is to say of several nets, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.grids.nets.agreement import agreement
from geo.grids.nets.proposal import propose_one_net
from geo.grids.nets.refinement import BASE_NET, face_weights, net_column, refinement
from geo.layers import require_columns

__all__ = ["NetComparison", "compare_nets"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetComparison:
    """The base grids and n departmental nets compared.

    `agreement`
        A row each two nets (`AGREEMENT_COLUMNS`).
    `faces`
        Smallest common refinement (`refinement`), with `weight`, `is_conflict` and
        `proposed_grid_id`.
    `proposal`
        The base grids as proposed (`propose_one_net`).
    `basis`
        What `weight` counts: `residents`, `households` or `area`.
    """

    agreement: pd.DataFrame
    faces: gpd.GeoDataFrame
    proposal: gpd.GeoDataFrame
    basis: str

    @property
    def conflicts(self) -> gpd.GeoDataFrame:
        """The conflict map: the faces where nets cut across each other, slivers left out."""
        return self.faces[self.faces["is_conflict"]]


def compare_nets(
    grids: gpd.GeoDataFrame,
    nets: Mapping[str, gpd.GeoDataFrame],
    *,
    sliver_width_m: float,
    buildings: gpd.GeoDataFrame | None = None,
) -> NetComparison:
    """Compare departmental nets with the base grids and with each other.

    Parameters
    ----------
    grids
        Grids with `kind`, projected CRS in metres; the base grids are one net.
    nets
        Name to the polygons of a departmental net, same CRS; one called `grids` is told as
        `grids_2`.
    sliver_width_m
        Faces of a smaller mean width come from one border drawn twice.
    buildings
        Points that tell where residents live; see `face_weights`.

    Raises
    ------
    CRSError, LayerError
        If a frame is not in metres, two differ in CRS, or rows hold no polygon.
    """
    require_columns(grids, ["kind"], "grids")
    base = grids[grids["kind"] == "base"].sort_index()
    others = {f"{name}_2" if name == BASE_NET else name: nets[name] for name in sorted(nets)}
    every = {BASE_NET: base, **{name: net.sort_index() for name, net in others.items()}}
    faces = refinement(every, sliver_width_m=sliver_width_m)
    weight, basis = face_weights(faces, base, buildings)
    names = list(every)
    proposed, net = propose_one_net(faces, base, weight, nets=names)
    faces["weight"] = weight
    faces["is_conflict"] = _is_conflict(faces, names)
    faces["proposed_grid_id"] = proposed
    order = [name for name in faces.columns if name != "geometry"]
    return NetComparison(
        agreement=agreement(faces, weight, nets=names, basis=basis),
        faces=faces[[*order, "geometry"]],
        proposal=net,
        basis=basis,
    )


def _is_conflict(faces: gpd.GeoDataFrame, nets: list[str]) -> pd.Series:
    """Return True for faces in two polygons of two nets of which neither holds the other.

    Judged by the faces that are no slivers; ground that one net leaves out counts as a polygon of
    its own.
    """
    wide = faces[~faces["is_sliver"]]
    found = np.zeros(len(wide), dtype=bool)
    for at, left in enumerate(nets):
        for right in nets[at + 1 :]:
            i, j = wide[net_column(left)], wide[net_column(right)]
            n_of_i = j.fillna("").groupby(i).transform("nunique")
            n_of_j = i.fillna("").groupby(j).transform("nunique")
            found |= ((n_of_i > 1) & (n_of_j > 1) & i.notna() & j.notna()).to_numpy()
    return pd.Series(found, index=wide.index).reindex(faces.index, fill_value=False)
