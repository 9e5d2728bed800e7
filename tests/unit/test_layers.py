import pytest
import shapely

from geo.errors import CRSError, LayerError
from geo.layers import (
    Layers,
    ancestors,
    require_columns,
    require_metric,
    require_points,
    require_polygons,
    require_same_crs,
)
from geo.quantities import distance_m, speed_kmh
from tests.builders import grids, sites, units


def test_degrees_are_refused_with_the_crs_named() -> None:
    frame = grids((0, 0, 1, 1)).set_crs("EPSG:4326", allow_override=True)
    with pytest.raises(CRSError, match=r"metres, got EPSG:4326"):
        require_metric(frame, "grids")


def test_feet_are_not_metres() -> None:
    frame = grids((0, 0, 1, 1)).set_crs("EPSG:2263", allow_override=True)
    with pytest.raises(CRSError, match="foot"):
        require_metric(frame, "grids")


def test_no_crs_is_refused() -> None:
    frame = grids((0, 0, 1, 1)).set_crs(None, allow_override=True)
    with pytest.raises(CRSError, match="no CRS"):
        require_metric(frame, "grids")


def test_different_crs_are_refused_by_name() -> None:
    other = sites((0, 0)).set_crs("EPSG:32651", allow_override=True)
    with pytest.raises(CRSError, match="grids and sites differ"):
        require_same_crs({"grids": grids((0, 0, 1, 1)), "sites": other})


def test_repeated_ids_are_refused() -> None:
    frame = grids((0, 0, 1, 1), (1, 0, 2, 1))
    frame.index = ["a", "a"]
    with pytest.raises(LayerError, match="for example a"):
        require_polygons(frame, "grids")


@pytest.mark.parametrize("shape", [shapely.Point(0, 0), shapely.Polygon(), None])
def test_what_is_no_polygon_is_refused(shape: shapely.Geometry | None) -> None:
    frame = grids((0, 0, 1, 1)).set_geometry([shape], crs="EPSG:32650")
    with pytest.raises(LayerError, match="row g0"):
        require_polygons(frame, "grids")


def test_a_polygon_is_no_point() -> None:
    with pytest.raises(LayerError, match="expected a point"):
        require_points(grids((0, 0, 1, 1)), "sites")


def test_every_missing_column_is_named() -> None:
    with pytest.raises(LayerError, match="households, residents"):
        require_columns(grids((0, 0, 1, 1)), ["kind", "households", "residents"], "grids")


def test_ancestors_climb_every_level_and_stop_at_a_circle() -> None:
    # g0 → u0 → u1 → u0 (a circle); g1 → nobody
    frame = grids((0, 0, 1, 1), (1, 0, 2, 1), parent_id=["u0", "nobody"])
    above = units((0, 0, 1, 1), (0, 0, 2, 1), parent_id=["u1", "u0"])
    pairs = ancestors(frame, above)
    assert sorted(pairs.itertuples(index=False, name=None)) == [("g0", "u0"), ("g0", "u1")]


def test_base_grids_leave_the_dedicated_out() -> None:
    frame = grids((0, 0, 1, 1), (1, 0, 2, 1))
    frame["kind"] = ["base", "dedicated"]
    assert list(Layers(grids=frame).base_grids.index) == ["g0"]


def test_minutes_become_metres_and_back() -> None:
    assert distance_m(10) == 667
    assert speed_kmh(1000, 15) == pytest.approx(4.0)
