"""Who has to be served: which building is whose, by which weight, and what is said about it."""

import geopandas as gpd
import pytest
import shapely

from geo.coverage import grid_demand, grid_totals
from geo.errors import CRSError, LayerError
from geo.membership import assign_to_grids
from tests.builders import buildings, grids

# ┌─ g0 ─┬─ g1 ─┐
# │ b0   b1  b2 │      10 m × 10 m each; b1 on the common border, b3 outside both
# └──────┴──────┘ b3
TWO = ((0, 0, 10, 10), (10, 0, 20, 10))
FOUR = ((5, 5), (10, 5), (15, 5), (30, 5))


def test_building_on_a_border_belongs_to_the_smallest_id_in_text_order() -> None:
    cells = grids(*TWO)
    assert assign_to_grids(buildings(*FOUR), cells).tolist() == ["g0", "g0", "g1", None]

    cells.index = ["10", "9"]  # text order: "10" before "9"
    assert assign_to_grids(buildings(*FOUR), cells).tolist() == ["10", "10", "9", None]
    cells.index = ["b", "a"]
    assert assign_to_grids(buildings(*FOUR), cells).tolist() == ["b", "a", "a", None]


def test_only_base_grids_own_a_building() -> None:
    cells = grids(*TWO, (4, 4, 6, 6), kind=["base", "base", "dedicated"])
    cells.index = ["g1", "g2", "a"]
    assert assign_to_grids(buildings(*FOUR), cells).tolist() == ["g1", "g1", "g2", None]


def test_nobody_owns_a_building_where_there_are_no_base_grids() -> None:
    cells = grids(*TWO, kind=["dedicated", "dedicated"])
    assert assign_to_grids(buildings(*FOUR), cells).tolist() == [None] * 4


def test_a_dedicated_grid_has_the_buildings_it_covers_besides() -> None:
    cells = grids(*TWO, (4, 4, 6, 6), kind=["base", "base", "dedicated"])
    demand = grid_demand(cells, buildings(*FOUR, residents=[5, 1, 2, 9]))
    assert demand.weight("residents").tolist() == [6, 2, 5]
    assert demand.owner.tolist() == ["g0", "g0", "g1", None]


def test_weights_are_residents_else_households_else_equal() -> None:
    cells = grids(*TWO, (20, 0, 30, 10), (30, 0, 40, 10))
    demand = grid_demand(
        cells,
        buildings(
            (5, 5), (15, 5), (25, 5), (26, 5), residents=[3, 0, 0, 0], households=[1, 4, 0, 0]
        ),
        has_all_buildings=False,
    )
    assert demand.is_partial  # g3, a quarter of the grids, has no building
    demand = grid_demand(
        cells.iloc[:3],
        buildings(
            (5, 5), (15, 5), (25, 5), (26, 5), residents=[3, 0, 0, 0], households=[1, 4, 0, 0]
        ),
    )
    assert demand.basis.to_dict() == {"g0": "residents", "g1": "households", "g2": "buildings"}
    assert demand.totals_basis == "residents"
    assert "2 base grids have no residents" in demand.messages[-1]["en"]
    assert "2 个基础网格没有常住人口" in demand.messages[-1]["zh"]


def test_a_missing_or_negative_weight_counts_as_0_and_is_told() -> None:
    demand = grid_demand(grids(*TWO), buildings(*FOUR[:3], residents=[5, None, -2]))
    assert demand.weight("residents").tolist() == [5, 0]
    assert demand.messages[0]["en"] == "2 buildings have no residents and count as 0"


def test_a_column_without_any_number_is_no_weight() -> None:
    demand = grid_demand(grids(*TWO), buildings(*FOUR[:3], residents=[None, None, None]))
    assert demand.residents is None
    assert set(demand.basis) == {"buildings"}


def _row(n: int) -> gpd.GeoDataFrame:
    return grids(*((10 * i, 0, 10 * i + 10, 10) for i in range(n)))


