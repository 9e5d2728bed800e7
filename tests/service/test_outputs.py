"""What an audit really writes, served: every row of every layer, under its own id."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.http import create_app
from geo.audit import Audit
from geo.outputs import write_outputs
from tests.audited import audited
from tests.builders import grids, sites, units

# ┌──── u0 ────┐
# │ g0 │ g1 │ g2 │       three squares of 200 m; g1 reaches 5 m into g2; the site in g0
# └────────────┘
_ROW = [(0, 0, 200, 200), (200, 0, 405, 200), (400, 0, 600, 200)]


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return audited(
        tmp_path_factory.mktemp("drawn"),
        grids=grids(*_ROW, parent_id=["u0"] * 3, residents=[900, 800, 700]),
        units=units((0, 0, 600, 200)),
        sites=sites((100, 100)),
    )


@pytest.fixture(scope="module")
def client(audit: Audit, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder: Path = tmp_path_factory.mktemp("served")
    write_outputs(audit, folder)
    return TestClient(create_app(folder))


def test_every_layer_is_served_whole(audit: Audit, client: TestClient) -> None:
    assert audit.units is not None
    assert audit.sites is not None
    expected = {
        "grids": list(audit.grids.index),
        "units": list(audit.units.index),
        "sites": list(audit.sites.index),
        "findings": list(audit.findings["finding_id"]),
    }
    for layer, ids in expected.items():
        page = client.get(f"/collections/{layer}/items").json()
        assert [found["id"] for found in page["features"]] == ids
        assert page["numberMatched"] == len(ids)
        for fid in ids:
            assert client.get(f"/collections/{layer}/items/{fid}").json()["id"] == fid
    circles = client.get("/collections/circles/items").json()
    assert circles["numberMatched"] == len(audit.circles)


def test_the_project_has_its_title_and_language(audit: Audit, client: TestClient) -> None:
    assert client.get("/").json()["title"] == audit.title
    assert client.get(f"/projects/{audit.project_id}").status_code == 200


def test_findings_are_asked_for_by_rule_and_by_grid(client: TestClient) -> None:
    (overlap,) = client.get("/collections/findings/items?rule=G201").json()["features"]
    assert overlap["properties"]["grid_ids"] == ["g1", "g2"]
    of_g2 = client.get("/collections/findings/items?grid_ids=g2").json()["features"]
    assert overlap["id"] in {found["id"] for found in of_g2}


def test_the_coverage_columns_can_be_filtered_by(client: TestClient) -> None:
    names = client.get("/collections/grids/queryables").json()["properties"]
    assert {"class_walk_15", "is_orphan", "area_m2", "n_sites_walk_5"} <= names.keys()
    found = client.get("/collections/grids/items?class_walk_15=adequate").json()
    assert found["numberMatched"] == 3
