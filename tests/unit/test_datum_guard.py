"""The datum guard's parts, on places that can be reckoned by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geo.crs import WGS84, to_crs
from geo.io.guard import Area, Surroundings, find_misreading, guard_limits, judge_datum
from geo.io.guard.axes import own_misreading
from geo.io.guard.chance import away_from_chance, chance_shifts, few_misses, ranks
from geo.io.guard.claims import find_claims
from tests.towns import redated

NEIJIANG = CRS.from_epsg(4544)
X0, Y0 = 505_000.0, 3_273_000.0
SIDE_M = 250.0


def town(n: int = 8) -> gpd.GeoDataFrame:
    """Return n × n square grids of 250 m near Neijiang: g00 is in the south-west, g01 east of it.

    ::

        ┌─g10─┬─g11─┐
        ├─g00─┼─g01─┤   and so on
    """
    cells = {
        f"g{row}{column}": shapely.box(
            X0 + column * SIDE_M,
            Y0 + row * SIDE_M,
            X0 + (column + 1) * SIDE_M,
            Y0 + (row + 1) * SIDE_M,
        )
        for row in range(n)
        for column in range(n)
    }
    return gpd.GeoDataFrame(
        {"name": [f"网格{name}" for name in cells]},
        geometry=list(cells.values()),
        index=pd.Index(list(cells), name="grid_id"),
        crs=NEIJIANG,
    )


def centres(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one site in the middle of each grid."""
    index = pd.Index([f"s{at}" for at in range(len(grids))], name="site_id")
    return gpd.GeoDataFrame(geometry=grids.centroid.to_numpy(), index=index, crs=grids.crs)


def moved(xy: np.ndarray, east_m: float) -> np.ndarray:
    return xy + np.array([east_m, 0.0])


def held(grids: gpd.GeoDataFrame) -> Surroundings:
    return Surroundings(grids=grids, areas={"grids": grids})


def area(grids: gpd.GeoDataFrame) -> Area:
    return Area(crs=NEIJIANG, bounds=tuple(grids.total_bounds), own_crs=NEIJIANG)


def test_ranks_are_shares_of_chance_with_ties_in_the_middle() -> None:
    chance = np.array([1.0, 2.0, 2.0, 3.0])
    assert ranks(np.array([0.5, 2.0, 9.0]), chance).tolist() == [0.0, 0.5, 1.0]


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 400), near=st.booleans())
def test_ranks_of_chance_say_nothing(seed: int, n: int, near: bool) -> None:  # noqa: FBT001
    rank = np.random.default_rng(seed).uniform(0, 1, n)
    assert away_from_chance(rank, near=near) < 8.0


def test_ranks_on_one_side_speak_and_on_the_other_do_not() -> None:
    low = np.full(30, 0.02)
    assert away_from_chance(low, near=True) > 30.0
    assert away_from_chance(low, near=False) == 0.0
    assert away_from_chance(1.0 - low, near=False) > 30.0


def test_a_miss_costs_about_three_nats() -> None:
    assert few_misses(0, 30) - few_misses(1, 30) == pytest.approx(4.4, abs=0.5)
    assert few_misses(0, 30) - few_misses(4, 30) == pytest.approx(12.6, abs=0.5)


def test_shifts_of_chance_keep_away_from_those_of_readings() -> None:
    readings = np.array([[0.0, 0.0], [300.0, 30.0]])
    shifts = chance_shifts(readings)
    away = np.hypot(*np.moveaxis(shifts[:, None] - readings[None], 2, 0)).min(axis=1)
    assert 40 <= len(shifts) < 48
    assert away.min() > 160.0


def test_codes_and_names_in_columns_say_where_a_row_lies() -> None:
    grids = town(3)
    rows = centres(grids).assign(
        wg=grids.index.to_numpy(),
        title=[f"{name}便民站" for name in grids["name"]],
        other=[f"x{at}" for at in range(len(grids))],
    )
    claims = {claim.column: claim for claim in find_claims(rows, {"grids": grids})}
    assert set(claims) == {"wg", "title"}
    xy = shapely.get_coordinates(rows.geometry.array)
    for claim in claims.values():
        assert not claim.misses(xy, 30.0).any()
        assert claim.misses(moved(xy, SIDE_M), 30.0).all()


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_shifted_places_are_named_and_the_shift_told(datum: str) -> None:
    grids = town()
    found = judge_datum(redated(centres(grids), datum), held(grids))
    assert found.verdict == datum
    assert found.is_doubtful
    assert 300 < found.shift_m < 1400


