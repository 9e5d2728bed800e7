"""The fast way finds what the slow exact way finds, whatever the layer."""

from collections import Counter
from unittest import mock

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geo.grids as fast
from geo.findings import Report
from geo.grids import tiling as tilings
from tests import slow_tiling as slow
from tests.tilings import defects, frame, mesh, other_form, parents, shaken

SEEDS = st.integers(0, 2**32 - 1)
WIDTHS = {"noise_width_m": 0.05, "sliver_width_m": 1.0}
HAIR_M = 1e-6


def without_hairs(report: Report) -> gpd.GeoDataFrame:
    """Return the findings with gaps judged without spikes narrower than 2e-6 m.

    Where a vertex lies on a neighbour's segment up to rounding, GEOS may leave such a spike, which
    has no area but a length, in one way of computing a difference and not in another.
    """
    table = report.findings.copy()
    at = (table["defect"] == "gap").to_numpy(bool)
    gaps = table.geometry.array[at].buffer(-HAIR_M, join_style="mitre")
    gaps = gaps.buffer(HAIR_M, join_style="mitre")
    width_m = 2 * gaps.area / gaps.length
    table.loc[at, "width_m"] = width_m
    table.loc[at, "rule"] = np.where(width_m >= WIDTHS["sliver_width_m"], "G203", "G204")
    table.loc[at, "geometry"] = gaps
    return table.sort_values(["rule", "grid_ids", "measure"])


def assert_same(mine: Report, theirs: Report) -> None:
    """Compare rule, ids, measure (1e-5 m²), width and shape of every finding."""
    a, b = (without_hairs(report) for report in (mine, theirs))
    keys = ["rule", "defect", "grid_ids", "unit_ids"]
    assert Counter(map(tuple, a[keys].to_numpy())) == Counter(map(tuple, b[keys].to_numpy()))
    assert np.allclose(a["measure"], b["measure"], rtol=1e-6, atol=1e-5)
    assert np.allclose(a["width_m"], b["width_m"], rtol=1e-4, atol=1e-5)
    assert [d.get("main") for d in a["details"]] == [d.get("main") for d in b["details"]]
    for g, h in zip(a.geometry, b.geometry, strict=True):
        assert g.symmetric_difference(h).area < 1e-3


def city(seed: int, *, share: float) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    rng = np.random.default_rng(seed)
    cells = mesh(rng, 6)
    units, of = parents(cells, 6, 3)
    kinds = defects(cells, rng, share)
    layer = frame(cells, kinds=kinds)
    layer["parent_id"] = [of[k] if k < len(of) else "u0" for k in range(len(cells))]
    return other_form(layer, rng), units


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, share=st.sampled_from([0.0, 0.1, 0.5]))
def test_a_spoilt_city_has_the_findings_of_the_slow_way(seed: int, share: float) -> None:
    layer, units = city(seed, share=share)
    tiling = fast.tile(layer, units, noise_width_m=WIDTHS["noise_width_m"])

    found, expected = (
        fast.find_overlaps(layer, **WIDTHS, tiling=tiling),
        slow.find_overlaps(layer, **WIDTHS),
    )
    assert_same(found, expected)
    assert found.counts == expected.counts
    assert_same(
        fast.find_gaps(layer, units, **WIDTHS, tiling=tiling),
        slow.find_gaps(layer, units, **WIDTHS),
    )
    assert_same(fast.find_gaps(layer, None, **WIDTHS), slow.find_gaps(layer, None, **WIDTHS))
    assert_same(
        fast.find_outside_parent(layer, units, noise_width_m=0.05, tiling=tiling),
        slow.find_outside_parent(layer, units, noise_width_m=0.05),
    )
    assert_same_borders(layer, tiling)


def assert_same_borders(layer: gpd.GeoDataFrame, tiling: fast.Tiling | None = None) -> None:
    """Pairs and metres; a pair within 1 cm of the limit may be in one and not in the other."""
    mine = fast.neighbours(layer, sliver_width_m=1.0, tiling=tiling)
    theirs = slow.neighbours(layer, sliver_width_m=1.0)
    both = mine.merge(theirs, on=["left_id", "right_id"], how="outer")
    apart = both[(both["border_m_x"] - both["border_m_y"]).abs().fillna(np.inf) > 0.05]
    lone = apart[apart.isna().any(axis=1)]
    assert (lone[["border_m_x", "border_m_y"]].max(axis=1) < 1.05).all(), lone
    assert len(apart) == len(lone), apart
    assert mine.sort_values(["left_id", "right_id"], kind="stable").index.is_monotonic_increasing


