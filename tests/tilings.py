"""Layers of grids for the tests of the tiling: random meshes, planted defects, every form."""

import geopandas as gpd
import numpy as np
import shapely

from tests.builders import CRS

CELL_M = 100.0


def mesh(
    rng: np.random.Generator, n: int, *, per_side: int = 4, origin: tuple[float, float] = (0, 0)
) -> list[shapely.Polygon]:
    """Return n × n cells whose common borders are wavy lines of `per_side` segments."""
    size = n * per_side + 1
    steps = np.arange(size) * (CELL_M / per_side)
    xy = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1)
    xy += rng.uniform(-1, 1, xy.shape) * CELL_M / per_side / 4
    xy += origin
    rings = []
    for i in range(0, size - 1, per_side):
        for j in range(0, size - 1, per_side):
            a, b = i + per_side, j + per_side
            rings.append(np.concatenate([xy[i:a, j], xy[a, j:b], xy[a:i:-1, b], xy[i, b:j:-1]]))
    return [shapely.Polygon(ring) for ring in rings]


def frame(
    polygons: list[shapely.Geometry], *, kinds: list[str] | None = None, id_column: str = "grid_id"
) -> gpd.GeoDataFrame:
    """Return polygons as a layer with ids g0, g1, …"""
    table = gpd.GeoDataFrame(geometry=polygons, crs=CRS)
    table["kind"] = kinds or ["base"] * len(polygons)
    table.index = [f"g{k}" for k in range(len(polygons))]
    return table.rename_axis(id_column)


def blocks(polygons: list[shapely.Geometry], n: int, side: int) -> list[list[int]]:
    """Return the positions of the cells of each block of side × side cells."""
    groups: dict[tuple[int, int], list[int]] = {}
    for k in range(len(polygons)):
        groups.setdefault((k // n // side, k % n // side), []).append(k)
    return list(groups.values())


def parents(
    polygons: list[shapely.Geometry], n: int, side: int
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return units of side × side cells, and the parent id of each cell."""
    groups = blocks(polygons, n, side)
    shapes = [shapely.coverage_union_all([polygons[k] for k in group]) for group in groups]
    units = gpd.GeoDataFrame(geometry=shapes, crs=CRS)
    units["level"] = "community"
    units.index = [f"u{k}" for k in range(len(shapes))]
    of = [""] * len(polygons)
    for u, group in enumerate(groups):
        for k in group:
            of[k] = f"u{u}"
    return units.rename_axis("unit_id"), of


def turned(polygon: shapely.Geometry, rng: np.random.Generator) -> shapely.Geometry:
    """Return the same polygon with its rings reversed and begun elsewhere, at random."""
    if polygon.geom_type == "MultiPolygon":
        parts = [turned(part, rng) for part in polygon.geoms]
        return shapely.MultiPolygon([parts[k] for k in rng.permutation(len(parts))])
    rings = []
    for ring in (polygon.exterior, *polygon.interiors):
        xy = np.roll(np.asarray(ring.coords)[:-1, :2], rng.integers(10), axis=0)
        rings.append(xy if rng.random() < 0.5 else xy[::-1])
    return shapely.Polygon(rings[0], rings[1:])


def shaken(polygon: shapely.Geometry, rng: np.random.Generator, noise_m: float) -> shapely.Geometry:
    """Return the polygon with every vertex moved by up to `noise_m` in x and in y."""
    if polygon.geom_type == "MultiPolygon":
        return shapely.MultiPolygon([shaken(part, rng, noise_m) for part in polygon.geoms])
    rings = []
    for ring in (polygon.exterior, *polygon.interiors):
        xy = np.asarray(ring.coords)[:-1, :2]
        rings.append(xy + rng.uniform(-noise_m, noise_m, xy.shape))
    return shapely.Polygon(rings[0], rings[1:])


def other_form(layer: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the same layer with shuffled rows and turned rings."""
    shuffled = layer.iloc[rng.permutation(len(layer))].copy()
    shuffled.geometry = [turned(g, rng) for g in shuffled.geometry]
    return shuffled


def defects(polygons: list[shapely.Geometry], rng: np.random.Generator, share: float) -> list[str]:
    """Spoil a share of the polygons in place; return the kind of each grid of the longer list."""
    kinds = ["base"] * len(polygons)
    for k in np.flatnonzero(rng.random(len(polygons)) < share):
        own = polygons[k]
        x, y = shapely.get_coordinates(own.exterior)[rng.integers(len(own.exterior.coords))]
        patch = shapely.box(x - 3, y - 2, x + rng.uniform(1, 30), y + rng.uniform(0.2, 20))
        way = rng.integers(8)
        if way == 0:  # reaches into its neighbours
            polygons[k] = shapely.union_all([own, patch])
        elif way == 1:  # leaves a gap
            polygons[k] = shapely.difference(own, patch)
        elif way == 2:  # a hole, or a hole with an island
            middle = own.centroid
            hole = middle.buffer(rng.uniform(3, 12), quad_segs=3)
            polygons[k] = shapely.difference(own, hole)
            if rng.random() < 0.5:
                polygons.append(middle.buffer(2, quad_segs=2))
                kinds.append("base")
        elif way == 3:  # the same grid twice
            polygons.append(own)
            kinds.append(str(rng.choice(["base", "dedicated"])))
        elif way == 4:  # an overlay, somewhere
            polygons.append(shapely.affinity.translate(own.buffer(-20), rng.uniform(-40, 40), 0))
            kinds.append("dedicated")
        elif way == 5:  # a sliver along the border
            polygons[k] = own.buffer(rng.uniform(0.06, 0.8), join_style="mitre")
        elif way == 6:  # several parts
            polygons[k] = shapely.MultiPolygon([own, shapely.box(x - 500, -900, x - 480, -880)])
        else:  # a further vertex, off the line by noise
            xy = shapely.get_coordinates(own.exterior)
            at = rng.integers(len(xy) - 1)
            middle = (xy[at] + xy[at + 1]) / 2 + rng.uniform(-0.01, 0.01, 2)
            polygons[k] = shapely.Polygon(np.insert(xy, at + 1, middle, axis=0))
    flat = [max(g.geoms, key=lambda p: p.area) if _is_odd(g) else g for g in polygons]
    keep = [k for k, g in enumerate(flat) if not g.is_empty]
    polygons[:] = [flat[k] for k in keep]
    return [kinds[k] for k in keep]


def _is_odd(geometry: shapely.Geometry) -> bool:
    return geometry.geom_type == "GeometryCollection"
