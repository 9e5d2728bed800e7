"""The truth table against the plain, slow way of judging the same city."""

from collections import Counter
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.coverage.network import modes, ways_of
from geo.coverage.streets import street_edges
from geo.synth import City, build_city
from geo.synth.figures import defect_kinds
from geo.synth.hosts import defect_counts
from tests.network_oracle import spots, times_ms


@pytest.fixture(scope="module", params=[(15, 0), (60, 1)], ids=["15", "60"])
def city(request: pytest.FixtureRequest) -> City:
    n_communities, seed = request.param
    return build_city(n_communities, seed=seed)


def told(city: City, *rules: str) -> dict[tuple[object, ...], float | None]:
    rows = [row for row in city.truth if row["rule"] in rules]
    table = {(row["rule"], row["defect"], *row["grid_ids"]): row["measure"] for row in rows}
    assert len(table) == len(rows)
    return table


def width(geometry: shapely.Geometry) -> float:
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon"]
    return max((2 * p.area / p.length for p in parts if p.length), default=0.0)


def base_of(city: City) -> gpd.GeoDataFrame:
    return city.grids[city.grids["kind"] == "base"]


def test_overlaps_of_base_grids_are_exactly_those_listed(city: City) -> None:
    base = base_of(city)
    shapes, ids = base.geometry.array, base.index
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    found, noise = {}, 0
    for a, b in zip(left[left < right], right[left < right], strict=True):
        shared = shapes[a].intersection(shapes[b])
        if 0 < width(shared) < 0.05:
            noise += 1
        elif shared.area > 0:
            same = shapes[a].equals(shapes[b])
            rule = "G202" if same else "G201" if width(shared) >= 1 else "G204"
            found[rule, "overlap", *sorted((ids[a], ids[b]))] = shared.area
    expected = {
        key: area for key, area in told(city, "G201", "G202", "G204").items() if key[1] == "overlap"
    }
    assert found == pytest.approx(expected, abs=0.01)
    assert noise == city.noise["n_overlaps"]


def test_gaps_are_exactly_those_listed(city: City) -> None:
    base = base_of(city)
    union = shapely.union_all(base.geometry.array)
    found = []
    for outline in city.communities.geometry:
        for gap in shapely.get_parts(outline.difference(union)):
            if width(gap) >= 0.05:
                around = base.index[base.intersection(gap.buffer(0.01)).length > 0.5]
                rule = "G203" if width(gap) >= 1 else "G204"
                found.append((rule, "gap", *sorted(around)))
    expected = [key for key in told(city, "G203", "G204") if key[1] == "gap"]
    assert sorted(found) == sorted(expected)


def test_dedicated_grids_astride_a_border_are_exactly_those_listed(city: City) -> None:
    dedicated = city.grids[city.grids["kind"] == "dedicated"]
    base = base_of(city)
    found = {}
    for grid_id, plot in dedicated.geometry.items():
        shared = base.intersection(plot).area
        shared = shared[shared > 0]
        assert shared.sum() == pytest.approx(plot.area)
        if len(shared) > 1:
            found |= {
                ("G207", "overlap", *sorted((grid_id, other))): area
                for other, area in shared.items()
            }
    assert found == pytest.approx(told(city, "G207"), abs=0.01)


def test_grids_that_reach_outside_their_parent_are_exactly_those_listed(city: City) -> None:
    known = city.grids[city.grids["parent_id"].isin(city.communities.index)]
    outlines = city.communities.geometry[known["parent_id"]].array
    outside = shapely.difference(known.geometry.array, outlines)
    found = {
        ("G210", None, grid_id): piece.area
        for grid_id, piece in zip(known.index, outside, strict=True)
        if width(piece) >= 0.05
    }
    assert found == pytest.approx(told(city, "G210"), abs=0.01)


def test_the_register_is_wrong_exactly_where_listed(city: City) -> None:
    grids, units = city.grids, city.communities
    place = gpd.sjoin(
        grids.set_geometry(grids.representative_point()), units[["geometry"]], predicate="within"
    )["unit_id"]
    place = place[~place.isin(told_units(city))].reindex(grids.index)
    found = {}
    for grid_id, parent in grids["parent_id"].items():
        if pd.isna(parent):
            found["H301", None, grid_id] = None
        elif parent not in units.index:
            found["H302", None, grid_id] = None
        elif isinstance(place[grid_id], str) and place[grid_id] != parent:
            found["H303", None, grid_id] = 0.0
    assert found == told(city, "H301", "H302", "H303")
    unused = set(units.index) - set(grids["parent_id"].dropna())
    assert unused == told_units(city)


def told_units(city: City) -> set[str]:
    return {row["unit_ids"][0] for row in city.truth if row["rule"] == "H305"}


def test_detached_and_isolated_grids_are_exactly_those_listed(city: City) -> None:
    base = base_of(city)
    parts = shapely.get_num_geometries(base.geometry.array)
    assert {("G206", None, grid_id): 2 for grid_id in base.index[parts > 1]} == told(city, "G206")
    near = shapely.STRtree(base.geometry.array).query(
        base.geometry.array, predicate="dwithin", distance=1.0
    )[0]
    alone = base.index[np.bincount(near, minlength=len(base)) == 1]
    assert {("G208", None, grid_id): None for grid_id in alone} == told(city, "G208")


