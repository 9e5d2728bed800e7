"""What the comparison of departmental nets writes: agreement table, refinement, one net."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import geopandas as gpd

from geo.grids.nets import NetComparison
from geo.outputs.geojson import feature_collection
from geo.outputs.tables import write_table

__all__ = ["NET_FILES", "net_writers"]

NET_FILES: Final = ("nets_agreement.csv", "nets_refinement.geojson", "nets_proposal.geojson")
"""Written when the project has departmental nets; those of an earlier run go when it has none."""


def net_writers(nets: NetComparison | None) -> Mapping[str, Callable[[Path], object]]:
    """Return file name to what writes it; empty without nets.

    `nets_agreement.csv`: how far each two nets agree; `nets_refinement.geojson`: the faces that all
    borders make together, each with its owner in every net and the grid it is proposed for;
    `nets_proposal.geojson`: the base grids as proposed.
    """
    if nets is None:
        return {}
    agreement, refinement, proposal = NET_FILES
    return {
        agreement: lambda path: write_table(nets.agreement, path),
        refinement: lambda path: path.write_bytes(_geojson(nets.faces, "nets_refinement")),
        proposal: lambda path: path.write_bytes(_geojson(nets.proposal, "nets_proposal")),
    }


def _geojson(frame: gpd.GeoDataFrame, name: str) -> bytes:
    ids = [str(each) for each in frame.index]
    return feature_collection(frame.reset_index(), name=name, ids=ids)
