"""An upload from what was sent to a project: recognised, corrected, taken over, loaded."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from api.http.door.limits import Limits, UploadError
from api.http.door.plans import changed_plan, first_plan, plan_text, profiles
from api.http.door.recognising import check, load_upload, recognise
from api.http.door.uploads import Uploads, project_id_of
from api.http.job_worker import Task
from geo.errors import NotFoundError
from geo.io.datum import wgs84_to_gcj02
from geo.synth import City, build_city

DATASETS = [
    {
        "path": "data/网格.shp", "shown": "网格.shp", "layer": None, "shape": "polygon",
        "is_degrees": False, "columns": ["编号", "名称"],
    },
    {
        "path": "data/点.csv", "shown": "点.csv", "layer": None, "shape": "point",
        "is_degrees": True, "columns": ["名称", "经度", "纬度"],
    },
]  # fmt: skip
HEAD = {"title": "甲", "project_id": "jia", "language": "zh"}
SUGGESTED = """
[project]
id = "x"
[layers.grids]
path = "data/网格.shp"
columns = { grid_id = "编号" }
codes = "bj-15"
[layers.sites]
path = "data/点.csv"
datum = "gcj02"
"""


@pytest.fixture(scope="module")
def city() -> City:
    return build_city(3, seed=3)


@pytest.fixture
def plan() -> dict[str, Any]:
    return first_plan(SUGGESTED, DATASETS, HEAD)


def test_levels_go_from_the_top_whatever_the_names_of_the_files(plan: dict[str, Any]) -> None:
    """社区.shp sorts before 街道.shp, but is the lower level: it has more units."""
    files = [("data/社区.shp", 16), ("data/街道.shp", 2)]
    more = [
        {**DATASETS[0], "path": path, "shown": path, "n_rows": n, "columns": []}
        for path, n in files
    ]
    unused = {"columns": {}, "datum": None, "crs": None, "axes": None, "extra": {}}
    units = [{**unused, "role": "units", "level": path[5:7]} for path, _ in files]
    text = plan_text({**plan, "layers": [*plan["layers"], *units]}, [*DATASETS, *more])
    listed = tomllib.loads(text)["layers"]["units"]
    assert [entry["level"] for entry in listed] == ["街道", "社区"]


def test_a_datum_that_was_guessed_is_left_for_the_user(plan: dict[str, Any]) -> None:
    assert [entry["role"] for entry in plan["layers"]] == ["grids", "sites"]
    assert plan["layers"][1]["datum"] is None
    assert plan["layers"][0]["extra"] == {"codes": "bj-15"}
    project = tomllib.loads(plan_text(plan, DATASETS))
    assert project["layers"]["sites"] == {"path": "data/点.csv", "datum": "wgs84"}
    assert project["layers"]["grids"]["columns"] == {"grid_id": "编号"}


def test_a_form_changes_roles_columns_and_standards(plan: dict[str, Any]) -> None:
    values = {
        "title": " 乙 ",
        "standard": "tdt1062-2021",
        "profile": "huantai",
        "role1": "sites",
        "datum1": "bd09",
        "c0.name": "名称",
        "c0.grid_id": "编号",
        "c1.lon": "经度",
    }
    changed = changed_plan(plan, DATASETS, values)
    assert changed["title"] == "乙"
    assert changed["standards"] == ["tdt1062-2021", "huantai"]
    assert changed["layers"][0]["columns"] == {"grid_id": "编号", "name": "名称"}
    assert changed["layers"][1]["columns"] == {"lon": "经度"}
    assert changed["layers"][1]["datum"] == "bd09"
    other = changed_plan(plan, DATASETS, {"role0": "units"})["layers"][0]
    assert (other["role"], other["columns"], other["extra"]) == ("units", {}, {})


@pytest.mark.parametrize(
    "values",
    [
        {"role0": "passwd"},
        {"datum1": "mars"},
        {"c0.name": "没有这列"},
        {"crs0": "EPSG:4326\n[x]"},
        {"crs0": "/etc/passwd"},
        {"role0": "units", "level0": 'a"b'},
        {"standard": "../../x.toml"},
        {"standard": "grid-size", "profile": "/x.toml"},
    ],
)
def test_what_cannot_be_chosen_is_refused(plan: dict[str, Any], values: dict[str, str]) -> None:
    with pytest.raises(UploadError) as error:
        changed_plan(plan, DATASETS, values)
    assert error.value.key == "door.bad_choice"


@pytest.mark.parametrize(
    ("values", "key"),
    [({"role0": ""}, "door.no_grids"), ({"role1": "grids"}, "door.two_of_a_kind")],
)
def test_a_plan_without_grids_or_with_two_is_no_project(
    plan: dict[str, Any], values: dict[str, str], key: str
) -> None:
    with pytest.raises(UploadError) as error:
        plan_text(changed_plan(plan, DATASETS, values), DATASETS)
    assert error.value.key == key


def test_shipped_standards_and_profiles_are_offered() -> None:
    standards, cities = profiles()
    assert "gb50180-2018" in standards
    assert "neijiang" in cities


def test_ids_of_projects_and_uploads(tmp_path: Path) -> None:
    assert project_id_of("Heping 街道 2026", []) == "heping-2026"
    assert project_id_of("和平", ["project", "project-v2"]) == "project-v3"
    uploads = Uploads(tmp_path / "uploads", limits=Limits())
    for name in ("..", "../uploads", "x", "a" * 32):
        with pytest.raises(NotFoundError):
            uploads.folder(name)


class Desk:
    """Sends files in and does the jobs in this process."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.uploads = Uploads(workspace / "uploads", limits=Limits())

    def send(self, *files: Path) -> str:
        upload_id = self.uploads.begin()
        for path in files:
            shutil.copy(path, self.uploads.folder(upload_id) / "incoming")
        self.uploads.keep(self.uploads.new(upload_id, "data", HEAD))
        recognise(self.task(upload_id))
        return upload_id

    def task(self, upload_id: str) -> Task:
        return Task(
            workspace=self.workspace,
            folder=self.workspace,
            inputs={"upload": upload_id},
            tell=lambda _percent, _message: None,
        )

    def card(self, upload_id: str, role: str) -> dict[str, Any]:
        plan = self.uploads.read(upload_id, "plan.json")
        number = [entry["role"] for entry in plan["layers"]].index(role)
        checked = self.uploads.read(upload_id, "checked.json")
        assert checked["fault"] is None
        return {"number": number, **checked["layers"][str(number)]}


