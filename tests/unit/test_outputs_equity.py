"""`equity.csv`: a row a tier and category, the Lorenz curve in tenths."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from geo.outputs import read_audit, summary, write_outputs
from tests.fake_audit import fake_audit

KNOWN = {
    "n_used": 2,
    "unserved_share": 0.25,
    "demand_per_site": 40.0,
    "gini": 0.5,
    "lorenz": [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0],
    "max_location_quotient": 2.5,
    "demand_basis": "residents",
    "n_sites": 3,
    "is_asked": True,
}
NOTHING = {
    **KNOWN,
    **dict.fromkeys(("demand_per_site", "gini", "lorenz", "max_location_quotient")),
    "n_used": 0,
    "unserved_share": 1.0,
}
NEED = {"party_10": {"all": KNOWN, "service:elderly.canteen": NOTHING, "=cmd()": NOTHING}}
SERVICES = {"offered": {"elderly": 1}, "unknown": {"修鞋": 2}}


def test_need_and_services_are_written_and_come_back(tmp_path: Path) -> None:
    audit = replace(fake_audit(), need=NEED, services=SERVICES)
    paths = write_outputs(audit, tmp_path)
    assert tmp_path / "equity.csv" in paths
    table = pd.read_csv(tmp_path / "equity.csv", encoding="utf-8-sig").set_index("category")
    assert table.index.tolist() == ["all", "service:elderly.canteen", "'=cmd()"]
    row = table.loc["all"]
    assert (row["tier"], row["model"], row["title_zh"]) == ("party_10", "radius", "全部站点")
    assert [row[f"lorenz_{share}"] for share in range(10, 101, 10)] == KNOWN["lorenz"]
    assert (row["gini"], row["demand_per_site"], bool(row["is_asked"])) == (0.5, 40.0, True)
    canteen = table.loc["service:elderly.canteen"]
    assert canteen["title_en"] == "meals for the elderly"
    assert pd.isna(canteen["gini"])
    assert pd.isna(canteen["lorenz_50"])
    again = read_audit(tmp_path / "audit.gpkg")
    assert (again.need, again.services) == (NEED, SERVICES)
    assert summary(again)["need"] == NEED


def test_it_goes_when_there_is_nothing_to_write(tmp_path: Path) -> None:
    write_outputs(replace(fake_audit(), need=NEED), tmp_path)
    write_outputs(fake_audit(), tmp_path)
    assert not (tmp_path / "equity.csv").exists()
