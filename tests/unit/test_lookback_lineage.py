"""The fates of the contract, each on a few grids drawn by hand; metres, EPSG:32650."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.layers import Layers
from geo.planning.lookback import Lookback, look_back, statement
from tests import builders
from tests.edits import audit_of

#  ┌─ g0 ─┬─ g1 ─┬─ g2 ─┐   100 m x 100 m each, one building of 10, 20, 30 residents in the middle
#  └──────┴──────┴──────┘
_BOXES = ((0, 0, 100, 100), (100, 0, 200, 100), (200, 0, 300, 100))
_HOMES = ((50, 50), (150, 50), (250, 50))


def city(
    *boxes: object,
    homes: tuple[tuple[float, float], ...] = _HOMES,
    people: tuple[float, ...] = (10, 20, 30),
    **columns: object,
) -> Layers:
    return Layers(
        grids=builders.grids(*(boxes or _BOXES), **columns),  # type: ignore[arg-type]
        buildings=builders.buildings(*homes, residents=list(people)),
    )


def fates(found: Lookback) -> list[str]:
    return list(found.grids["fate"])


def compared(old: Layers, new: Layers, **settings: float) -> Lookback:
    return look_back(audit_of(old), audit_of(new), **settings)


def named(layers: Layers, *ids: str) -> Layers:
    grids = layers.grids.copy()
    grids.index = pd.Index(ids, name="grid_id")
    return Layers(grids=grids, buildings=layers.buildings)


def test_the_same_grids_are_unchanged() -> None:
    found = compared(city(), city())
    assert fates(found) == ["unchanged"] * 3
    assert found.n_adjusted == 0
    assert found.residents == {"before": 60, "after": 60, "moved": 0, "gone": 0, "new": 0}


@pytest.mark.parametrize(
    ("shift_m", "fate"),
    [
        (0.05, "unchanged"),
        (0.1, "unchanged"),
        (0.5, "resurveyed"),
        (10, "resurveyed"),
        (11, "redrawn"),
    ],
)
def test_a_border_decides_by_how_far_it_moved(shift_m: float, fate: str) -> None:
    edge = 100 + shift_m
    after = city((0, 0, edge, 100), (edge, 0, 200, 100), _BOXES[2])
    found = compared(city(), after)
    assert fates(found) == [fate, fate, "unchanged"]
    assert found.grids["border_m"].tolist() == pytest.approx([shift_m, shift_m, 0])


def test_the_tolerance_can_be_given() -> None:
    after = city((0, 0, 104, 100), (104, 0, 200, 100), _BOXES[2])
    assert fates(compared(city(), after, border_tolerance_m=3))[0] == "redrawn"
    assert fates(compared(city(), after, border_tolerance_m=4))[0] == "resurveyed"


def test_a_border_within_the_tolerance_that_takes_a_building_along_is_redrawn() -> None:
    homes = (*_HOMES, (97, 50))
    people = (10, 20, 30, 7)
    after = city((0, 0, 95, 100), (95, 0, 200, 100), _BOXES[2], homes=homes, people=people)
    found = compared(city(homes=homes, people=people), after)
    assert fates(found) == ["redrawn", "redrawn", "unchanged"]
    assert found.residents["moved"] == 7
    assert found.moves.to_dict("records") == [
        {"from_id": "g0", "to_id": "g1", "n_buildings": 1, "residents": 7.0, "households": 0.0}
    ]


def test_a_building_that_moves_house_adjusts_both_grids() -> None:
    found = compared(city(), city(homes=((150, 80), *_HOMES[1:])))
    assert fates(found) == ["redrawn", "redrawn", "unchanged"]
    assert list(found.moved_buildings.index) == ["b0"]
    assert found.residents == {"before": 60, "after": 60, "moved": 10, "gone": 0, "new": 0}


def test_split_with_the_id_kept_by_the_smaller_part() -> None:
    #  g0 → g0 (20 m, nobody) + n (80 m, everybody)
    after = named(city((0, 0, 20, 100), (20, 0, 100, 100), *_BOXES[1:]), "g0", "n", "g1", "g2")
    found = compared(city(), after)
    assert fates(found) == ["split", "unchanged", "unchanged"]
    assert found.grids["successor_id"]["g0"] == "g0"
    assert found.new_grids["predecessor_ids"].to_dict()["n"] == ("g0",)
    assert found.residents["moved"] == 10
    assert found.n_adjusted == 1


def test_split_under_new_ids_goes_on_with_most_of_the_people() -> None:
    after = named(city((0, 0, 40, 100), (40, 0, 100, 100), *_BOXES[1:]), "a", "b", "g1", "g2")
    found = compared(city(), after)
    assert (found.grids["fate"]["g0"], found.grids["successor_id"]["g0"]) == ("split", "b")
    assert found.grids["matched_by"]["g0"] == "residents"
    assert found.residents["moved"] == 0


def test_merged() -> None:
    found = compared(city(), named(city((0, 0, 200, 100), _BOXES[2]), "g1", "g2"))
    assert fates(found) == ["merged", "merged", "unchanged"]
    assert list(found.grids["successor_id"]) == ["g1", "g1", "g2"]
    assert found.residents["moved"] == 0
    assert found.n_adjusted == 2


def test_abolished_and_new_count_as_adjusted() -> None:
    after = named(city(*_BOXES[:2], (500, 0, 600, 100)), "g0", "g1", "far")
    found = compared(city(), after)
    assert fates(found) == ["unchanged", "unchanged", "abolished"]
    assert found.lineage_counts["new"] == 1
    assert found.n_adjusted == 2
    assert found.moves["to_id"].tolist() == [None]
    assert found.residents["moved"] == 30


def test_a_grid_shared_out_among_its_neighbours_is_abolished() -> None:
    #  g1 goes half to g0 and half to g2: nobody holds the majority
    after = named(city((0, 0, 150, 100), (150, 0, 300, 100), homes=_HOMES), "g0", "g2")
    old = city(homes=((50, 50), (250, 50)), people=(10, 30))
    new = Layers(grids=after.grids, buildings=old.buildings)
    assert fates(compared(old, new)) == ["redrawn", "abolished", "redrawn"]


@pytest.mark.parametrize("is_cut", [False, True])
def test_carved(is_cut: bool) -> None:  # noqa: FBT001
    plot = shapely.box(10, 10, 40, 40)
    base = shapely.box(*_BOXES[0]).difference(plot) if is_cut else shapely.box(*_BOXES[0])
    after = named(
        city(base, *_BOXES[1:], plot, kind=["base"] * 3 + ["dedicated"]), "g0", "g1", "g2", "z"
    )
    found = compared(city(), after)
    assert fates(found)[0] == ("redrawn" if is_cut else "unchanged")
    assert found.new_grids["origin"]["z"] == "carved"
    assert found.new_grids["from_ids"]["z"] == ("g0",)
    assert found.lineage_counts["carved"] == 1


def test_a_dedicated_grid_off_all_old_ground_is_new() -> None:
    after = named(
        city(*_BOXES, (500, 0, 600, 100), kind=["base"] * 3 + ["dedicated"]), "g0", "g1", "g2", "z"
    )
    assert compared(city(), after).new_grids["origin"]["z"] == "new"


@pytest.mark.parametrize("new_id", ["g0", "other"])
def test_a_grid_that_changed_its_kind_is_the_same_grid(new_id: str) -> None:
    after = named(city(kind=["dedicated", "base", "base"]), new_id, "g1", "g2")
    found = compared(city(), after)
    assert fates(found) == ["unchanged"] * 3
    assert found.flag_counts["rekinded"] == 1
    assert found.grids["successor_id"]["g0"] == new_id


def test_ids_given_anew_along_the_row_are_recoded_not_redrawn() -> None:
    #  g0 g1 g2 → g1 g2 g3: the same ground, every code one further
    found = compared(city(), named(city(), "g1", "g2", "g3"))
    assert fates(found) == ["unchanged"] * 3
    assert list(found.grids["successor_id"]) == ["g1", "g2", "g3"]
    assert found.flag_counts["recoded"] == 3
    assert found.residents["moved"] == 0


def test_ids_given_anew_on_ground_surveyed_again_are_recoded() -> None:
    #  every border 5 m further west: an old grid shares a strip with the one that has its id now
    after = city((0, 0, 95, 100), (95, 0, 195, 100), (195, 0, 300, 100))
    found = compared(city(), named(after, "gx", "g0", "g1"))
    assert fates(found) == ["resurveyed"] * 3
    assert list(found.grids["successor_id"]) == ["gx", "g0", "g1"]


def test_swapped_ids_follow_the_ground() -> None:
    found = compared(city(), named(city(), "g1", "g0", "g2"))
    assert list(found.grids["successor_id"]) == ["g1", "g0", "g2"]
    assert found.n_adjusted == 0


def test_an_id_wins_over_the_larger_share() -> None:
    #  g0 keeps 30 m, the rest goes to g1; both keep their ids
    after = city((0, 0, 30, 100), (30, 0, 200, 100), _BOXES[2])
    found = compared(city(), after)
    assert fates(found) == ["redrawn", "redrawn", "unchanged"]
    assert list(found.grids["successor_id"]) == ["g0", "g1", "g2"]
    assert found.residents["moved"] == 10


def test_a_name_below_the_same_parent_matches_where_no_id_does() -> None:
    old = city(name=["一", "二", "三"], parent_id=["p", "p", "p"])
    after = city((0, 0, 40, 100), (40, 0, 200, 100), _BOXES[2], name=["一", "二", "三"])
    after = named(after, "x0", "x1", "x2")
    after.grids["parent_id"] = "p"
    found = compared(old, after)
    assert list(found.grids["matched_by"]) == ["name"] * 3
    assert fates(found) == ["redrawn", "redrawn", "unchanged"]


def test_renamed_and_reparented() -> None:
    old = city(name=["一", "二", None], parent_id=["p", "p", "q"])
    new = city(name=["一", "二号", "三"], parent_id=["q", "p", "q"])
    found = compared(old, new)
    assert found.flag_counts == {"recoded": 0, "renamed": 1, "reparented": 1, "rekinded": 0}
    assert bool(found.grids["renamed"]["g1"])
    assert bool(found.grids["reparented"]["g0"])


def with_units(layers: Layers, ids: list[str], names: list[str]) -> Layers:
    units = builders.units((0, 0, 200, 100), (200, 0, 300, 100), name=names)
    units.index = pd.Index(ids, name="unit_id")
    return Layers(
        grids=layers.grids, buildings=layers.buildings, units=units, levels=("community",)
    )


def test_a_parent_that_was_recoded_is_the_same_parent() -> None:
    old = with_units(city(parent_id=["c1", "c1", "c2"]), ["c1", "c2"], ["甲", "乙"])
    new = with_units(city(parent_id=["n1", "n2", "n2"]), ["n1", "n2"], ["甲", "乙"])
    found = compared(old, new)
    assert found.grids["reparented"].tolist() == [False, True, False]


def test_parents_without_a_layer_of_units_are_known_by_their_grids() -> None:
    old, new = city(parent_id=["c1", "c1", "c2"]), city(parent_id=["n1", "n1", "n2"])
    assert compared(old, new).flag_counts["reparented"] == 0


def test_buildings_numbered_anew_are_matched_by_place() -> None:
    old = city()
    new = city(homes=(_HOMES[1], _HOMES[2], _HOMES[0]), people=(20, 30, 10))
    found = compared(old, new)
    assert found.residents == {"before": 60, "after": 60, "moved": 0, "gone": 0, "new": 0}
    assert found.n_adjusted == 0


def test_without_buildings_people_are_those_of_the_grids_and_nobody_knows_who_moved() -> None:
    def bare(people: list[float]) -> Layers:
        return Layers(grids=builders.grids(*_BOXES, residents=people))

    found = compared(bare([10, 20, 30]), bare([10, 25, 20]))
    assert found.residents == {"before": 60, "after": 55, "moved": None, "gone": 5, "new": 0}
    assert found.lineage["residents_moved"].isna().all()
    assert "居民由 60 人变为 55 人。" in statement(found, "zh")


def test_without_any_people_nothing_is_said_of_them() -> None:
    layers = Layers(grids=builders.grids(*_BOXES))
    found = compared(layers, layers)
    assert set(found.residents.values()) == {None}
    assert not any("居民" in line for line in statement(found, "zh"))


@settings(max_examples=20)
@given(
    before=st.lists(st.integers(0, 500), min_size=3, max_size=3),
    after=st.lists(st.integers(0, 500), min_size=3, max_size=3),
    keep=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_residents_always_balance(before: list[int], after: list[int], keep: list[bool]) -> None:
    old = city(people=tuple(before))
    assert old.buildings is not None
    left: gpd.GeoDataFrame = city(people=tuple(after)).buildings[keep]
    found = compared(old, Layers(grids=city().grids, buildings=left if len(left) else None))
    people = found.residents
    if len(left):
        assert people["before"] == sum(before)
        assert people["after"] == left["residents"].sum()
        assert people["before"] == people["after"] + people["gone"] - people["new"]


def test_the_numbers_of_the_statement_add_up() -> None:
    after = named(city((0, 0, 20, 100), (20, 0, 100, 100), *_BOXES[1:]), "g0", "n", "g1", "g2")
    lines = statement(compared(city(), after), "zh")
    assert lines[0] == (
        "原有网格 3 个：未变 2 个、边界重测 0 个；调界 0 个、拆分 1 个、合并 0 个、撤销 0 个。"
        "现有网格 4 个，其中新增 0 个、新划专属 0 个。"
    )
    assert lines[1] == "调整优化网格 1 个（拆分 1 个）。"
    assert lines[2] == "居民由 60 人变为 60 人：减少 0 人，增加 0 人；10 人换了网格。"
