"""Curves, heights and measures: what a flat map of straight lines leaves out, and says so."""

import csv
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyogrio
import shapely

from geo.io.formats.raw import Note, quiet

__all__ = ["CURVES", "curve_note", "height_note", "linear_from_wkt"]

Shapes = npt.NDArray[Any]

CURVES: Final = (
    "CIRCULARSTRING",
    "COMPOUNDCURVE",
    "CURVEPOLYGON",
    "MULTICURVE",
    "MULTISURFACE",
)
"""Types of geometry with arcs in them, as OGC calls them."""

_CURVED: Final = re.compile(rf"\b({'|'.join(CURVES)})\b", re.IGNORECASE)


def curve_note(n: int) -> tuple[Note, ...]:
    """Return the note that `n` rows had arcs, which were made into short straight lines."""
    return (("io.curves", {"n": n}),) if n else ()


def height_note(shapes: Shapes, *, has_measures: bool = False) -> tuple[Note, ...]:
    """Return the note that heights or measures were left out."""
    shapes = np.asarray(shapes, dtype=object)
    n = int((shapely.has_z(shapes) | shapely.has_m(shapes)).sum())
    if n:
        return (("io.heights", {"n": n}),)
    return (("io.measures", {}),) if has_measures else ()


def linear_from_wkt(texts: Sequence[str | None]) -> tuple[Shapes, tuple[Note, ...]]:
    """Return the shapes of WKT, None where it cannot be read, and what was left out.

    Arcs are made straight by GDAL.
    """
    curved = [i for i, text in enumerate(texts) if text is not None and _CURVED.search(text)]
    plain = np.array(texts, dtype=object)
    plain[curved] = None
    with quiet():
        shapes = shapely.from_wkt(plain, on_invalid="ignore")
    shapes[curved] = _straight([str(texts[i]) for i in curved])
    n = int((~shapely.is_missing(shapes[curved])).sum())
    return shapes, (*curve_note(n), *height_note(shapes))


def _straight(texts: Sequence[str]) -> Shapes:
    """Return the shapes of WKT with arcs, as GDAL makes them straight."""
    if not texts:
        return np.array([], dtype=object)
    with tempfile.TemporaryDirectory(prefix="gridcircle-") as folder:
        path = Path(folder) / "arcs.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("n", "WKT"), *enumerate(texts)])
        frame = pyogrio.read_dataframe(path, on_invalid="ignore")
    return np.asarray(frame.geometry.array, dtype=object)
