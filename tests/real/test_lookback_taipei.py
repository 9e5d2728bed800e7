"""Two surveys of Taipei's villages: codes of another form, borders simplified; nothing else."""

from pathlib import Path

import pytest

from geo.audit import Audit, run_audit
from geo.io import load, read_project
from geo.planning.lookback import Lookback, look_back

_PROJECT = """
[project]
id = "{name}"
crs = "EPSG:3826"
[layers.grids]
path = {path!r}
layer = "{layer}"
columns = {{ grid_id = "{grid_id}", name = "{title}", parent_id = "{parent}" }}
"""
_FULL = {"layer": "villages_li", "grid_id": "CPTVID", "title": "VNAME"}
_SIMPLE = {"layer": "villages_2021_10t", "grid_id": "VILLCODE", "title": "VILLNAME"}


def villages(folder: Path, path: Path, **columns: str) -> Audit:
    project = folder / f"{columns['layer']}-{columns['parent']}.toml".lower()
    project.write_text(
        _PROJECT.format(name=columns["layer"].replace("_", "-"), path=path.as_posix(), **columns),
        encoding="utf-8",
    )
    return run_audit(load(read_project(project)), select=("G201",))


@pytest.fixture(scope="module", params=["names", "codes"])
def pair(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Audit, Audit]:
    folder, taipei = tmp_path_factory.mktemp("taipei"), shared_data / "taipei"
    parents = {"names": ("TNAME", "TOWNNAME"), "codes": ("CPTID", "TOWNCODE")}[request.param]
    return (
        villages(folder, taipei / "taipei_admin.gpkg", parent=parents[0], **_FULL),
        villages(
            folder, taipei / "taipei_villages_2021_simplified.gpkg", parent=parents[1], **_SIMPLE
        ),
    )


def is_one_to_one(found: Lookback) -> None:
    counts = found.lineage_counts
    for fate in ("split", "merged", "abolished", "new", "carved"):
        assert counts[fate] == 0, fate
    assert found.grids["successor_id"].nunique() == 456
    assert found.flag_counts["recoded"] == 456
    assert found.flag_counts["reparented"] == 0
    assert found.flag_counts["rekinded"] == 0


def test_every_village_finds_its_successor(pair: tuple[Audit, Audit]) -> None:
    found = look_back(*pair)
    is_one_to_one(found)
    # one village is written 糖蔀里 in the one layer and 糖部里 in the other: by ground, and renamed
    assert found.grids["matched_by"].value_counts().to_dict() == {"name": 455, "area": 1}
    assert found.flag_counts["renamed"] == 1


def test_within_the_displacement_of_the_simplification_nothing_is_adjusted(
    pair: tuple[Audit, Audit],
) -> None:
    displacement_m = float(look_back(*pair).grids["border_m"].max())
    assert look_back(*pair, border_tolerance_m=displacement_m).n_adjusted == 0
    back = look_back(pair[1], pair[0], border_tolerance_m=displacement_m)
    is_one_to_one(back)
    assert back.n_adjusted == 0
