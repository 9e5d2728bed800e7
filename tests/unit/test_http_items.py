"""Features through a test client: paging, boxes, filters, one feature, a point."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.http import Settings, create_app
from tests.service.outputs import feature, square, write_json, write_outputs

ITEMS = "/collections/grids/items"

#  30.02 ┌──────┬──────┬──────┐
#        │ g1-0 │ g1-1 │ g1-2 │      0.01 degrees each; units west and east
#  30.01 ├──────┼──────┼──────┤      meet in the middle of column 1
#        │ g0-0 │ g0-1 │ g0-2 │
#  30.00 └──────┴──────┴──────┘
#       120   120.01 120.02  120.03


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = write_outputs(tmp_path_factory.mktemp("served") / "out")
    return TestClient(create_app(folder, settings=Settings(max_limit=5, default_limit=4)))


def ids(document: dict[str, Any]) -> list[str]:
    return [found["id"] for found in document["features"]]


def next_url(document: dict[str, Any]) -> str | None:
    return next((link["href"] for link in document["links"] if link["rel"] == "next"), None)


def test_a_page_counts_what_matched_and_what_it_holds(client: TestClient) -> None:
    answer = client.get(ITEMS)
    page = answer.json()

    assert answer.headers["content-type"] == "application/geo+json"
    assert page["type"] == "FeatureCollection"
    assert (page["numberMatched"], page["numberReturned"]) == (6, 4)
    assert page["timeStamp"].endswith("Z")
    assert page["features"][0] == {
        "type": "Feature",
        "id": "g0-0",
        "geometry": square(120, 30, 0.01),
        "properties": page["features"][0]["properties"],
    }
    assert page["features"][0]["properties"]["orphan_reasons"] == ["H301", "C501"]


def test_next_keeps_every_parameter_and_ends(client: TestClient) -> None:
    url: str | None = f"{ITEMS}?limit=2&kind=base&bbox=120,30,121,31&f=json&lang=en"
    seen: list[str] = []
    pages = 0
    while url is not None:
        page = client.get(url).json()
        seen += ids(page)
        assert page["numberMatched"] == 6
        url = next_url(page)
        pages += 1
        for kept in ("kind=base", "bbox=120,30,121,31", "limit=2", "f=json", "lang=en"):
            assert url is None or kept in url
    assert pages == 3
    assert seen == [f"g{row}-{column}" for row in range(2) for column in range(3)]


def test_geometries_can_be_left_out(client: TestClient) -> None:
    whole = client.get(f"{ITEMS}?limit=2").json()["features"]
    bare = client.get(f"{ITEMS}?limit=2&skipGeometry=true").json()["features"]
    assert bare == [{**found, "geometry": None} for found in whole]
    assert client.get(f"{ITEMS}?skipGeometry=1").status_code == 400


def test_a_cursor_stands_where_its_feature_was(client: TestClient) -> None:
    assert ids(client.get(f"{ITEMS}?limit=2&after=1.g0-1").json()) == ["g0-2", "g1-0"]
    # that feature is gone: its place counts
    assert ids(client.get(f"{ITEMS}?limit=2&after=1.gone").json()) == ["g0-1", "g0-2"]
    assert ids(client.get(f"{ITEMS}?limit=2&after=1.g0-1&is_orphan=true").json()) == ["g1-0"]
    assert ids(client.get(f"{ITEMS}?after=9.gone").json()) == []
    for wrong in ("", "x", "-1.a", "1"):
        assert client.get(f"{ITEMS}?after={wrong}").status_code == 400


def test_prev_leads_back(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?limit=2&offset=2").json()
    back = next(link["href"] for link in page["links"] if link["rel"] == "prev")
    assert ids(client.get(back).json()) == ["g0-0", "g0-1"]


def test_a_limit_above_the_maximum_is_the_maximum(client: TestClient) -> None:
    assert client.get(f"{ITEMS}?limit=99999").json()["numberReturned"] == 5


def test_beyond_the_end_there_is_nothing(client: TestClient) -> None:
    page = client.get(f"{ITEMS}?offset=6").json()
    assert (page["numberMatched"], page["numberReturned"], next_url(page)) == (6, 0, None)


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=-1", "limit=abc", "limit=", "limit=1.5", "limit=%EF%BC%91"),
        *("offset=-1", "offset=x"),
        *("bbox=1,2,3", "bbox=a,b,c,d", "bbox=1,2,3,4,5", "bbox=", "bbox=1,2,3,nan"),
        *("bbox=0,5,1,4", "bbox=0,0,9,1,1,0", "bbox=0,0,inf,1"),
        *("datetime=yesterday", "datetime=2026-13-01T00:00:00Z", "datetime=../..", "datetime="),
        *("datetime=2026-02-01T00:00:00Z/2026-01-01T00:00:00Z",),
        *("colour=red", "households=many", "households=nan", "is_orphan=maybe", "note=a&note=b"),
    ],
)
def test_what_cannot_be_read_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"{ITEMS}?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "value",
    [
        *("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+08:00", "2026-01-01T00:00:00Z/.."),
        *("../2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z/2026-01-01T00:00:00Z", "2026-01-01/"),
    ],
)
def test_features_without_a_time_meet_every_interval(client: TestClient, value: str) -> None:
    answer = client.get(ITEMS, params={"datetime": value})
    assert answer.json()["numberMatched"] == 6


@pytest.mark.parametrize(
    ("bbox", "expected"),
    [
        ("120.001,30.001,120.002,30.002", ["g0-0"]),
        ("120.005,30.005,120.015,30.005", ["g0-0", "g0-1"]),
        ("120.03,30.02,121,31", ["g1-2"]),
        ("119,29,120,30", ["g0-0"]),
        ("120.015,30.005,120.015,30.005", ["g0-1"]),
        ("120.015,30.005,0,120.015,30.005,9", ["g0-1"]),
        ("119,29,119.9,29.9", []),
        ("120.025,29,-170,31", ["g0-2", "g1-2"]),
        ("170,29,120.005,31", ["g0-0", "g1-0"]),
    ],
)
def test_a_box_holds_what_meets_it_borders_included(
    client: TestClient, bbox: str, expected: list[str]
) -> None:
    page = client.get(f"{ITEMS}?bbox={bbox}").json()
    assert ids(page) == expected
    assert page["numberMatched"] == len(expected)


def test_a_box_is_compared_with_the_shape_not_with_its_bounds(tmp_path: Path) -> None:
    # a triangle: its upper right half of the bounds is empty
    folder = write_outputs(tmp_path / "out")
    triangle = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1], [0, 0]]]}
    write_json(
        folder / "grids.geojson",
        {"type": "FeatureCollection", "features": [feature("t", triangle, grid_id="t")]},
    )
    client = TestClient(create_app(folder))
    assert ids(client.get(f"{ITEMS}?bbox=0.9,0.9,1,1").json()) == []
    assert ids(client.get(f"{ITEMS}?bbox=0.4,0.4,1,1").json()) == ["t"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=第0行1列", ["g0-1"]),
        ("households=301", ["g0-1", "g1-1"]),
        ("households=301.0", ["g0-1", "g1-1"]),
        ("area_m2=1001.5", ["g1-0", "g1-1", "g1-2"]),
        ("is_orphan=true", ["g0-0", "g1-0"]),
        ("is_orphan=true&area_m2=1001.5", ["g1-0"]),
        ("is_orphan=false&households=301&bbox=120,30,121,30.001", ["g0-1"]),
        ("orphan_reasons=C501", ["g0-0", "g1-0"]),
        ("orphan_reasons=C", []),
        ("grid_id=g0-0&kind=dedicated", []),
    ],
)
def test_properties_filter(client: TestClient, query: str, expected: list[str]) -> None:
    assert ids(client.get(f"{ITEMS}?{query}").json()) == expected


def test_what_filters_is_what_is_announced(client: TestClient) -> None:
    queryables = client.get("/collections/grids/queryables").json()["properties"]
    operations = client.get("/openapi").json()["paths"][ITEMS]["get"]["parameters"]
    announced = {p["name"] for p in operations if "name" in p}

    assert queryables.keys() - {"geometry"} == announced
    assert "limit" not in announced  # a property of that name cannot be asked for
    assert queryables["households"]["type"] == "integer"
    assert queryables["area_m2"]["type"] == "number"
    assert queryables["is_orphan"]["type"] == "boolean"
    assert queryables["orphan_reasons"]["type"] == "string"
    for name in announced:
        kind = queryables[name]["type"]
        value = {"integer": "1", "number": "1", "boolean": "true", "string": "x"}[kind]
        assert client.get(ITEMS, params={name: value}).status_code == 200


def test_one_feature(client: TestClient) -> None:
    answer = client.get(f"{ITEMS}/g1-2")
    found = answer.json()
    assert answer.headers["content-type"] == "application/geo+json"
    assert (found["type"], found["id"]) == ("Feature", "g1-2")
    assert {link["rel"] for link in found["links"]} == {"self", "alternate", "collection"}


def test_ids_may_hold_any_character(client: TestClient) -> None:
    assert client.get("/collections/findings/items/a%2Fb%20c").json()["id"] == "a/b c"
    page = client.get("/collections/findings/items?f=html").text
    assert 'href="http://testserver/collections/findings/items/a%2Fb%20c?f=html"' in page


def test_circles_get_an_id_from_site_tier_and_model(client: TestClient) -> None:
    assert ids(client.get("/collections/circles/items").json()) == [
        "s0.walk_15.radius",
        "s1.walk_15.radius",
    ]
    assert client.get("/collections/circles/items/s1.walk_15.radius").status_code == 200


def test_what_has_no_place_is_listed_but_in_no_box(client: TestClient) -> None:
    path = "/collections/findings/items"
    assert ids(client.get(path).json()) == ["a/b c", "f2"]
    assert ids(client.get(f"{path}?bbox=-180,-90,180,90").json()) == ["f2"]
    assert ids(client.get(f"{path}?grid_ids=g0-0").json()) == ["a/b c", "f2"]
    assert ids(client.get(f"{path}?tier=walk_15").json()) == []


def test_locate_names_the_grid_and_its_units(client: TestClient) -> None:
    inside = client.get("/locate?lon=120.005&lat=30.005").json()
    assert inside["grid"]["id"] == "g0-0"
    assert inside["grid"]["properties"]["name"] == "第0行0列"
    assert [unit["id"] for unit in inside["units"]] == ["west"]
    assert client.get(inside["grid"]["links"][0]["href"]).json()["id"] == "g0-0"


def test_locate_on_a_corner_takes_the_first_grid_in_text_order(client: TestClient) -> None:
    corner = client.get("/locate?lon=120.02&lat=30.01").json()
    assert [grid["id"] for grid in corner["grids"]] == ["g0-1", "g0-2", "g1-1", "g1-2"]
    assert corner["grid"]["id"] == "g0-1"


def test_locate_outside_finds_nothing(client: TestClient) -> None:
    outside = client.get("/locate?lon=10&lat=10").json()
    assert (outside["grid"], outside["grids"], outside["units"]) == (None, [], [])


@pytest.mark.parametrize(
    "query", ["", "lon=1", "lon=x&lat=1", "lon=181&lat=0", "lon=0&lat=-91", "lon=0&lat=nan", "q=1"]
)
def test_locate_refuses_what_is_no_point(client: TestClient, query: str) -> None:
    assert client.get(f"/locate?{query}").status_code == 400


@settings(max_examples=40, deadline=None)
@given(limit=st.integers(1, 9), bound=st.floats(119.99, 120.04))
def test_pages_of_any_size_hold_every_feature_once(
    client: TestClient, limit: int, bound: float
) -> None:
    url: str | None = f"{ITEMS}?limit={limit}&bbox=119,29,{bound!r},31"
    seen: list[str] = []
    while url is not None:
        page = client.get(url).json()
        seen += ids(page)
        url = next_url(page)
    expected = [f"g{row}-{col}" for row in range(2) for col in range(3) if 120 + col / 100 <= bound]
    assert seen == expected


def test_locate_in_an_overlap_takes_a_base_grid_first_in_text_order(tmp_path: Path) -> None:
    # ┌─ b ──┬────┐      b and a overlap at x = 0.6; d, dedicated, lies over all
    # │      │ab d│
    # └──────┴─ a ┘
    folder = write_outputs(tmp_path / "out")
    features = [
        feature("b", square(0, 0, 0.7, 1), kind="base"),
        feature("a", square(0.5, 0, 0.5, 1), kind="base"),
        feature("0d", square(0, 0, 1), kind="dedicated"),
    ]
    write_json(folder / "grids.geojson", {"type": "FeatureCollection", "features": features})
    client = TestClient(create_app(folder))
    found = client.get("/locate?lon=0.6&lat=0.5").json()
    assert found["grid"]["id"] == "a"
    assert [grid["id"] for grid in found["grids"]] == ["0d", "a", "b"]