def test_size_is_judged_by_the_register(city: City) -> None:
    base = base_of(city)
    found = {}
    for grid_id, households in base["households"].items():
        if households == 0:
            found["S403", None, grid_id] = 0
        elif not 300 <= households <= 500:
            found["S401" if households > 500 else "S402", None, grid_id] = households
    assert found == told(city, "S401", "S402", "S403")


def _walks(city: City, buildings: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return minutes along the roads, straight metres to the nearest site, and who has a road."""
    edges, ways = street_edges(city.roads), ways_of(city.roads, modes()["walk"])
    xy = [shapely.get_coordinates(frame.geometry.array) for frame in (city.sites, buildings)]
    places = [spots(edges, ways, part, within_m=100.0, access_ms_per_m=900.0) for part in xy]
    straight = np.hypot(*(xy[1][:, None] - xy[0][None]).transpose(2, 0, 1))
    minutes = np.rint(times_ms(edges, ways, *places)) / 60_000
    return minutes.min(axis=1), straight.min(axis=1), places[1].edge >= 0


def test_coverage_is_judged_by_residents_along_the_roads(city: City) -> None:
    base = base_of(city).sort_index()
    buildings = city.building_frame()
    held = gpd.sjoin(buildings, base[["geometry"]], predicate="within").sort_values("grid_id")
    held = held[~held.index.duplicated()]
    minutes, straight, is_near = _walks(city, held)
    people = pd.DataFrame({"grid": held["grid_id"], "all": held["residents"]})
    known = people["all"].where(np.isfinite(minutes), 0)
    found = {}
    for tier, limit, metres in (("walk_5", 5, 300), ("walk_10", 10, 500), ("walk_15", 15, 1000)):
        inside = known.where(minutes <= limit, 0)
        is_barred = (straight <= metres) & (minutes > limit) & is_near
        is_barred &= minutes * 1000 / 15 > 1.5 * straight
        sums = pd.DataFrame(
            {"in": inside, "known": known, "bar": people["all"].where(is_barred, 0)}
        )
        sums = sums.join(people["all"]).groupby(people["grid"]).sum()
        share, barred = sums["in"] / sums["known"], sums["bar"] / sums["all"]
        for grid_id, value in share[share < 0.9].items():
            found["C501" if value == 0 else "C502", tier, grid_id] = value
        found |= {("C504", tier, grid_id): value for grid_id, value in barred[barred > 0.1].items()}
    with_people = set(held["grid_id"])
    expected = {
        (row["rule"], row["tier"], *row["grid_ids"]): row["measure"]
        for row in city.truth
        if row["rule"][0] == "C" and row["grid_ids"][0] in with_people
    }
    assert found == pytest.approx(expected, abs=1e-5)


def test_grids_without_a_building_are_covered_beyond_doubt(city: City) -> None:
    base = base_of(city)
    held = gpd.sjoin(city.building_frame(), base[["geometry"]], predicate="within")
    owners = held.sort_values("grid_id").pipe(lambda f: f[~f.index.duplicated()])["grid_id"]
    for grid in base.geometry[~base.index.isin(owners)]:
        assert (shapely.hausdorff_distance(grid, city.sites.geometry.array) < 300).any()


def test_buildings_and_sites_in_no_grid_or_in_several_are_exactly_those_listed(city: City) -> None:
    base = base_of(city).sort_index()
    buildings = city.building_frame()
    held = gpd.sjoin(buildings, base[["geometry"]], predicate="within")
    found: Counter[tuple[str, ...]] = Counter()
    for _, ids in held.groupby(level=0)["grid_id"]:
        if len(ids) > 1:
            found[tuple(sorted(ids))] += 1
    for point in buildings.geometry[~buildings.index.isin(held.index)]:
        away = base.distance(point)
        found[(away.index[away == away.min()][0],)] += 1
    assert {("H306", None, *ids): n for ids, n in found.items()} == told(city, "H306")
    sited = gpd.sjoin(city.sites, city.grids[["geometry"]], predicate="within")
    lone = set(city.sites.index) - set(sited.index)
    assert lone == {row["site_ids"][0] for row in city.truth if row["rule"] == "H307"}


def test_every_kind_is_planted_in_the_smallest_town_that_is_asked_for(city: City) -> None:
    rules = {row["rule"] for row in city.truth if row["planted"]}
    every = {"G201", "G202", "G203", "G204", "G206", "G207", "G208", "G210", "H301", "H302"}
    every |= {"H303", "H305", "H306", "H307", "S401", "S402", "S403", "C501"}
    assert rules == every


def test_no_width_is_near_a_limit(city: City) -> None:
    for row in city.truth:
        if row["rule"] == "G201":
            shapes = city.grids.geometry[row["grid_ids"]].array
            assert width(shapes[0].intersection(shapes[1])) > 1.2


def test_a_clean_city_has_nothing_but_thin_circles() -> None:
    city = build_city(30, defect_share=0.0)
    assert {row["rule"] for row in city.truth} <= {"C501", "C502", "C504"}
    assert not any(row["planted"] for row in city.truth)


def test_the_share_of_spoilt_grids_is_the_one_asked_for() -> None:
    grids = {kind.name: kind.grids for kind in defect_kinds()}
    shares = [0.0, 0.01, 0.05, 0.18]
    spoilt = [
        sum(n * grids[name] for name, n in defect_counts(9_000, share).items()) for share in shares
    ]
    assert spoilt == [round(9_000 * share) for share in shares]
    assert all(a <= b for a, b in pairwise(spoilt))
