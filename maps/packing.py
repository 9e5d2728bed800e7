"""Pack layers into one blob that the page unpacks: quantised deltas, JSON columns, gzip, base64.

Layout before gzip: `GCM2`, the length of the header (uint32, little-endian), the header (JSON,
UTF-8), the sections. The header's `sections` tell offset (from the end of the header), count and
bytes a number of every integer array. Integers lie in planes: the lowest byte of all, then the
next one of all; coordinates are zigzag differences from the point before, so only the lowest
planes are not nearly all zeros. Layers that share borders tell them once (see `maps.borders`). A
late column is JSON of its own.
"""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from maps.borders import Rings, joined, shared_runs

__all__ = ["COARSE_DEG", "FINE_DEG", "Packer", "planes", "zigzag"]

FINE_DEG: Final = 1e-7
"""Step of coordinates (degrees): about 1 cm."""

COARSE_DEG: Final = 1e-6
"""Step for context and for very many vertices (degrees): 0.11 m, so at most 0.06 m off."""

_MAGIC: Final = b"GCM2"
_RING, _POLYGON = 2, 3

Integers = npt.NDArray[np.int64]

_NO_RINGS: Final = Rings(
    steps=np.zeros((0, 2), dtype=np.int64),
    sizes=np.zeros(0, dtype=np.int64),
)


def zigzag(values: Integers) -> npt.NDArray[np.uint64]:
    """Return signed integers as unsigned ones, small ones small: 0, -1, 1, -2 → 0, 1, 2, 3."""
    return ((values << 1) ^ (values >> 63)).astype(np.uint64)


def planes(values: npt.NDArray[np.unsignedinteger[Any]]) -> bytes:
    """Return unsigned integers as bytes, all lowest ones first, as many as the largest needs."""
    width = _width(values)
    split = values.astype("<u8").view(np.uint8).reshape(-1, 8)
    return split[:, :width].T.tobytes()


def _width(values: npt.NDArray[np.unsignedinteger[Any]]) -> int:
    return max(1, (int(values.max(initial=0)).bit_length() + 7) // 8)


@dataclass(slots=True, kw_only=True)
class Packer:
    """Collects integer arrays and writes the blob; places are counted from `origin_lonlat`."""

    origin_lonlat: tuple[float, float]
    _sections: dict[str, dict[str, float]] = field(default_factory=dict)
    _parts: list[bytes] = field(default_factory=list)
    _size: int = 0
    _known: dict[float, Rings] = field(default_factory=dict)

    def add_shapes(
        self,
        name: str,
        shapes: npt.NDArray[np.object_],
        *,
        step_deg: float = FINE_DEG,
        is_shared: bool = False,
    ) -> None:
        """Add n shapes (lon, lat) as `name.rings` (paths of each shape), `name.sizes`, `name.xy`.

        A polygon gives one path a ring without the closing point, a line one path, a point a path
        of one point; a missing shape none. The page fills by the even-odd rule, so holes need no
        mark. With `is_shared`, borders that this layer or one added before it with the same step
        has already are not told again: `name.runs`, `name.sources`. O(n log n) vertices.
        """
        paths, owner = _paths(shapes)
        xy, path = shapely.get_coordinates(paths, return_index=True)
        steps = np.rint((xy - np.asarray(self.origin_lonlat)) / step_deg).astype(np.int64)
        keep = _changes(steps, path, shapely.get_type_id(paths) == _RING)
        steps, path = steps[keep], path[keep]
        sizes = np.bincount(path, minlength=len(paths))
        rings = np.bincount(owner, minlength=len(shapes))
        deltas = np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
        self._add(f"{name}.rings", rings.astype(np.uint64))
        self._add(f"{name}.sizes", sizes.astype(np.uint64))
        if is_shared:
            deltas = deltas[self._share(name, Rings(steps=steps, sizes=sizes), step_deg)]
        self._add(f"{name}.xy", zigzag(deltas.ravel()), step=step_deg)

    def add(self, name: str, values: npt.NDArray[np.uint64]) -> None:
        """Add whole numbers of 0 and above as they are."""
        self._add(name, values)

    def add_late(self, name: str, values: list[Any]) -> None:
        """Add a column as JSON of its own, which the page reads when it is first asked for."""
        packed = _json(values)
        self._sections[name] = {"at": self._size, "n_bytes": len(packed)}
        self._parts.append(packed)
        self._size += len(packed)

    def blob(self, header: Mapping[str, Any]) -> str:
        """Return everything as base64 text; the same input gives the same text."""
        full = {**header, "origin": self.origin_lonlat, "sections": self._sections}
        head = _json(full)
        raw = b"".join([_MAGIC, len(head).to_bytes(4, "little"), head, *self._parts])
        return base64.b64encode(gzip.compress(raw, compresslevel=6, mtime=0)).decode("ascii")

    def _share(self, name: str, fresh: Rings, step_deg: float) -> npt.NDArray[np.bool_]:
        """Add which places of the rings are taken from earlier ones; return which are new."""
        known = self._known.get(step_deg, _NO_RINGS)
        runs = shared_runs(known, fresh)
        self._known[step_deg] = joined(known, fresh)
        self._add(f"{name}.runs", runs.lengths.astype(np.uint64), step=step_deg)
        self._add(f"{name}.sources", runs.sources.astype(np.uint64))
        return runs.is_new

    def _add(self, name: str, values: npt.NDArray[np.uint64], *, step: float = 1.0) -> None:
        packed, width = planes(values), _width(values)
        self._sections[name] = {"at": self._size, "n": values.size, "width": width, "step": step}
        self._parts.append(packed)
        self._size += len(packed)


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", errors="replace")


def _paths(shapes: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], Integers]:
    """Return every ring, line and point of the shapes, with the position of its shape, in order."""
    parts, owner = _flat_parts(shapes)
    kind = shapely.get_type_id(parts)
    rings, ring_part = shapely.get_rings(parts[kind == _POLYGON], return_index=True)
    other = kind != _POLYGON
    paths = np.concatenate([rings, parts[other]])
    owners = np.concatenate([owner[kind == _POLYGON][ring_part], owner[other]])
    order = np.argsort(owners, kind="stable")
    return paths[order], owners[order]


def _flat_parts(shapes: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], Integers]:
    """Return the simple parts of the shapes, with the position of their shape."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) > _POLYGON).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    keep = ~shapely.is_empty(parts)
    return parts[keep], owner[keep]


def _changes(
    steps: Integers, path: Integers, is_ring: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return which points to keep: no repeated point, and no closing point of a ring."""
    first = np.diff(path, prepend=-1) != 0
    same = np.zeros(len(path), dtype=bool)
    same[1:] = (steps[1:] == steps[:-1]).all(axis=1) & ~first[1:]
    keep = ~same
    last = np.diff(path, append=-1) != 0
    start = np.flatnonzero(first)[np.cumsum(first) - 1] if len(path) else np.flatnonzero(first)
    closing = last & ~first & is_ring[path] & (steps == steps[start]).all(axis=1)
    kept: npt.NDArray[np.bool_] = keep & ~closing
    return kept
