"""The working CRS: contract.md, Working CRS."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from geo.crs import choose_working_crs, crs_name, is_in_mainland_china, scale_error, to_crs
from geo.errors import CRSError
from geo.layers import is_metric


def around(lon: float, lat: float, crs: str = "EPSG:4326") -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        geometry=[shapely.box(lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02)]
    ).set_crs(crs)


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        (105.06, 29.58, "EPSG:4544"),  # 内江
        (102.55, 24.35, "EPSG:4543"),  # 玉溪
        (118.10, 36.96, "EPSG:4548"),  # 桓台
        (113.15, 27.83, "EPSG:4547"),  # 芦淞
        (114.06, 22.55, "EPSG:4547"),  # 深圳
        (118.09, 24.48, "EPSG:4548"),  # 厦门
        (114.17, 22.30, "EPSG:32650"),  # 香港
        (113.55, 22.19, "EPSG:32649"),  # 澳門
        (121.55, 25.03, "EPSG:32651"),  # 臺北
        (24.94, 60.17, "EPSG:32635"),  # Helsinki
        (-58.40, -34.60, "EPSG:32721"),  # Buenos Aires
    ],
)
def test_degrees_get_the_local_zone(lon: float, lat: float, expected: str) -> None:
    assert crs_name(choose_working_crs(around(lon, lat))) == expected


def test_the_grids_own_metric_crs_is_kept() -> None:
    grids = to_crs(around(121.5, 25.0), CRS.from_epsg(3826))
    assert crs_name(choose_working_crs(grids)) == "EPSG:3826"


def test_own_crs_with_a_scale_off_by_more_than_a_thousandth_is_left() -> None:
    # 4547 has its meridian at 114°E: at 117.5°E its scale is off by 0.15 %.
    grids = to_crs(around(117.5, 30.0), CRS.from_epsg(4547))
    assert crs_name(choose_working_crs(grids)) == "EPSG:4548"


@pytest.mark.parametrize("own", ["EPSG:3857", "EPSG:3395", "EPSG:3035"])
def test_own_crs_that_cannot_measure_is_left(own: str) -> None:
    grids = to_crs(around(24.94, 60.17), CRS.from_user_input(own))
    assert crs_name(choose_working_crs(grids)) == "EPSG:32635"


def test_mercator_is_left_even_at_the_equator() -> None:
    grids = to_crs(around(109.3, 0.0), CRS.from_epsg(3395))
    assert crs_name(choose_working_crs(grids)) in {"EPSG:32649", "EPSG:32749"}


def test_us_feet_become_metres_of_the_same_projection() -> None:
    feet = gpd.GeoDataFrame(geometry=[shapely.box(980000, 190000, 1000000, 220000)], crs=2263)
    working = choose_working_crs(feet)
    assert is_metric(working)
    assert to_crs(feet, working).area.iloc[0] == pytest.approx(6e8 * (1200 / 3937) ** 2, rel=1e-9)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("EPSG:3857", "crs.web_mercator"),
        ("EPSG:4490", "crs.not_projected"),
        ("EPSG:3035", "crs.cannot_measure"),  # LAEA of Europe, in China
        ("EPSG:2435", "crs.old_datum"),  # Beijing 54
        ("EPSG:2383", "crs.old_datum"),  # Xi'an 80
        ("EPSG:999999", "crs.unknown"),
    ],
)
def test_a_given_crs_that_cannot_measure_is_refused_with_the_reason(given: str, key: str) -> None:
    with pytest.raises(CRSError) as caught:
        choose_working_crs(around(114.3, 30.6), given)
    assert caught.value.key == key
    assert caught.value.text("zh") != caught.value.text("en")


def test_a_given_crs_within_one_per_cent_is_taken() -> None:
    assert crs_name(choose_working_crs(around(117.5, 30.0), "EPSG:4547")) == "EPSG:4547"


def test_grids_in_an_old_datum_or_without_crs_are_refused() -> None:
    for crs, key in (("EPSG:4214", "crs.old_datum"), ("EPSG:4610", "crs.old_datum")):
        with pytest.raises(CRSError) as caught:
            choose_working_crs(around(114.3, 30.6, crs))
        assert caught.value.key == key
    with pytest.raises(CRSError) as caught:
        choose_working_crs(gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)]))
    assert caught.value.key == "layers.no_crs"


def test_cgcs2000_and_wgs84_are_one_datum() -> None:
    point = gpd.GeoDataFrame(geometry=[shapely.Point(114.0, 30.0)], crs=4490)
    same = to_crs(point, CRS.from_epsg(4326)).geometry.iloc[0]
    assert (same.x, same.y) == pytest.approx((114.0, 30.0), abs=1e-12)
    zone = to_crs(point.set_crs(4326, allow_override=True), CRS.from_epsg(4547)).geometry.iloc[0]
    assert zone.x == pytest.approx(500000.0, abs=1e-6)


def test_old_datums_are_never_moved_without_parameters() -> None:
    for code in (4214, 4610, 2435, 2383):
        point = gpd.GeoDataFrame(geometry=[shapely.Point(114.0, 30.0)], crs=code)
        with pytest.raises(CRSError) as caught:
            to_crs(point, CRS.from_epsg(4547))
        assert caught.value.key == "crs.old_datum"


def test_an_unnamed_datum_on_another_ellipsoid_is_never_guessed() -> None:
    point = gpd.GeoDataFrame(
        geometry=[shapely.Point(114.0, 30.0)], crs="+proj=longlat +ellps=krass +type=crs"
    )
    for target in (4326, 4547):
        with pytest.raises(CRSError) as caught:
            to_crs(point, CRS.from_epsg(target))
        assert caught.value.key == "crs.no_way"


def test_local_parameters_make_an_old_datum_usable() -> None:
    bound = "+proj=longlat +ellps=krass +towgs84=15.8,-154.4,-82.3,0,0,0,0 +no_defs +type=crs"
    point = gpd.GeoDataFrame(geometry=[shapely.Point(114.0, 30.0)], crs=bound)
    moved = to_crs(point, CRS.from_epsg(32650)).geometry.iloc[0]
    plain = to_crs(point.set_crs(4326, allow_override=True), CRS.from_epsg(32650)).geometry.iloc[0]
    assert 20 < moved.distance(plain) < 300


def test_missing_geometries_and_columns_survive_and_the_input_is_untouched() -> None:
    frame = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[shapely.Point(114, 30), None], crs=4326)
    moved = to_crs(frame, CRS.from_epsg(4547))
    assert moved.geometry.isna().tolist() == [False, True]
    assert moved["a"].tolist() == [1, 2]
    assert frame.crs == CRS.from_epsg(4326)


@settings(deadline=None, max_examples=40)
@given(lon=st.floats(75, 134), lat=st.floats(19, 53))
def test_the_chosen_crs_is_always_metric_and_true_to_a_thousandth(lon: float, lat: float) -> None:
    chosen = choose_working_crs(around(lon, lat))
    assert is_metric(chosen)
    assert scale_error(chosen, (lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02)) < 0.0015
    assert is_in_mainland_china(lon, lat) == (4534 <= (chosen.to_epsg() or 0) <= 4554)


@settings(deadline=None, max_examples=40)
@given(lon=st.floats(110, 118), lat=st.floats(20, 40))
def test_there_and_back_is_the_same_place(lon: float, lat: float) -> None:
    point = gpd.GeoDataFrame(geometry=[shapely.Point(lon, lat)], crs=4326)
    back = to_crs(to_crs(point, CRS.from_epsg(4547)), CRS.from_epsg(4326)).geometry.iloc[0]
    assert np.allclose([back.x, back.y], [lon, lat], atol=1e-9)
