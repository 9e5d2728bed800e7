"""Repair on tiny drawn layers: who gets what, what stays as it is, what is only proposed."""

import geopandas as gpd
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from geo.errors import NotFoundError
from geo.planning import Repair, RepairRules, repair_grids
from tests.builders import buildings, grids, units
from tests.repair_cases import RULES, check_repair, defects, wkb


def choosing(**choices: str) -> RepairRules:
    return RepairRules(noise_width_m=0.05, sliver_width_m=1.0, choices=choices)


def moves(repair: Repair) -> list[tuple[object, ...]]:
    table = repair.changes
    return [
        (row.from_id, row.to_id, round(row.area_m2, 3), row.method) for row in table.itertuples()
    ]


def areas(repair: Repair) -> list[float]:
    return [round(area, 3) for area in repair.grids.geometry.area]


def test_an_overlap_goes_to_the_grid_with_the_longest_border_to_it() -> None:
    # ┌── g0 ──┬─┐          g1 is drawn 4 m into g0, over half its height only:
    # │      ┌─┼─┼─ g1 ──┐  the piece 4 x 10 m has 10 + 4 + 4 m of border with g0,
    # │      └─┼─┼───────┘  and 10 m with g1
    # └────────┴─┘
    drawn = grids(
        (0, 0, 20, 20),
        shapely.Polygon(
            [(20, 0), (40, 0), (40, 20), (20, 20), (20, 15), (16, 15), (16, 5), (20, 5)]
        ),
    )
    repair = check_repair(drawn)

    assert moves(repair) == [("g1", "g0", 40.0, "border")]
    assert areas(repair) == [400.0, 400.0]
    assert repair.changes["reason_en"][0].startswith("its longest border is with g0 (18.0 m)")


def test_equal_borders_go_to_the_smaller_id_and_fewer_residents_where_that_is_chosen() -> None:
    drawn = grids((0, 0, 20, 10), (18, 0, 40, 10), residents=[500, 20])
    by_people = RepairRules(noise_width_m=0.05, sliver_width_m=1.0, by="population")

    assert moves(check_repair(drawn)) == [("g1", "g0", 20.0, "border")]
    assert moves(check_repair(drawn, rules=by_people)) == [("g0", "g1", 20.0, "population")]


def test_a_gap_goes_to_the_longest_border_inside_its_parent_never_across() -> None:
    # u0 holds g0 and g1, u1 holds g2. The gap of u0 borders on g2 for 20 m, on g1 for 10 m.
    #   0      10   12      20
    # 20 ┌─ g1 ──────┬─ g0 ──┐
    # 10 ├─ gap ─────┴───────┤
    #  8 ├─ g2 (u1) ─────────┤
    drawn = grids((10, 10, 20, 20), (0, 10, 10, 20), (0, 0, 20, 8))
    drawn["parent_id"] = ["u0", "u0", "u1"]
    outlines = units((0, 8, 20, 20), (0, 0, 20, 8))
    repair = check_repair(drawn, outlines=outlines, units=outlines)

    assert moves(repair) == [(None, "g0", 40.0, "border")]
    assert areas(repair) == [140.0, 100.0, 160.0]


def test_a_gap_without_a_neighbour_of_its_parent_is_only_proposed() -> None:
    drawn = grids((0, 0, 20, 8)).assign(parent_id=["u1"])
    outlines = units((0, 8, 20, 20), (0, 0, 20, 8))
    repair = repair_grids(drawn, rules=RULES, outlines=outlines)

    assert repair.changes.empty
    assert list(repair.proposals["rule"]) == ["G203"]
    assert "draw a new grid" in repair.proposals["reason_en"][0]
    assert (wkb(repair.grids) == wkb(drawn)).all()


def test_a_hole_between_grids_is_filled_without_units() -> None:
    ring = shapely.difference(shapely.box(0, 0, 30, 30), shapely.box(10, 10, 20, 20))
    repair = check_repair(grids(ring, (30, 0, 40, 30)))

    assert moves(repair) == [(None, "g0", 100.0, "border")]
    assert repair.grids.geometry.iloc[0].equals(shapely.box(0, 0, 30, 30))


def test_one_of_two_equal_polygons_is_never_emptied_they_share_by_residents() -> None:
    homes = buildings((1, 1), (2, 2), (9, 19), (9, 18), residents=[10, 10, 10, 10])
    repair = check_repair(grids((0, 0, 10, 20), (0, 0, 10, 20), (10, 0, 20, 20)), buildings=homes)

    assert sorted(move[3] for move in moves(repair)) == ["split", "split"]
    assert sum(areas(repair)) == 400.0
    assert min(areas(repair)) > 50.0
    assert repair.grids["status"]["g2"] == "noded"  # the cut ends on its border
    assert list(repair.changes["residents"]) == [20.0, 20.0]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_equal_triangles_are_cut_too(n: int) -> None:
    triangle = shapely.Polygon([(0, 0), (30, 0), (0, 30)])
    repair = check_repair(grids(*[triangle] * n))

    assert sum(areas(repair)) == pytest.approx(450.0)
    assert min(areas(repair)) > 20.0


