"""Dedicated grids over base grids: legal overlay, straddle or spill.

The *main* base grid of a dedicated grid is the one it shares the largest area with (one shared at
least `sliver_width_m` wide before any narrower one; equal: the smallest id). Another base grid
counts only where the dedicated grid reaches it *outside* its main one, by more than noise: a
dedicated grid that lies inside one base grid is legal even where a second base grid overlaps that
one, for then the overlap of the two base grids is the defect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely

from geo.grids.names import listed
from geo.grids.pairs import Mask, Pairs, Positions
from geo.grids.widths import Geometries, Pieces

__all__ = ["Overlays"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlays:
    """The pairs of a dedicated and a base grid among all pairs, and what they amount to.

    `is_mixed`: such a pair; `dedicated`, `base`: positions of its grids; `is_main`: the base grid
    is the main one; `is_straddle`: G207; `is_spill`: G204. A mixed pair that is neither is legal.
    """

    dedicated: Positions
    base: Positions
    is_mixed: Mask
    is_main: Mask
    is_straddle: Mask
    is_spill: Mask

    @classmethod
    def of(
        cls,
        geometry: Geometries,
        is_base: Mask,
        pairs: Pairs,
        *,
        noise_width_m: float,
        sliver_width_m: float,
    ) -> Self:
        """Judge `pairs` of grids: `geometry` (n), and whether each is a base grid (n).

        A pair of the main base grid belongs to the straddle when there is one. Where not even that
        one is wide, it is a spill unless it holds more than half of the dedicated grid, which is
        then only narrow itself.
        """
        from_left = ~is_base[pairs.left]
        is_mixed = from_left == is_base[pairs.right]
        dedicated = np.where(from_left, pairs.left, pairs.right)
        base = np.where(from_left, pairs.right, pairs.left)
        is_wide = pairs.shared.width_m >= sliver_width_m
        main = _main_pairs(pairs, np.flatnonzero(is_mixed), dedicated=dedicated, is_wide=is_wide)
        is_main = np.zeros(len(base), dtype=bool)
        is_main[main] = True
        main_base = np.full(len(is_base), -1, dtype=np.intp)
        main_base[dedicated[main]] = base[main]
        reaches = is_mixed & ~is_main
        at = np.flatnonzero(reaches)
        reaches[at] = (
            _width_outside_m(pairs.shared.geometry[at], geometry[main_base[dedicated[at]]])
            >= noise_width_m
        )
        straddles = np.zeros(len(is_base), dtype=bool)
        straddles[dedicated[reaches & is_wide]] = True
        most = pairs.shared.area_m2 > shapely.area(geometry[dedicated]) / 2.0
        return cls(
            dedicated=dedicated,
            base=base,
            is_mixed=is_mixed,
            is_main=is_main,
            is_straddle=is_wide & (reaches | (is_main & straddles[dedicated])),
            is_spill=~is_wide & (reaches | (is_main & ~most)),
        )

    def details(self, ids: Any, names: Mapping[str, str], k: np.intp) -> Mapping[str, Any]:  # noqa: ANN401
        """Return the grids of the straddle that pair `k` is part of, for its sentence."""
        mine = self.is_straddle & (self.dedicated == self.dedicated[k])
        dedicated, base = ids[self.dedicated[k]], ids[self.base[k]]
        main = ids[self.base[mine & self.is_main][0]]
        return {
            "dedicated": names.get(dedicated, dedicated),
            "base": names.get(base, base),
            "main": names.get(main, main),
            "owner_id": main,
            "n_bases": int(mine.sum()),
            **listed("bases", sorted(ids[self.base[mine]]), names),
        }


def _main_pairs(
    pairs: Pairs, mixed: Positions, *, dedicated: Positions, is_wide: Mask
) -> Positions:
    """Return, of the pairs `mixed`, that of each dedicated grid with its main base grid.

    Pairs come in order of ids, so the first of equals has the smallest base id.
    """
    order = mixed[
        np.lexsort((mixed, -pairs.shared.area_m2[mixed], ~is_wide[mixed], dedicated[mixed]))
    ]
    first = np.ones(len(order), dtype=bool)
    first[1:] = dedicated[order][1:] != dedicated[order][:-1]
    return order[first]


def _width_outside_m(shared: Geometries, main: Geometries) -> npt.NDArray[np.float64]:
    """Return the width (m) of the widest part of each of `shared` outside of `main`."""
    return Pieces.of(shapely.difference(shared, main)).width_m