def test_a_shifted_list_is_doubted_pictured_corrected_and_taken_over(
    city: City, tmp_path: Path
) -> None:
    grids, sites = tmp_path / "网格.gpkg", tmp_path / "站点.xlsx"
    city.grids.reset_index().to_file(grids, engine="pyogrio")
    places = city.sites.to_crs(4326).geometry
    shifted = wgs84_to_gcj02(np.column_stack([places.x, places.y]))
    table = {"站点编号": city.sites.index, "经度": shifted[:, 0], "纬度": shifted[:, 1]}
    pd.DataFrame(table).to_excel(sites, index=False)
    desk = Desk(tmp_path / "ws")
    upload_id = desk.send(grids, sites)
    found = desk.card(upload_id, "sites")
    picture = found["picture"]
    assert (found["verdict"], found["is_doubtful"]) == ("gcj02", True)
    assert picture["n_corrected"] == picture["n"] == len(city.sites) > picture["n_read"]
    assert 300 < picture["shift_m"] < 700
    assert picture["read"].startswith("<svg")
    assert picture["corrected"].count("<circle") >= len(city.sites)

    plan = desk.uploads.read(upload_id, "plan.json")
    plan["layers"][found["number"]]["datum"] = "gcj02"
    desk.uploads.write(upload_id, "plan.json", plan)
    check(desk.task(upload_id))
    assert desk.card(upload_id, "sites")["verdict"] == "ok"

    later = desk.send(grids)
    carried = desk.card(later, "sites")
    assert (carried["verdict"], carried["used"]) == ("ok", len(city.sites))
    datasets = desk.uploads.read(later, "datasets.json")["datasets"]
    assert [item["is_carried"] for item in datasets] == [False, True]
    desk.uploads.delete(upload_id)
    assert len(load_upload(desk.uploads.folder(later)).layers.sites) == len(city.sites)


def test_refused_rows_can_be_fetched_and_faults_are_told(tmp_path: Path) -> None:
    squares = [shapely.box(105 + n / 100, 29, 105 + (n + 1) / 100, 29.01) for n in range(3)]
    frame = gpd.GeoDataFrame(
        {"grid_id": ["a", "b", "c"], "households": ["1", "-5", "3"]},
        geometry=[*squares[:2], None],
        crs=4326,
    )
    path = tmp_path / "grids.geojson"
    frame.to_file(path, engine="pyogrio")
    desk = Desk(tmp_path / "ws")
    upload_id = desk.send(path)
    assert desk.card(upload_id, "grids")["quarantined"] == 1
    rows = pd.read_csv(desk.uploads.folder(upload_id) / "quarantine.csv")
    assert list(rows["layer"]) == ["grids"]
    (tmp_path / "only.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    other = desk.send(tmp_path / "only.csv")
    assert desk.uploads.read(other, "checked.json")["fault"]["zh"]