def test_places_where_they_belong_are_confirmed() -> None:
    grids = town()
    found = judge_datum(centres(grids), held(grids))
    assert found.verdict == "ok"
    assert found.shift_m == 0.0
    outline = next(item for item in found.evidence if item.name == "outline")
    assert outline.figures["wgs84"] == 0
    assert outline.figures["gcj02"] > 8


def test_a_declared_shift_is_held_against_the_others() -> None:
    grids = town()
    sites = centres(grids)
    right = redated(sites, "gcj02", read_as="gcj02")
    assert judge_datum(right, held(grids), declared="gcj02").verdict == "ok"
    never_shifted = redated(sites, "wgs84", read_as="gcj02")
    assert judge_datum(never_shifted, held(grids), declared="gcj02").verdict == "wgs84"
    baidu = redated(sites, "bd09", read_as="gcj02")
    assert judge_datum(baidu, held(grids), declared="gcj02").verdict == "bd09"


def test_four_places_are_too_few() -> None:
    grids = town()
    assert guard_limits().fewest_rows == 5
    assert judge_datum(redated(centres(grids).head(4), "gcj02"), held(grids)).verdict == "unknown"


def test_places_side_by_side_count_once() -> None:
    # ten sites in one house beyond the south-west corner: one miss, not ten
    grids = town()
    corner = shapely.points(X0 - 60.0 + np.arange(10) * 4.0, np.full(10, Y0 - 60.0))
    sites = pd.concat(
        [
            centres(grids),
            gpd.GeoDataFrame(geometry=corner, index=[f"c{k}" for k in range(10)], crs=NEIJIANG),
        ]
    )
    assert judge_datum(sites, held(grids)).verdict == "ok"


def test_a_list_beyond_the_city_says_nothing_by_its_outline() -> None:
    rng = np.random.default_rng(5)
    xy = rng.uniform((X0 - 6000, Y0 - 6000), (X0 + 8000, Y0 + 8000), (400, 2))
    sites = gpd.GeoDataFrame(geometry=shapely.points(xy), crs=NEIJIANG)
    assert judge_datum(sites, held(town())).verdict == "unknown"


def test_outside_the_mainland_nothing_is_doubted_unless_declared() -> None:
    grids = town().set_crs("EPSG:3826", allow_override=True)
    grids.geometry = grids.translate(305_000 - X0, 2_770_000 - Y0)
    sites = redated(centres(grids), "gcj02")
    assert judge_datum(sites, held(grids)).verdict == "unknown"
    assert judge_datum(centres(grids), held(grids), declared="gcj02").verdict != "gcj02"


@pytest.mark.parametrize(
    ("easting", "flip", "read_in", "name", "right"),
    [
        (0.0, True, 4544, "swapped", "EPSG:4544"),
        (35e6, True, 4544, "swapped", "EPSG:4523"),
        (35e6, False, 4544, "zone_prefix", "EPSG:4523"),
        (35e6, False, 4524, "zone_prefix", "EPSG:4523"),
        (0.0, False, 4523, "no_zone_prefix", "EPSG:4544"),
        (0.0, False, 4545, "wrong_zone", "EPSG:4544"),
        (0.0, False, 4543, "wrong_zone", "EPSG:4544"),
        (0.0, False, 4490, "metres", "EPSG:4544"),
    ],
)
def test_misread_metres_are_named_with_the_crs_that_fits(
    easting: float,
    flip: bool,  # noqa: FBT001
    read_in: int,
    name: str,
    right: str,
) -> None:
    grids = town()
    xy = moved(shapely.get_coordinates(centres(grids).geometry.array), easting)
    found = find_misreading(xy[:, ::-1] if flip else xy, CRS.from_epsg(read_in), area(grids))
    assert found is not None
    assert (found.name, found.crs) == (name, right)
    assert found.verdict == ("swapped" if flip else "zone")
    assert (found.share, found.share_as_is) == (1.0, 0.0)
    assert found.prefix == (35 if easting else 0)


