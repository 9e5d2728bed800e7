"""Tables as TOML text read back as they were."""

import tomllib

from geo.outputs.toml import toml_text


def test_nested_tables_and_lists_of_tables_read_back() -> None:
    data = {
        "project": {"id": "a", "title": 'quoted "名"', "standards": ["x", "y"], "n": 3, "ok": True},
        "layers": {
            "grids": {"path": "a.shp", "columns": {"grid_id": "网格 编号", "name": "b"}},
            "units": [
                {"path": "u.csv", "columns": {"unit_id": "甲"}, "levels": [{"level": "a"}]},
                {"path": "v.csv", "columns": {"unit_id": "乙"}},
            ],
        },
    }
    assert tomllib.loads(toml_text(data)) == data