def test_a_grid_inside_another_keeps_itself_and_the_other_gets_a_hole() -> None:
    repair = check_repair(grids((0, 0, 30, 30), (10, 10, 20, 20)))

    assert moves(repair) == [("g0", "g1", 100.0, "keep")]
    assert repair.grids["status"]["g1"] == "unchanged"


def test_three_grids_over_one_another_are_each_kept() -> None:
    drawn = grids((0, 0, 20, 20), (10, 0, 30, 20), (5, 10, 25, 30))
    repair = check_repair(drawn)

    assert sum(areas(repair)) == pytest.approx(drawn.geometry.union_all().area)


def test_the_parent_decides_before_the_border_and_the_stated_owner_before_all() -> None:
    drawn = grids((0, 0, 20, 10), (18, 0, 40, 10), parent_id=["u0", "u1"])
    outlines = units((0, 0, 18, 10), (18, 0, 40, 10))
    repair = check_repair(drawn, outlines=outlines, units=outlines)
    (finding_id,) = repair.before["finding_id"]
    stated = repair_grids(drawn, rules=choosing(**{finding_id: "to:g0"}), outlines=outlines)

    assert moves(repair) == [("g0", "g1", 20.0, "parent")]
    assert moves(stated) == [("g1", "g0", 20.0, "stated")]


def test_buildings_that_name_their_grid_decide_before_the_border() -> None:
    homes = buildings((19, 5), grid_id=["g1"], residents=[7])
    repair = check_repair(grids((0, 0, 20, 10), (18, 0, 40, 10)), buildings=homes)

    assert moves(repair) == [("g0", "g1", 20.0, "buildings")]
    assert list(repair.changes["residents"]) == [7.0]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("owner", ("g2", "g1", 20.0, "buildings")),
        ("border", ("g1", "g2", 20.0, "border")),
        ("population", ("g2", "g1", 20.0, "population")),
    ],
)
def test_owner_border_and_population_decide_as_chosen(
    by: str, expected: tuple[object, ...]
) -> None:
    # g1 ─┬─ g2: strip of 2 x 10 m, of which g2 also holds the ground below: longer border.
    wide = shapely.box(18, -5, 40, 10)
    drawn = grids((900, 0, 910, 10), (0, 0, 20, 10), wide, residents=[1, 20, 500])
    homes = buildings((19, 5), grid_id=["g1"], residents=[7])
    rules = RepairRules(noise_width_m=0.05, sliver_width_m=1.0, by=by)
    assert moves(check_repair(drawn, buildings=homes, rules=rules)) == [expected]


def test_the_same_or_unknown_residents_let_the_border_decide_and_say_so() -> None:
    by_people = RepairRules(noise_width_m=0.05, sliver_width_m=1.0, by="population")
    for residents in ([70, 70], [None, 20]):
        drawn = grids((0, 0, 20, 10), (18, 0, 40, 10), residents=residents)
        assert moves(repair_grids(drawn, rules=by_people)) == [("g1", "g0", 20.0, "border")]


def test_residents_of_buildings_that_name_no_grid_are_counted_by_place() -> None:
    homes = buildings((5, 5), (30, 5), residents=[90, 8])
    by_people = RepairRules(noise_width_m=0.05, sliver_width_m=1.0, by="population")
    repair = check_repair(grids((0, 0, 20, 10), (18, 0, 40, 10)), buildings=homes, rules=by_people)
    assert moves(repair) == [("g0", "g1", 20.0, "population")]


def test_buildings_in_a_gap_name_who_gets_it() -> None:
    ring = shapely.difference(shapely.box(0, 0, 30, 30), shapely.box(28, 10, 30, 20))
    drawn, homes = grids(ring, (30, 0, 40, 30)), buildings((29, 15), grid_id=["g1"], residents=[7])
    by_border = RepairRules(noise_width_m=0.05, sliver_width_m=1.0, by="border")

    assert moves(check_repair(drawn, buildings=homes)) == [(None, "g1", 20.0, "buildings")]
    repair = check_repair(drawn, buildings=homes, rules=by_border)
    assert moves(repair) == [(None, "g0", 20.0, "border")]
    assert list(repair.changes["residents"]) == [7.0]


