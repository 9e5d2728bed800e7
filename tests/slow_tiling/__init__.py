"""The slow exact way of judging a tiling: the oracle of the tests.

Every pair of grids whose boxes meet is related and intersected, each outline is compared with the
union of the grids that meet it, each grid with its parent. The fast way must find the same. Shared
with it is what follows once an area is known: widths, the judgement of overlays, names.
"""

from tests.slow_tiling.borders import neighbours
from tests.slow_tiling.containment import find_outside_parent
from tests.slow_tiling.gaps import find_gaps
from tests.slow_tiling.overlaps import find_overlaps

__all__ = ["find_gaps", "find_outside_parent", "find_overlaps", "neighbours"]
