"""Small shapes: the plots of dedicated grids, islands, enclaves."""

import numpy as np
import numpy.typing as npt
import shapely

from geo.synth.plan import Floats
from geo.synth.rings import Rings

__all__ = ["clearance_m", "from_boldest_corner", "plots", "rounds", "scaled"]

Shapes = npt.NDArray[np.object_]

_POLYGON = 3


def clearance_m(rings: Rings, centres: Floats) -> Floats:
    """Return the distance (m) from each centre to the nearest vertex of its ring, shape (r,)."""
    away = rings.coordinates - np.repeat(centres, rings.size(), axis=0)
    return np.asarray(np.minimum.reduceat(np.hypot(away[:, 0], away[:, 1]), rings.start[:-1]))


def from_boldest_corner(shapes: Shapes) -> Shapes:
    """Return `shapes` with every ring begun at its corner that stands out most.

    A program that simplifies a ring then never takes its first vertex away, and no border moves
    further than asked. O(vertices).
    """
    drawn = shapes.copy()
    plain = np.flatnonzero((shapely.get_type_id(shapes) == _POLYGON) & ~_has_holes(shapes))
    xy, ring = shapely.get_coordinates(shapes[plain], return_index=True)
    is_last = np.diff(ring, append=-1) != 0
    xy, ring = xy[~is_last], ring[~is_last]
    size = np.bincount(ring, minlength=len(plain))
    start = np.cumsum(size) - size
    place = np.arange(len(ring)) - start[ring]
    before = start[ring] + (place - 1) % size[ring]
    after = start[ring] + (place + 1) % size[ring]
    came, chord = xy - xy[before], xy[after] - xy[before]
    across = np.abs(came[:, 0] * chord[:, 1] - came[:, 1] * chord[:, 0])
    height_m = across / np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-9)
    order = np.lexsort((place, -height_m, ring))
    corner = place[order[start]]
    rolled = start[ring] + (place + corner[ring]) % size[ring]
    drawn[plain] = shapely.polygons(shapely.linearrings(xy[rolled], indices=ring))
    for at in np.setdiff1d(np.arange(len(shapes)), plain):
        parts = [_with_holes(part) for part in shapely.get_parts(shapes[at])]
        drawn[at] = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
    return drawn


def _with_holes(polygon: shapely.Polygon) -> shapely.Polygon:
    """Return `polygon` with its shell and holes begun at their corners that stand out most."""
    rings = from_boldest_corner(shapely.polygons(shapely.get_rings(polygon)))
    shell, *holes = shapely.get_exterior_ring(rings)
    return shapely.Polygon(shell, holes)


def _has_holes(shapes: Shapes) -> npt.NDArray[np.bool_]:
    holes: npt.NDArray[np.bool_] = shapely.get_num_interior_rings(shapes) > 0
    return holes


def plots(centres: Floats, half_diagonal_m: Floats, rng: np.random.Generator) -> Shapes:
    """Return turned rectangles about `centres`."""
    n = len(centres)
    turn = rng.uniform(0, np.pi, n)
    lean = rng.uniform(0.5, 0.75, n)
    angle = np.stack([turn - lean, turn + lean, turn - lean + np.pi, turn + lean + np.pi], axis=1)
    return _drawn(centres, angle, np.broadcast_to(half_diagonal_m[:, None], angle.shape))


def rounds(centres: Floats, radius_m: Floats, rng: np.random.Generator) -> Shapes:
    """Return uneven twelve-cornered shapes about `centres`, within `radius_m` of them."""
    n = len(centres)
    angle = np.broadcast_to(np.linspace(0, 2 * np.pi, 12, endpoint=False), (n, 12))
    return _drawn(centres, angle, radius_m[:, None] * rng.uniform(0.75, 1, (n, 12)))


def scaled(polygon: shapely.Polygon, centre: Floats, factor: float) -> shapely.Polygon:
    """Return `polygon`, star-shaped about `centre`, shrunk towards it."""
    return shapely.transform(polygon, lambda xy: np.round(centre + factor * (xy - centre), 3))


def _drawn(centres: Floats, angle: Floats, radius_m: Floats) -> Shapes:
    ring = centres[:, None] + radius_m[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=2)
    return np.asarray(shapely.polygons(np.round(ring, 3)), dtype=object).reshape(len(centres))