def test_a_dedicated_grid_stays_as_it_is_and_keeps_its_base_grid() -> None:
    drawn = grids((0, 0, 20, 10), (18, 0, 40, 10), (18.5, 2, 26, 8))
    drawn["kind"] = ["base", "base", "dedicated"]
    repair = repair_grids(drawn, rules=RULES)

    assert moves(repair) == [("g0", "g1", 20.0, "host")]
    assert repair.grids["status"]["g2"] == "unchanged"


def test_a_straddle_is_proposed_and_a_spill_is_trimmed() -> None:
    wide = grids((0, 0, 20, 20), (20, 0, 40, 20), (5, 5, 30, 15))
    narrow = grids((0, 0, 20, 20), (20, 0, 40, 20), (5, 5, 20.5, 15))
    for drawn in (wide, narrow):
        drawn["kind"] = ["base", "base", "dedicated"]
    straddle, spill = (repair_grids(drawn, rules=RULES) for drawn in (wide, narrow))

    assert straddle.changes.empty
    assert list(straddle.proposals["rule"]) == ["G207"]
    assert moves(spill) == [("g2", "g1", 5.0, "trim")]
    assert not defects(spill.grids)
    assert list(spill.grids["status"]) == ["unchanged", "unchanged", "changed"]


@pytest.mark.parametrize(("choice", "status"), [("ask", "proposed"), ("leave", "left")])
def test_a_finding_may_be_asked_about_or_left(choice: str, status: str) -> None:
    drawn = grids((0, 0, 20, 10), (18, 0, 40, 10), (40, 0, 60, 10), (58, 0, 80, 10))
    first = repair_grids(drawn, rules=RULES).before["finding_id"].iloc[0]
    one = repair_grids(drawn, rules=choosing(**{first: choice}))
    none = repair_grids(drawn, rules=choosing(G201=choice))

    assert list(one.proposals["status"]) == [status]
    assert len(one.changes) == 1
    assert none.changes.empty
    assert (wkb(none.grids) == wkb(drawn)).all()


def test_what_is_asked_about_is_told_as_it_would_be_mended() -> None:
    # ┌─ g0 ─┬┬─ g1 ─┐ 8 m gap ┌─ g2 ─┐ inside u0; g0 and g1 overlap by 2 x 10 m
    drawn = grids((0, 0, 20, 10), (18, 0, 40, 10), (48, 0, 70, 10))
    drawn["parent_id"] = ["u0"] * 3
    outlines = units((0, 0, 70, 10))
    fixed = repair_grids(drawn, rules=RULES, outlines=outlines)
    rules = choosing(G201="ask", G203="ask")
    asked = repair_grids(drawn, rules=rules, outlines=outlines)
    told = ["finding_id", "from_id", "to_id", "area_m2", "method", "reason_zh", "reason_en"]

    assert asked.changes.empty
    assert (wkb(asked.grids) == wkb(drawn)).all()
    assert list(asked.proposals["status"]) == ["proposed", "proposed"]
    assert asked.proposals[told].equals(fixed.changes[told])


@pytest.mark.parametrize("choice", ["ask", "leave"])
def test_the_second_of_two_gaps_between_the_same_grids_stays_when_the_first_is_filled(
    choice: str,
) -> None:
    # ┌────────┬────────┐   two holes on the border of g0 and g1; their findings have the same
    # │  g0   (o)  g1   │   subject, so the ids are f and f-2, and what is left after the first
    # │       (o)       │   is filled is called f
    # └────────┴────────┘
    holes = shapely.union_all([shapely.box(19, 4, 21, 8), shapely.box(19, 14, 21, 18)])
    left, right = (shapely.box(x, 0, x + 20, 22).difference(holes) for x in (0, 20))
    drawn = grids(left, right)
    first, second = repair_grids(drawn, rules=RULES).before["finding_id"]
    repair = repair_grids(drawn, rules=choosing(**{second: choice}))

    assert second == f"{first}-2"
    assert list(repair.changes["finding_id"]) == [first]
    assert list(repair.proposals["finding_id"]) == [second]
    assert list(repair.after["rule"]) == ["G203"]


def test_choices_that_name_nothing_are_refused() -> None:
    drawn = grids((0, 0, 20, 10), (18, 0, 40, 10))
    with pytest.raises(NotFoundError, match="there is no finding nonsense"):
        repair_grids(drawn, rules=choosing(nonsense="ask"))
    with pytest.raises(NotFoundError, match="unknown choice to:g9"):
        repair_grids(drawn, rules=choosing(G201="to:g9"))
    far = grids((0, 0, 20, 10), (18, 0, 40, 10), (900, 0, 910, 10))
    (finding_id,) = repair_grids(far, rules=RULES).before["finding_id"]
    with pytest.raises(NotFoundError, match=r"g2 has no part in .* there are g0、g1"):
        repair_grids(far, rules=choosing(**{finding_id: "to:g2"}))
    with pytest.raises(NotFoundError, match="unknown owner rule boarder"):
        repair_grids(far, rules=RepairRules(noise_width_m=0.05, sliver_width_m=1, by="boarder"))


