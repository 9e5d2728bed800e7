import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import NotFoundError
from geo.findings import (
    RAW_COLUMNS,
    choose_rules,
    concat_findings,
    finding_ids,
    findings_frame,
    rules,
)
from tests.builders import CRS


def _overlap(x: float, **fields: object) -> dict[str, object]:
    row = {"rule": "G201", "grid_ids": ["b", "a"], "geometry": shapely.box(x, 0, x + 1, 1)}
    return {**row, **fields}


def test_ids_are_sorted_tuples_of_text_and_gaps_are_missing() -> None:
    (row,) = findings_frame([_overlap(0, grid_ids=["b", 7])], CRS).to_dict("records")

    assert tuple(row) == RAW_COLUMNS
    assert row["grid_ids"] == ("7", "b")
    assert row["site_ids"] == ()
    assert row["tier"] is None
    assert row["details"] == {}


def test_columns_that_nothing_was_said_of_are_filled_one_by_one() -> None:
    frame = findings_frame([_overlap(0), _overlap(3)], CRS)
    frame.loc[0, "tier"] = "walk_5"
    frame.at[1, "unit_ids"] = ("u",)

    assert frame["tier"].tolist() == ["walk_5", None]
    assert frame["model"].tolist() == [None, None]
    assert frame["site_ids"].tolist() == [(), ()]


def test_a_frame_without_a_row_is_nobody_elses() -> None:
    findings_frame([], CRS)["rule"] = "G201"
    findings_frame([], CRS).pop("defect")

    assert tuple(findings_frame([], CRS).columns) == RAW_COLUMNS
    assert findings_frame([], None).crs is None


def test_no_rows_still_have_every_column_and_the_crs() -> None:
    frame = findings_frame([], CRS)
    assert tuple(frame.columns) == RAW_COLUMNS
    assert frame.crs == CRS


def test_id_survives_another_measure_and_order_of_subjects() -> None:
    one = findings_frame([_overlap(0, measure=5.0)], CRS)
    two = findings_frame([_overlap(3, measure=9.0, grid_ids=["a", "b"])], CRS)
    assert finding_ids(one)[0] == finding_ids(two)[0]


def test_id_differs_by_rule_tier_and_category() -> None:
    rows = [
        _overlap(0),
        _overlap(0, rule="G204"),
        _overlap(0, tier="walk_5"),
        _overlap(0, category="elderly"),
    ]
    assert finding_ids(findings_frame(rows, CRS)).is_unique


def test_equal_subjects_are_told_apart_by_place_not_by_order() -> None:
    # two overlaps of the same pair, west and east
    west, east = _overlap(0), _overlap(50)
    forward = finding_ids(findings_frame([west, east], CRS))
    backward = finding_ids(findings_frame([east, west], CRS))

    assert forward[0] == backward[1]
    assert forward[1] == backward[0] == f"{forward[0]}-2"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_ids_are_unique_whatever_repeats(places: list[int]) -> None:
    frame = findings_frame([_overlap(float(x)) for x in places], CRS)
    assert finding_ids(frame).is_unique


def test_joining_nothing_gives_an_empty_table() -> None:
    joined = concat_findings([findings_frame([], CRS)], CRS)
    assert isinstance(joined, gpd.GeoDataFrame)
    assert len(joined) == 0


def test_rules_are_chosen_by_code_and_by_class() -> None:
    assert choose_rules(["G201", "s"], ["S404"]) == ("G201", "S401", "S402", "S403", "S405")
    assert choose_rules() == tuple(rules())


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(NotFoundError, match="G999"):
        choose_rules(["G999"])
