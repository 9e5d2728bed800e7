"""One contest: a kernel of ours and its peers on the same input."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import shapely

Frames = Mapping[str, gpd.GeoDataFrame]
Contestant = Callable[[Frames], Any]


class MissingDataError(Exception):
    """The input of a contest is not on this machine; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What is timed.

    `name`
        What is computed, on how much data.
    `load`
        Returns the input; raises `MissingDataError` where it is not on this machine. Not timed.
    `ours`
        Name to function of our kernel: exactly one.
    `peers`
        Name to function of each peer.
    `difference`
        Takes our answer and a peer's, returns an empty string where they agree, else how they
        differ. Not timed.
    `score`
        Takes an answer, returns recall and precision against the truth, None where there is none.
    `note`
        What a reader must know to read the ratio right.
    """

    name: str
    load: Callable[[], Frames]
    ours: Mapping[str, Contestant]
    peers: Mapping[str, Contestant]
    difference: Callable[[Any, Any], str]
    score: Callable[[Any], tuple[float, float] | None] = lambda _answer: None
    note: str = ""

    @property
    def contestants(self) -> dict[str, Contestant]:
        """Ours first, then the peers."""
        return {**self.ours, **self.peers}


def fresh(frames: Frames) -> dict[str, gpd.GeoDataFrame]:
    """Return copies with new geometries: no index or preparation of a run serves the next."""
    return {
        name: frame.set_geometry(
            gpd.GeoSeries(
                shapely.from_wkb(shapely.to_wkb(frame.geometry.array)),
                index=frame.index,
                crs=frame.crs,
            )
        )
        for name, frame in frames.items()
    }