def test_borders_that_cross_share_their_new_vertices_exactly() -> None:
    # The border of g1 crosses that of g0 on a slant, so new vertices are no round numbers.
    left = shapely.Polygon([(0, 0), (10.1, 0.3), (13.7, 21.9), (0.7, 20.2)])
    right = shapely.Polygon([(12.9, -3.3), (31, 0.1), (30.3, 20), (9.7, 24.1)])
    repair = check_repair(grids(left, right, (31, -40, 60, 60)))

    assert shapely.coverage_is_valid(repair.grids.geometry.array[:2])
    assert repair.grids["status"]["g2"] == "unchanged"


def test_a_border_that_ends_on_a_third_grid_gives_it_the_vertex() -> None:
    # g1 reaches 3 m into g0; where the new border ends on g2 there was no vertex before.
    drawn = grids((0, 10, 20, 20), (17, 10, 40, 20), (0, 0, 40, 10))
    repair = check_repair(drawn)

    assert repair.grids["status"]["g2"] == "noded"
    assert repair.grids.geometry["g2"].equals(drawn.geometry["g2"])
    assert shapely.coverage_is_valid(repair.grids.geometry.array)


def test_borders_are_snapped_together_where_the_noise_width_is_set_to_nearly_nothing() -> None:
    # the border of g0 and g1 drawn twice, 20 mm apart in its middle: noise, unless asked for
    left = shapely.Polygon([(0, 0), (20, 0), (20.02, 5), (20, 10), (0, 10)])
    right = shapely.Polygon([(20, 0), (40, 0), (40, 10), (20, 10), (19.99, 7)])
    drawn = grids(left, right)
    snapped = repair_grids(drawn, rules=RepairRules(noise_width_m=1e-5, sliver_width_m=1.0))

    assert (wkb(check_repair(drawn).grids) == wkb(drawn)).all()
    assert not shapely.coverage_is_valid(drawn.geometry.array)
    assert shapely.coverage_is_valid(snapped.grids.geometry.array)


def test_nothing_is_done_to_a_clean_layer_and_the_input_is_never_changed() -> None:
    clean = grids((0, 0, 10, 10), (10, 0, 20, 10))
    spoilt = grids((0, 0, 10, 10), (8, 0, 20, 10))
    before = wkb(spoilt)
    repair_grids(spoilt, rules=RULES)

    assert (wkb(repair_grids(clean, rules=RULES).grids) == wkb(clean)).all()
    assert (wkb(spoilt) == before).all()
    assert "status" not in spoilt


def test_the_outlines_are_the_lowest_units_that_have_polygons() -> None:
    from geo.layers import Layers  # noqa: PLC0415

    drawn = units((0, 0, 10, 10), (0, 0, 5, 10)).assign(level=["street", "community"])
    drawn.loc["u1", "geometry"] = None
    layers = Layers(grids=grids((0, 0, 1, 1)), units=drawn, levels=("street", "community"))
    found = layers.outlines

    assert found is not None
    assert list(found.index) == ["u0"]
    assert Layers(grids=grids((0, 0, 1, 1))).outlines is None


_ORIGIN = (500_000, 3_300_000)
SHIFT = st.floats(-3, 3).filter(lambda d: abs(d) > 0.3)


def spoilt_city(shifts: list[tuple[float, float]], angle: float) -> gpd.GeoDataFrame:
    """Return 4 x 4 cells of 20 m, each corner of the inner ones moved in one of its cells only."""
    cells = []
    for k, (dx, dy) in enumerate(shifts):
        x, y = 20.0 * (k % 4), 20.0 * (k // 4)
        cells.append(
            shapely.Polygon([(x, y), (x + 20, y), (x + 20 + dx, y + 20 + dy), (x, y + 20)])
        )
    frame = grids(*cells)
    return frame.set_geometry(frame.rotate(angle, origin=(40, 40)).translate(*_ORIGIN))


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    shifts=st.lists(st.tuples(SHIFT, SHIFT), min_size=16, max_size=16),
    angle=st.floats(0, 90),
    share=st.booleans(),
)
def test_any_spoilt_city_is_mended(
    shifts: list[tuple[float, float]], angle: float, *, share: bool
) -> None:
    city = spoilt_city(shifts, angle)
    around = shapely.transform(shapely.box(-25, -25, 105, 105), lambda xy: xy + _ORIGIN)
    outlines = units(around)
    check_repair(city, outlines=outlines if share else None)
