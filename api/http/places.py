"""Whose grid is this? A point to the grid and the units that hold it."""

from typing import Any, Final

from api.http.calls import GEOJSON, Call, segment
from api.http.features import FeatureTable
from api.http.queries import read_point

__all__ = ["LOCATE_PARAMETERS", "locate_document"]

LOCATE_PARAMETERS: Final = ("lon", "lat")


def locate_document(call: Call) -> dict[str, Any]:
    """Return the base grid at a point, the dedicated grids over it and the units that hold it.

    A point on a border, or in an overlap, belongs to the base grid that comes first in text order.
    """
    lon_deg, lat_deg = read_point(call.values)
    held = {
        name: _held(call, call.dataset.tables[name], (lon_deg, lat_deg))
        for name in ("grids", "units")
        if name in call.dataset.tables
    }
    grids = sorted(held.get("grids", ()), key=lambda found: str(found["id"]))
    base = [found for found in grids if found["properties"].get("kind", "base") == "base"]
    return {
        "lon": lon_deg,
        "lat": lat_deg,
        "grid": base[0] if base else None,
        "grids": grids,
        "units": held.get("units", []),
        "links": call.own_links(),
    }


def _held(call: Call, table: FeatureTable, lonlat: tuple[float, float]) -> list[dict[str, Any]]:
    found = []
    for row in table.rows_at(*lonlat):
        path = f"/collections/{segment(table.name)}/items/{segment(table.ids[row])}"
        found.append(
            {
                "id": table.ids[row],
                "properties": table.feature(int(row))["properties"],
                "links": [call.link(path, "item", media_type=GEOJSON)],
            }
        )
    return found