@pytest.mark.parametrize(
    ("n_with", "is_partial"),
    [(8, False), (7, True)],  # of ten grids: 20 % missing is allowed, more is partial
)
def test_buildings_that_miss_more_than_a_fifth_of_the_grids_are_partial(
    n_with: int, *, is_partial: bool
) -> None:
    points = buildings(*((10 * i + 5, 5) for i in range(n_with)))
    demand = grid_demand(_row(10), points)
    assert demand.is_partial is is_partial
    assert demand.totals_basis == ("area" if is_partial else "buildings")
    assert (demand.basis == "area").sum() == (10 if is_partial else 2)
    expected = f"{10 - n_with} of 10" if is_partial else "2 base grids have no building point"
    assert expected in demand.messages[0]["en"]


def test_dedicated_grids_do_not_make_a_layer_partial() -> None:
    cells = grids(*TWO, (11, 1, 12, 2), (13, 1, 14, 2), kind=["base"] * 2 + ["dedicated"] * 2)
    demand = grid_demand(cells, buildings((5, 5), (19, 9)))
    assert not demand.is_partial
    assert demand.basis.tolist() == ["buildings", "buildings", "area", "area"]


def test_a_complete_layer_is_never_partial_and_a_grid_without_building_has_no_residents() -> None:
    demand = grid_demand(
        _row(10), buildings((5, 5), residents=[7], households=[2]), has_all_buildings=True
    )
    assert not demand.is_partial
    assert demand.basis.tolist() == ["residents"] + ["area"] * 9
    assert demand.known_total("residents").tolist() == [7] + [0] * 9
    assert "9 base grids have no building point" in demand.messages[-1]["en"]


def test_what_is_not_known_stays_missing() -> None:
    demand = grid_demand(
        _row(5), buildings(*((10 * i + 5, 5) for i in range(4)), residents=[1] * 4)
    )
    assert demand.known_total("residents").tolist()[:4] == [1, 1, 1, 1]
    assert demand.known_total("residents").isna().tolist() == [False] * 4 + [True]
    assert demand.known_total("households").isna().all()
    assert grid_demand(_row(2), None).known_total("residents").isna().all()


def test_a_grid_s_own_figures_come_before_those_of_its_buildings() -> None:
    cells = grids(*TWO, residents=[100, None])
    totals = grid_totals(
        cells, grid_demand(cells, buildings(*FOUR, residents=[1, 2, 4, 8], households=[1] * 4))
    )
    assert totals["residents"].tolist() == [100, 4]
    assert totals["households"].tolist() == [2, 1]


def test_without_buildings_everything_is_area() -> None:
    for none in (None, buildings()):
        demand = grid_demand(grids(*TWO), none)
        assert set(demand.basis) == {"area"}
        assert demand.messages == ()
        assert demand.owner.empty


def test_wrong_layers_are_refused() -> None:
    with pytest.raises(CRSError, match="differ in CRS"):
        grid_demand(grids(*TWO), buildings(*FOUR).to_crs("EPSG:32651"))
    with pytest.raises(LayerError, match="expected a point"):
        grid_demand(grids(*TWO), grids(*TWO))
    with pytest.raises(CRSError, match="metres"):
        grid_demand(grids(*TWO).to_crs("EPSG:4326"), None)


def test_a_building_is_reached_by_its_entrance_and_owned_by_its_point() -> None:
    cells = grids(*TWO)
    homes = buildings((5, 5), (15, 5), residents=[1, 2])
    doors = [shapely.Point(12, 0), None]
    homes["entrance_point"] = gpd.GeoSeries(doors, index=homes.index, crs=homes.crs)
    demand = grid_demand(cells, homes)
    assert demand.points_xy.tolist() == [[12, 0], [15, 5]]
    assert demand.owner.tolist() == ["g0", "g1"]
