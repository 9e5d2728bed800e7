"""Geometries as the commands of a vector tile."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from api.http.references import Geometries
from api.http.tiles.varints import Whole, byte_ends, varints, zigzag

__all__ = ["LINE", "POINT", "POLYGON", "Shapes", "encode_shapes"]

POINT: Final = 1
LINE: Final = 2
POLYGON: Final = 3

_MOVE_ONE: Final = 9
_CLOSE: Final = 15
_MOVE: Final = 1
_DRAW: Final = 2
_FEWEST: Final = {POINT: 1, LINE: 2, POLYGON: 3}
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shapes:
    """Encoded geometries: `commands[i]` of the feature `features[i]`, all of one `kind`."""

    kind: int
    features: Whole
    commands: list[bytes]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Runs:
    """Points `xy` (whole units, y down) in runs of `sizes`; run r belongs to `features[r]`."""

    xy: Whole
    sizes: Whole
    features: Whole


def encode_shapes(kind: int, geometries: Geometries, features: Whole) -> Shapes:
    """Return geometries of one kind in tile units (y down) as commands.

    Parameters
    ----------
    kind
        `POINT`, `LINE` or `POLYGON`.
    geometries
        n single geometries of that kind, whole numbers, sorted by feature.
    features
        The n features that they belong to, ascending.

    Returns
    -------
    Shapes
        Features of which something is left. Repeated points go, and lines and rings that are left
        without a length or an area. Exterior rings are clockwise as seen, their holes the other
        way round (MVT 2).
    """
    if kind == POINT:
        runs = _points(geometries, features)
    elif kind == LINE:
        runs = _lines(geometries, features)
    else:
        runs = _rings(geometries, features)
    if not len(runs.sizes):
        return Shapes(kind=kind, features=runs.features, commands=[])
    return _encoded(kind, runs)


def _coordinates(geometries: Geometries) -> tuple[Whole, Whole]:
    xy, owner = shapely.get_coordinates(geometries, return_index=True)
    return xy.astype(np.int64), owner.astype(np.int64)


def _points(geometries: Geometries, features: Whole) -> _Runs:
    """Return one run a feature."""
    xy, owner = _coordinates(geometries)
    own, sizes = np.unique(features[owner], return_counts=True)
    return _Runs(xy=xy, sizes=sizes.astype(np.int64), features=own)


def _lines(geometries: Geometries, features: Whole) -> _Runs:
    xy, owner = _coordinates(geometries)
    keep = _differs(xy, owner)
    return _runs(xy[keep], owner[keep], features, fewest=_FEWEST[LINE])


def _rings(geometries: Geometries, features: Whole) -> _Runs:
    rings, polygon = shapely.get_rings(geometries, return_index=True)
    xy, owner = _coordinates(rings)
    keep = _differs(xy, owner)
    keep[_ends(np.flatnonzero(_begins(owner)), len(owner))] = False
    xy, owner = _unclosed(xy[keep], owner[keep])
    sizes = np.bincount(owner, minlength=len(rings))
    doubled = _doubled_areas(xy, owner, len(rings))
    is_outer = _begins(polygon)
    is_whole = (sizes >= _FEWEST[POLYGON]) & (doubled != 0)
    outer_of = np.flatnonzero(is_outer)[np.cumsum(is_outer) - 1]
    is_kept = is_whole & is_whole[outer_of]
    stays = is_kept[owner]
    xy = _turned(xy, owner, (doubled > 0) != is_outer)[stays]
    return _runs(xy, owner[stays], features[polygon], fewest=_FEWEST[POLYGON])


def _begins(owner: Whole) -> Flags:
    """Return which points are the first of their run."""
    found = np.ones(len(owner), dtype=np.bool_)
    found[1:] = owner[1:] != owner[:-1]
    return found


def _ends(starts: Whole, total: int) -> Whole:
    """Return the last places of runs that begin at `starts`."""
    return np.append(starts[1:], total)[: len(starts)] - 1


def _differs(xy: Whole, owner: Whole) -> Flags:
    """Return which points are not the same as the one before them in their run."""
    found = _begins(owner)
    found[1:] |= (xy[1:] != xy[:-1]).any(axis=1)
    return found


def _unclosed(xy: Whole, owner: Whole) -> tuple[Whole, Whole]:
    """Return runs without a last point that is the same as their first."""
    starts = np.flatnonzero(_begins(owner))
    last = _ends(starts, len(owner))
    closes = (last > starts) & (xy[starts] == xy[last]).all(axis=1)
    keep = np.ones(len(owner), dtype=np.bool_)
    keep[last[closes]] = False
    return xy[keep], owner[keep]


def _doubled_areas(xy: Whole, owner: Whole, n_rings: int) -> Whole:
    """Return twice the area of each ring: positive when clockwise as seen, y down."""
    found = np.zeros(n_rings, dtype=np.int64)
    if len(xy):
        starts = np.flatnonzero(_begins(owner))
        following = np.arange(1, len(xy) + 1)
        following[_ends(starts, len(xy))] = starts
        (x, y), (x1, y1) = xy.T, xy[following].T
        found[owner[starts]] = np.add.reduceat(x * y1 - x1 * y, starts)
    return found


def _turned(xy: Whole, owner: Whole, is_wrong: Flags) -> Whole:
    """Return the points, those of the runs that go the wrong way round in the other order."""
    starts = _begins(owner)
    first = np.flatnonzero(starts)
    run = np.cumsum(starts) - 1
    last = _ends(first, len(owner))
    place = np.arange(len(owner))
    mirrored = first[run] + last[run] - place
    return xy[np.where(is_wrong[owner], mirrored, place)]


def _runs(xy: Whole, owner: Whole, features: Whole, *, fewest: int) -> _Runs:
    sizes = np.bincount(owner, minlength=len(features)).astype(np.int64)
    is_kept = sizes >= fewest
    return _Runs(xy=xy[is_kept[owner]], sizes=sizes[is_kept], features=features[is_kept])


def _encoded(kind: int, runs: _Runs) -> Shapes:
    sizes = runs.sizes
    run = np.repeat(np.arange(len(sizes)), sizes)
    first = np.cumsum(sizes) - sizes
    place = np.arange(len(run)) - first[run]
    deltas = np.diff(runs.xy, axis=0, prepend=0)
    begins = _begins(runs.features)
    starts = first[begins]
    deltas[starts] = runs.xy[starts]
    lengths = {POINT: 1 + 2 * sizes, LINE: 2 * sizes + 2, POLYGON: 2 * sizes + 3}[kind]
    ends = np.cumsum(lengths)
    heads = ends - lengths
    numbers = np.empty(int(ends[-1]), dtype=np.int64)
    if kind == POINT:
        numbers[heads] = sizes << 3 | _MOVE
        at = heads[run] + 1 + 2 * place
    else:
        numbers[heads] = _MOVE_ONE
        numbers[heads + 3] = (sizes - 1) << 3 | _DRAW
        at = heads[run] + np.where(place == 0, 1, 2 * place + 2)
    numbers[at], numbers[at + 1] = zigzag(deltas[:, 0]), zigzag(deltas[:, 1])
    if kind == POLYGON:
        numbers[ends - 1] = _CLOSE
    written, byte_end = varints(numbers)
    groups = np.flatnonzero(begins)
    cuts = byte_ends(byte_end, np.add.reduceat(lengths, groups))
    pairs = zip([0, *cuts[:-1].tolist()], cuts.tolist(), strict=True)
    return Shapes(
        kind=kind,
        features=runs.features[groups],
        commands=[written[start:end] for start, end in pairs],
    )
