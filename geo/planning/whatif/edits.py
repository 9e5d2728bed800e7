"""What may be tried out: sites added, moved or removed, links opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count, islice
from types import MappingProxyType
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from geo.errors import NotFoundError
from geo.standards import Tier

__all__ = ["Edited", "Edits", "Link", "NewSite", "Sites", "edited"]

Place = tuple[float, float]
"""x, y in the working CRS (m)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSite:
    """A site that is not there yet."""

    at: Place
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way opened between two places, in both directions: a gate, a bridge, a stair."""

    start: Place
    end: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What to try out, all at once.

    `move`: site id to its new place. `remove`: site ids.
    """

    add: tuple[NewSite, ...] = ()
    move: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    remove: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """s sites: `ids`, `xy` of shape (s, 2) in the working CRS, `category` where it is known."""

    ids: npt.NDArray[np.object_]
    xy: npt.NDArray[np.float64]
    category: npt.NDArray[np.object_] | None

    @classmethod
    def of(cls, sites: gpd.GeoDataFrame) -> "Sites":
        """Return the sites of a layer."""
        return cls(
            ids=sites.index.to_numpy(dtype=object),
            xy=shapely.get_coordinates(sites.geometry.array),
            category=sites["category"].to_numpy(dtype=object) if "category" in sites else None,
        )

    def take(self, some: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "Sites":
        """Return those of the sites at `some`."""
        category = None if self.category is None else self.category[some]
        return Sites(ids=self.ids[some], xy=self.xy[some], category=category)

    def counting(self, tier: Tier) -> npt.NDArray[np.bool_]:
        """Return which of the sites count in `tier`."""
        if tier.categories is None:
            return np.ones(len(self.ids), dtype=bool)
        if self.category is None:
            return np.zeros(len(self.ids), dtype=bool)
        wanted = set(tier.categories)
        return np.array([name in wanted for name in self.category], dtype=bool)

    def frame(self, crs: CRS) -> gpd.GeoDataFrame:
        """Return the sites as a layer."""
        columns = {} if self.category is None else {"category": self.category}
        index = pd.Index(self.ids, name="site_id")
        return gpd.GeoDataFrame(columns, geometry=shapely.points(self.xy), index=index, crs=crs)


class Edited(NamedTuple):
    """The sites afterwards, and which of those of before are gone from where they were.

    `is_fresh`: which of the sites afterwards were added or moved.
    """

    sites: Sites
    is_fresh: npt.NDArray[np.bool_]
    is_gone: npt.NDArray[np.bool_]


def edited(sites: Sites, edits: Edits) -> Edited:
    """Return `sites` as they would be: those that stay in their order, moved, added ones.

    Raises
    ------
    NotFoundError
        If a site to be moved or removed is not there, or is both.
    """
    number = {name: at for at, name in enumerate(sites.ids)}
    named = [*edits.move, *edits.remove]
    wrong = [name for name in named if name not in number or named.count(name) > 1]
    if wrong:
        raise NotFoundError("planning.no_site", sites="、".join(wrong[:20]))
    is_gone = np.zeros(len(sites.ids), dtype=bool)
    is_gone[[number[name] for name in named]] = True
    moved = sites.take(np.array([number[name] for name in edits.move], dtype=np.intp))
    kept = sites.take(~is_gone)
    xy = [*edits.move.values(), *(site.at for site in edits.add)]
    added = [None] * len(edits.add) if sites.category is None else [s.category for s in edits.add]
    categories = (kept.category, moved.category, np.array(added, dtype=object))
    after = Sites(
        ids=np.concatenate([kept.ids, moved.ids, _new_ids(number, len(edits.add))]),
        xy=np.vstack([kept.xy, np.array(xy, dtype=float).reshape(-1, 2)]),
        category=None
        if sites.category is None
        else np.concatenate([part for part in categories if part is not None]),
    )
    is_fresh = np.arange(len(after.ids)) >= len(kept.ids)
    return Edited(sites=after, is_fresh=is_fresh, is_gone=is_gone)


def _new_ids(taken: Mapping[str, int], n: int) -> npt.NDArray[np.object_]:
    """Return ids of n added sites, `new-1` on, none of them `taken`."""
    free = (name for number in count(1) if (name := f"new-{number}") not in taken)
    return np.array(list(islice(free, n)), dtype=object)