@pytest.mark.parametrize(
    ("read_in", "flip", "name"),
    [(4326, True, "swapped"), (4544, False, "degrees"), (4544, True, "swapped")],
)
def test_misread_degrees_are_named(read_in: int, flip: bool, name: str) -> None:  # noqa: FBT001
    grids = town()
    xy = shapely.get_coordinates(to_crs(centres(grids), WGS84).geometry.array)
    found = find_misreading(xy[:, ::-1] if flip else xy, CRS.from_epsg(read_in), area(grids))
    assert found is not None
    assert found.name == name


def test_places_at_the_city_or_elsewhere_altogether_are_not_misread() -> None:
    grids = town()
    xy = shapely.get_coordinates(centres(grids).geometry.array)
    assert find_misreading(xy, NEIJIANG, area(grids)) is None
    assert find_misreading(moved(xy, 90_000.0), NEIJIANG, area(grids)) is None
    assert find_misreading(np.empty((0, 2)), NEIJIANG, area(grids)) is None


def test_the_grids_are_held_against_the_area_of_use_of_their_crs() -> None:
    xy = shapely.get_coordinates(centres(town(2)).geometry.array)
    assert own_misreading(xy, NEIJIANG) is None
    assert own_misreading(xy[:, ::-1], NEIJIANG) == "swapped"
    assert own_misreading(moved(xy, 35e6), NEIJIANG) == "zone_prefix"
    lonlat = shapely.get_coordinates(to_crs(centres(town(2)), WGS84).geometry.array)
    assert own_misreading(lonlat[:, ::-1], WGS84) == "swapped"


def kept_inside(n: int = 60) -> gpd.GeoDataFrame:
    """Return n sites that lie in the grids both as they are and when read as GCJ-02."""
    grids = town()
    outline = shapely.union_all(grids.geometry.to_numpy())
    xy = np.random.default_rng(1).uniform((X0, Y0), (X0 + 2000, Y0 + 2000), (6 * n, 2))
    sites = gpd.GeoDataFrame(geometry=shapely.points(xy), crs=NEIJIANG)
    back = redated(sites, "wgs84", read_as="gcj02")
    both = shapely.contains(outline, sites.geometry) & shapely.contains(outline, back.geometry)
    return sites[both].head(n)


def beyond(n: int, *, side_by_side: bool = False) -> gpd.GeoDataFrame:
    """Return n sites outside the grids that lie inside when read as GCJ-02."""
    sites = centres(town())
    if side_by_side:
        corner = shapely.get_coordinates(sites.geometry.iloc[[7]].array)[0]
        steps = 36.0 * np.column_stack([np.arange(n) % 4, np.arange(n) // 4])
        sites = gpd.GeoDataFrame(geometry=shapely.points(corner + steps - 100.0), crs=NEIJIANG)
    shifted = redated(sites, "gcj02")
    outline = shapely.union_all(town().geometry.to_numpy())
    return shifted[~shapely.contains(outline, shifted.geometry)].head(n)


def together(*frames: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    places = np.concatenate([frame.geometry.to_numpy() for frame in frames])
    return gpd.GeoDataFrame(geometry=places, crs=NEIJIANG)


def test_outsiders_that_another_datum_would_bring_in_make_a_doubt() -> None:
    sites = together(kept_inside(), beyond(8))
    assert judge_datum(sites, held(town())).verdict == "gcj02"


def test_outsiders_that_no_datum_brings_in_take_the_doubt_away() -> None:
    far = gpd.GeoDataFrame(
        geometry=shapely.points(X0 - 3000.0 + 600.0 * np.arange(2), np.full(2, Y0)), crs=NEIJIANG
    )
    sites = together(kept_inside(), beyond(5), far)
    assert judge_datum(sites, held(town())).verdict == "unknown"


def test_outsiders_side_by_side_are_one() -> None:
    sites = together(kept_inside(), beyond(10, side_by_side=True))
    assert judge_datum(sites, held(town())).verdict == "unknown"


def test_evidence_that_disagrees_makes_no_doubt() -> None:
    # by the outline the sites are GCJ-02, but each names the grid that it lies in as it is
    grids = town()
    sites = redated(centres(grids), "gcj02")
    assert judge_datum(sites, held(grids)).verdict == "gcj02"
    code = gpd.sjoin(sites, grids.drop(columns="name"), how="left")["grid_id"]
    found = judge_datum(sites.assign(wg=code.to_numpy()), held(grids))
    assert found.verdict == "unknown"
