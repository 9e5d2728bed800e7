"""The half-edge kernel: which segments of a layer of polygons have no twin, and what they bound.

Each polygon is a closed chain of directed segments. Opposite copies of a segment cancel; what is
left, the *residual chain*, is exactly the border of the number of grids over a place. Every overlap
and every gap is bounded by it, so that only what it bounds needs exact geometry.
"""

from geo.grids.kernel.borders import alongside
from geo.grids.kernel.certain import surely_beside, surely_within
from geo.grids.kernel.clusters import clustered
from geo.grids.kernel.faces import Faces, faces_of
from geo.grids.kernel.matching import match
from geo.grids.kernel.pieces import segments_of
from geo.grids.kernel.residues import Residue, residue_of
from geo.grids.kernel.rings import Rings
from geo.grids.kernel.segments import Segments
from geo.grids.kernel.spikes import without_spikes
from geo.grids.kernel.unmatched import lone_segments, unmatched
from geo.grids.kernel.winding import windings

__all__ = [
    "Faces",
    "Residue",
    "Rings",
    "Segments",
    "alongside",
    "clustered",
    "faces_of",
    "lone_segments",
    "match",
    "residue_of",
    "segments_of",
    "surely_beside",
    "surely_within",
    "unmatched",
    "windings",
    "without_spikes",
]
