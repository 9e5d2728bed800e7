"""What a page is told of a city by either model: rules, basis, categories, degrees to metres."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from geo.audit import Audit
from geo.coverage import CoverageRules, Demand
from geo.crs import WGS84
from geo.planning.whatif.edits import Sites

__all__ = ["header"]

_DEGREE: Final = 5
_SAMPLES: Final = 40
_MARGIN: Final = 0.05

Floats = npt.NDArray[np.float64]


def header(audit: Audit, demand: Demand, *, rules: CoverageRules, sites: Sites) -> dict[str, Any]:
    """Return what both models tell; each adds `model`, `tiers`, `steps_per_m` and its own."""
    return {
        "version": 3,
        "thin_below_share": rules.thin_below_share,
        "crowded_quotient": rules.crowded_quotient,
        "basis": demand.totals_basis,
        "n_points": len(demand.points_xy),
        "category": None
        if sites.category is None
        else [None if name is None or name != name else str(name) for name in sites.category],  # noqa: PLR0124
        "plane": _plane(audit),
    }


def _plane(audit: Audit) -> dict[str, Any]:
    """Return polynomials from degrees to metres and back, fitted to the extent of the city.

    Of the fifth degree in both coordinates: off by less than a millimetre for cities.
    """
    west, south, east, north = audit.grids.total_bounds
    rim = _MARGIN * max(east - west, north - south) + 2000.0
    x, y = np.meshgrid(
        np.linspace(west - rim, east + rim, _SAMPLES),
        np.linspace(south - rim, north + rim, _SAMPLES),
    )
    back = Transformer.from_crs(audit.crs, WGS84, always_xy=True)
    lon, lat = back.transform(x.ravel(), y.ravel())
    metres = np.column_stack([x.ravel(), y.ravel()])
    degrees = np.column_stack([lon, lat])
    return {"to_m": _fitted(degrees, metres), "to_deg": _fitted(metres, degrees)}


def _fitted(given: Floats, wanted: Floats) -> dict[str, Any]:
    low, high = given.min(axis=0), given.max(axis=0)
    centre, scale = (low + high) / 2, (high - low) / 2
    u, v = ((given - centre) / scale).T
    powers = [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i)]
    terms = np.column_stack([u**i * v**j for i, j in powers])
    shift = wanted.mean(axis=0)
    solved, *_ = np.linalg.lstsq(terms, wanted - shift, rcond=None)
    return {
        "centre": centre.tolist(),
        "scale": scale.tolist(),
        "powers": powers,
        "shift": shift.tolist(),
        "terms": solved.T.tolist(),
        "off": float(np.abs(terms @ solved + shift - wanted).max()),
    }
