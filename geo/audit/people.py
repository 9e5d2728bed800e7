"""Residents and households of the grids: their own figures, else the sums of their buildings."""

import pandas as pd

from geo.coverage import assign_to_grids
from geo.layers import Layers

__all__ = ["grid_people"]

_COLUMNS = ("residents", "households")


def grid_people(layers: Layers) -> pd.DataFrame:
    """Return `residents` and `households` of each base grid, missing where unknown.

    A grid's own figure counts; where the grids have no such column, the figures of the buildings
    whose point it covers are added up (a building belongs to one base grid only).
    """
    grids = layers.base_grids
    people = pd.DataFrame(index=grids.index)
    for column in _COLUMNS:
        people[column] = grids[column].astype(float) if column in grids else float("nan")
    buildings = layers.buildings
    unknown = [column for column in _COLUMNS if column not in grids]
    if buildings is None or not unknown:
        return people
    home = assign_to_grids(buildings, grids)
    for column in unknown:
        if column in buildings:
            sums = buildings[column].groupby(home).sum(min_count=1)
            people[column] = sums.reindex(grids.index).astype(float)
    return people
