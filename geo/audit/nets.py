"""The departmental nets of an audit: compared with its base grids, by what it knows of people."""

import pandas as pd

from geo.grids.nets import NetComparison, compare_nets
from geo.layers import Layers

__all__ = ["net_comparison"]


def net_comparison(
    layers: Layers, people: pd.DataFrame, *, sliver_width_m: float
) -> NetComparison | None:
    """Return the nets of `layers` compared, None without any.

    `people`: `residents` and `households` by grid id, where the grids have no such columns.
    """
    if not layers.nets:
        return None
    added = people[[name for name in people if name not in layers.grids]]
    return compare_nets(
        layers.grids.join(added),
        layers.nets,
        sliver_width_m=sliver_width_m,
        buildings=layers.buildings,
    )
