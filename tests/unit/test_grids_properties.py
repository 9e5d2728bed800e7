"""What holds for every tiling: planted defects are found, in whatever form the rows come."""

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.findings import Report
from geo.grids import find_gaps, find_overlaps, neighbours
from tests.builders import grids, units

CELL_M = 100.0
SEEDS = st.integers(0, 2**32 - 1)


def tiling(rng: np.random.Generator, n_columns: int, n_rows: int) -> gpd.GeoDataFrame:
    """Return quadrilaterals over a jittered lattice: neighbours have their corners in common."""
    x, y = np.meshgrid(np.arange(n_columns + 1.0), np.arange(n_rows + 1.0), indexing="ij")
    inner = np.zeros_like(x)
    inner[1:-1, 1:-1] = 1.0
    corner = CELL_M * np.stack([x, y], axis=-1)
    corner += inner[..., None] * rng.uniform(-25, 25, corner.shape)
    return grids(
        *(
            shapely.Polygon(
                [corner[i, j], corner[i + 1, j], corner[i + 1, j + 1], corner[i, j + 1]]
            )
            for i in range(n_columns)
            for j in range(n_rows)
        )
    )


def outline(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return units(shapely.coverage_union_all(frame.geometry.array))


def other_form(frame: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the same grids: rows shuffled, rings turned round and started elsewhere."""

    def turned(polygon: shapely.Polygon) -> shapely.Polygon:
        ring = np.roll(shapely.get_coordinates(polygon)[:-1], rng.integers(1, 9), axis=0)
        return shapely.Polygon(ring[:: rng.choice([-1, 1])])

    shuffled = frame.iloc[rng.permutation(len(frame))].copy()
    shuffled.geometry = [turned(g) for g in shuffled.geometry]
    return shuffled


def planted(
    frame: gpd.GeoDataFrame, rng: np.random.Generator, *, at: int, right: int, push_m: float
) -> tuple[gpd.GeoDataFrame, shapely.Polygon]:
    """Push the border of grid `at` over a rectangle into grid `right`; pull it where negative.

    The rectangle stands on the middle of their border, where both get its corners as vertices.
    Return the grids and the rectangle.
    """
    grid = frame.geometry.iloc[at]
    low, high = shapely.get_coordinates(grid)[[1, 2]]
    share = rng.uniform(0.3, 0.5)
    start, end = low + share * (high - low), low + (share + 0.2) * (high - low)
    normal = np.array([high[1] - low[1], low[0] - high[0]]) / np.hypot(*(high - low))
    step = push_m * normal
    patch = shapely.Polygon([start, end, end + step, start + step])
    ring = shapely.get_coordinates(grid)[:-1]
    beside = shapely.get_coordinates(frame.geometry.iloc[right])
    changed = frame.copy()
    changed.loc[changed.index[at], "geometry"] = shapely.Polygon(
        np.vstack([ring[:2], start, start + step, end + step, end, ring[2:]])
    )
    changed.loc[changed.index[right], "geometry"] = shapely.Polygon(
        np.vstack([beside[:-1], end, start])
    )
    return changed, patch


def overlaps(frame: gpd.GeoDataFrame) -> Report:
    return find_overlaps(frame, noise_width_m=0.05, sliver_width_m=1.0)


def gaps(frame: gpd.GeoDataFrame, above: gpd.GeoDataFrame | None) -> Report:
    return find_gaps(frame, above, noise_width_m=0.05, sliver_width_m=1.0)


def same(left: Report, right: Report) -> bool:
    columns = ["rule", "defect", "grid_ids", "unit_ids"]
    a, b = (
        report.findings.assign(x=report.findings.geometry.centroid.x.round(3))
        .sort_values(["grid_ids", "x"], ignore_index=True)
        .drop(columns="x")
        for report in (left, right)
    )
    return (
        a[columns].equals(b[columns])
        and np.allclose(a["measure"], b["measure"], rtol=1e-9, atol=1e-6)
        and np.allclose(a["width_m"], b["width_m"], rtol=1e-6)
        and left.counts == right.counts
    )


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, n_columns=st.integers(1, 5), n_rows=st.integers(1, 5))
def test_a_tiling_is_clean_and_its_borders_are_the_lattice(
    seed: int, n_columns: int, n_rows: int
) -> None:
    frame = tiling(np.random.default_rng(seed), n_columns, n_rows)

    assert overlaps(frame).ok
    assert gaps(frame, None).ok
    assert gaps(frame, outline(frame)).ok
    n_borders = n_columns * (n_rows - 1) + n_rows * (n_columns - 1)
    assert len(neighbours(frame, sliver_width_m=1.0)) == n_borders


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, side_m=st.floats(0.2, 12.0), at=st.integers(0, 8))
def test_a_planted_overlap_is_found_with_its_area_and_nothing_else(
    seed: int, side_m: float, at: int
) -> None:
    rng = np.random.default_rng(seed)
    clean = tiling(rng, 4, 3)
    frame, patch = planted(clean, rng, at=at, right=at + 3, push_m=side_m)
    report = overlaps(other_form(frame, rng))

    (row,) = report.findings.to_dict("records")
    assert row["grid_ids"] == tuple(sorted([f"g{at}", f"g{at + 3}"]))
    assert np.isclose(row["measure"], patch.area, rtol=1e-6)
    width_m = 2 * patch.area / patch.length
    assert row["rule"] == ("G201" if width_m >= 1.0 else "G204")
    assert row["geometry"].symmetric_difference(patch).area < 1e-6
    assert gaps(frame, outline(clean)).ok


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, side_m=st.floats(0.2, 12.0), at=st.integers(0, 8))
def test_a_planted_gap_is_found_with_its_area_and_the_grids_around_it(
    seed: int, side_m: float, at: int
) -> None:
    rng = np.random.default_rng(seed)
    clean = tiling(rng, 4, 3)
    frame, patch = planted(clean, rng, at=at, right=at + 3, push_m=-side_m)
    frame = other_form(frame, rng)

    assert overlaps(frame).ok
    for above in (outline(clean), None):
        (row,) = gaps(frame, above).findings.to_dict("records")
        assert row["grid_ids"] == tuple(sorted([f"g{at}", f"g{at + 3}"]))
        assert np.isclose(row["measure"], patch.area, rtol=1e-6)
        assert row["rule"] == ("G203" if 2 * patch.area / patch.length >= 1.0 else "G204")


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_the_form_in_which_grids_come_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = tiling(rng, 4, 4)
    above = outline(frame)
    for at in (0, 3, 6, 9):
        frame, _ = planted(frame, rng, at=at, right=at + 4, push_m=rng.choice([-5, 5]))
    kinds = rng.choice(["base", "dedicated"], len(frame), p=[0.8, 0.2])
    frame["kind"] = kinds
    turned = other_form(frame, rng)

    assert same(overlaps(frame), overlaps(turned))
    assert same(gaps(frame, above), gaps(turned, above))
    borders = [neighbours(f, sliver_width_m=1.0) for f in (frame, turned)]
    assert list(borders[0]["left_id"]) == list(borders[1]["left_id"])
    assert list(borders[0]["right_id"]) == list(borders[1]["right_id"])
    assert np.allclose(borders[0]["border_m"], borders[1]["border_m"], atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_areas_add_up(seed: int) -> None:
    """Sum of the grids - overlaps + gaps = outline, where no three grids share a place."""
    rng = np.random.default_rng(seed)
    frame = tiling(rng, 4, 4)
    above = outline(frame)
    for at in (1, 6, 11):
        frame, _ = planted(frame, rng, at=at, right=at + 4, push_m=rng.choice([-8, 8]))

    shared = overlaps(frame).findings["measure"].sum()
    missing = gaps(frame, above).findings["measure"].sum()
    total = frame.geometry.area.sum() - shared + missing
    assert np.isclose(total, above.geometry.area.sum(), rtol=1e-12, atol=1e-3)