@pytest.mark.parametrize("seed", range(3))
def test_stacked_copies_of_a_block_are_found_pair_by_pair(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = mesh(rng, 5)
    block = [cells[k] for k in (6, 7, 8, 11, 12, 13, 16, 17, 18)]
    layer = other_form(frame(cells + block + block[:4]), rng)

    found = fast.find_overlaps(layer, **WIDTHS)
    assert_same(found, slow.find_overlaps(layer, **WIDTHS))
    assert (found.findings["rule"] == "G202").sum() == 5 + 4 * 3
    assert_same_borders(layer)


@pytest.mark.parametrize("seed", range(3))
def test_parents_digitised_apart_have_the_gaps_of_the_slow_way(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = mesh(rng, 6)
    units, of = parents(cells, 6, 2)
    units.geometry = [
        shapely.Polygon(shapely.get_coordinates(g) + rng.uniform(-2, 2, 2)).segmentize(17)
        for g in units.geometry
    ]
    layer = frame(cells)
    layer["parent_id"] = of

    assert_same(fast.find_gaps(layer, units, **WIDTHS), slow.find_gaps(layer, units, **WIDTHS))
    assert_same(
        fast.find_outside_parent(layer, units, noise_width_m=0.05),
        slow.find_outside_parent(layer, units, noise_width_m=0.05),
    )


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, share=st.sampled_from([0.0, 0.2]))
def test_noise_on_every_vertex_hides_nothing_and_invents_nothing(seed: int, share: float) -> None:
    layer, units = city(seed, share=share)
    rng = np.random.default_rng(seed)
    layer.geometry = [shaken(g, rng, 0.008) for g in layer.geometry]
    layer.geometry = layer.geometry.make_valid()
    layer = layer[layer.geom_type.isin(["Polygon", "MultiPolygon"])]
    with mock.patch.object(tilings, "_FEW", 0):
        tiling = fast.tile(layer, units, noise_width_m=0.05)
        assert tiling.is_noisy
        assert tiling.faces is not None
        mine = fast.find_overlaps(layer, **WIDTHS, tiling=tiling)
        gaps = [
            fast.find_gaps(layer, units, **WIDTHS, tiling=tiling),
            fast.find_gaps(layer, None, **WIDTHS),
        ]
        outside = fast.find_outside_parent(layer, units, noise_width_m=0.05, tiling=tiling)
        borders = fast.neighbours(layer, sliver_width_m=1.0, tiling=tiling)

    assert_same(mine, slow.find_overlaps(layer, **WIDTHS))
    assert_same(gaps[0], slow.find_gaps(layer, units, **WIDTHS))
    assert_same(gaps[1], slow.find_gaps(layer, None, **WIDTHS))
    assert_same(outside, slow.find_outside_parent(layer, units, noise_width_m=0.05))
    theirs = slow.neighbours(layer, sliver_width_m=1.0, min_border_m=10.0)
    assert set(zip(theirs["left_id"], theirs["right_id"], strict=True)) <= set(
        zip(borders["left_id"], borders["right_id"], strict=True)
    )


def test_grids_that_do_not_tile_at_all_are_judged_all_the_same() -> None:
    rng = np.random.default_rng(0)
    layer = frame(
        [shapely.Point(*xy).buffer(rng.uniform(5, 60)) for xy in rng.uniform(0, 900, (60, 2))]
    )
    for few in (0, 20_000):
        with mock.patch.object(tilings, "_FEW", few):
            assert (fast.tile(layer, noise_width_m=0.05).faces is None) == (few == 0)
            assert_same(fast.find_overlaps(layer, **WIDTHS), slow.find_overlaps(layer, **WIDTHS))
            assert_same(
                fast.find_gaps(layer, None, **WIDTHS), slow.find_gaps(layer, None, **WIDTHS)
            )


def test_a_border_beside_another_ends_at_the_circle_around_its_corner() -> None:
    #      10┌───────┐20       the borders are 0.8 m apart, so that each is within 1 m of the other
    #  0 ───┘└───────┘──── 30  as far as 0.6 m beyond the corners: 11.2 m, less 1 m at both ends
    layer = frame([shapely.box(0, -10, 30, 0), shapely.box(10, 0.8, 20, 10)])
    for way in (fast.neighbours, slow.neighbours):
        borders = way(layer, sliver_width_m=1.0)
        assert borders["border_m"].to_list() == pytest.approx([9.2], abs=1e-3)


@pytest.mark.parametrize(("seed", "share"), [(917, 0.5), (367, 0.5)])
def test_cities_that_told_the_two_ways_apart_once(seed: int, share: float) -> None:
    layer, _ = city(seed, share=share)
    assert_same_borders(layer)


def test_a_ring_closed_by_corners_alone_encloses_nothing() -> None:
    #   ◇ ◇     four squares that touch in corners around a place: the union of each with itself
    #   ◇ ◇     has no hole, so the place is open country as in the slow way
    diamonds = [
        shapely.Point(x, y).buffer(10, quad_segs=1)
        for x, y in ((0, 0), (20, 0), (10, 10), (10, -10))
    ]
    layer = frame(diamonds)
    assert_same(fast.find_gaps(layer, None, **WIDTHS), slow.find_gaps(layer, None, **WIDTHS))
