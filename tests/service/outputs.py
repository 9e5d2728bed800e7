"""Output folders drawn by hand, as `gridcircle audit` writes them."""

from pathlib import Path
from typing import Any

import orjson

HOSTILE = "<script>alert(1)</script>{{7*7}}\"'&"


def write_outputs(folder: Path, *, columns: int = 3, rows: int = 2) -> Path:
    """Write `columns` x `rows` grids of 0.01 degrees from (120, 30), north row first last.

    Grid `g{row}-{column}`; two units (west, east half); a site and a circle in each unit; two
    findings, one of them without a place.
    """
    folder.mkdir(parents=True, exist_ok=True)
    grids = [
        feature(
            f"g{row}-{column}",
            square(120 + column * 0.01, 30 + row * 0.01, 0.01),
            grid_id=f"g{row}-{column}",
            name=f"第{row}行{column}列",
            kind="base",
            parent_id="west" if column < columns / 2 else "east",
            households=300 + column,
            area_m2=1000.5 + row,
            is_orphan=column == 0,
            orphan_reasons=["H301", "C501"] if column == 0 else [],
            note=HOSTILE,
            limit=5,
        )
        for row in range(rows)
        for column in range(columns)
    ]
    half = columns * 0.01 / 2
    units = [
        feature(name, square(120 + n * half, 30, half, rows * 0.01), unit_id=name, level="社区")
        for n, name in enumerate(("west", "east"))
    ]
    sites = [
        feature(f"s{n}", {"type": "Point", "coordinates": [120 + n * half, 30]}, site_id=f"s{n}")
        for n in range(2)
    ]
    circles = [
        feature(
            None,
            square(120 + n * half, 30, 0.005),
            site_id=f"s{n}",
            tier="walk_15",
            model="radius",
            minutes=15,
            distance_m=1000.0,
        )
        for n in range(2)
    ]
    findings = [
        feature("a/b c", None, finding_id="a/b c", rule="H301", grid_ids=["g0-0"], tier=None),
        feature(
            "f2",
            square(120, 30, 0.001),
            finding_id="f2",
            rule="G201",
            grid_ids=["g0-0", "g0-1"],
            tier=None,
        ),
    ]
    for name, features in (
        ("grids", grids),
        ("units", units),
        ("sites", sites),
        ("circles", circles),
        ("findings", findings),
    ):
        write_json(folder / f"{name}.geojson", {"type": "FeatureCollection", "features": features})
    write_json(folder / "summary.json", {"schema_version": 1, "project": "demo", "crs": "EPSG:1"})
    (folder / "map.html").write_text(f"<html>{'地图' * 2000}</html>", encoding="utf-8")
    (folder / "audit.gpkg").write_bytes(bytes(range(256)) * 20)
    (folder / "secret.txt").write_text("secret", encoding="utf-8")
    return folder


def write_json(path: Path, document: object) -> None:
    """Write `document` as JSON."""
    path.write_bytes(orjson.dumps(document))


def feature(fid: str | None, geometry: object, **properties: object) -> dict[str, Any]:
    """Return a GeoJSON feature; without `fid` it has no id."""
    found = {"type": "Feature", "geometry": geometry, "properties": properties}
    return found if fid is None else {**found, "id": fid}


def square(x: float, y: float, width: float, height: float | None = None) -> dict[str, Any]:
    """Return a rectangle from its lower left corner."""
    top, right = y + (width if height is None else height), x + width
    ring = [[x, y], [right, y], [right, top], [x, top], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}
