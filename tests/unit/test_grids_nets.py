"""Departmental nets against the base grids: agreement, conflicts (N701), refinement, one net."""

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import CRSError
from geo.grids.nets import NetComparison, compare_nets, find_net_conflicts, refinement
from geo.outputs import read_audit, summary, write_outputs
from tests.audited import audited
from tests.builders import buildings, grids

Box = tuple[float, float, float, float]

# ┌──── g0 ────┬──── g1 ────┐     two squares of 100 m
# ├─ g0 ──────────┬─ g1 ────┤     the net of the police: its border 40 m further east
_TWO: list[Box] = [(0, 0, 100, 100), (100, 0, 200, 100)]
_SHIFTED: list[Box] = [(0, 0, 140, 100), (140, 0, 200, 100)]


def net(*boxes: Box | shapely.Geometry) -> gpd.GeoDataFrame:
    return grids(*boxes).drop(columns="kind").set_axis([f"p{i}" for i in range(len(boxes))])


def conflicts(base: list[Box], police: list[Box]) -> pd.DataFrame:
    return find_net_conflicts(grids(*base), {"police": net(*police)}, sliver_width_m=1.0).findings


def compared(
    base: list[Box], columns: dict[str, object] | None = None, **nets: list[Box]
) -> NetComparison:
    columns = columns or {}
    points = columns.pop("buildings", None)
    return compare_nets(
        grids(*base, **columns),
        {name: net(*boxes) for name, boxes in nets.items()},
        sliver_width_m=1.0,
        buildings=points,
    )


def test_the_grid_that_is_cut_is_told_with_the_ground_that_has_to_change_hands() -> None:
    # p0 holds all of g0, and 40 m × 100 m of g1
    (row,) = conflicts(_TWO, _SHIFTED).itertuples()
    assert (row.rule, row.layer, row.category, row.grid_ids) == (
        "N701",
        "nets.police",
        "police",
        ("g1",),
    )
    assert row.measure == pytest.approx(4000)
    assert row.geometry.equals(shapely.box(100, 0, 140, 100))
    assert row.details["main"] == "p1"
    assert row.details["polygons_zh"] == "p0、p1"
    assert row.details["share"] == pytest.approx(0.4)


def test_a_finer_and_a_coarser_net_agree() -> None:
    assert conflicts(_TWO, [(0, 0, 200, 100)]).empty
    assert conflicts(_TWO, [(0, 0, 50, 100), (50, 0, 100, 100), (100, 0, 200, 100)]).empty


def test_a_net_drawn_again_within_a_sliver_agrees() -> None:
    assert conflicts(_TWO, [(0, 0, 100.4, 100), (100.4, 0, 200, 100)]).empty
    assert not conflicts(_TWO, [(0, 0, 102, 100), (102, 0, 200, 100)]).empty


def test_a_grid_that_the_net_leaves_out_is_no_conflict() -> None:
    assert conflicts(_TWO, [(0, 0, 100, 100)]).empty
    # p0 reaches 30 m into g1, the rest of g1 lies in no polygon
    (row,) = conflicts(_TWO, [(0, 0, 130, 100)]).itertuples()
    assert row.measure == pytest.approx(3000)
    assert row.details["n_polygons"] == 1


def test_a_polygon_that_reaches_out_into_nowhere_is_across() -> None:
    # p0 lies half over g1 and half outside of everything; the other half of g1 is p1's
    (row,) = conflicts([_TWO[1]], [(150, 0, 250, 100), (100, 0, 150, 100)]).itertuples()
    assert row.measure == pytest.approx(5000)


def test_dedicated_grids_are_not_judged() -> None:
    frame = grids(*_TWO, (90, 40, 110, 60), kind=["base", "base", "dedicated"])
    found = find_net_conflicts(frame, {"a": net(*_TWO)}, sliver_width_m=1.0)
    assert found.ok
    assert found.counts == {"n_grids": 2, "n_a": 0}


def test_another_crs_is_refused() -> None:
    other = net(*_TWO).to_crs("EPSG:32651")
    with pytest.raises(CRSError):
        find_net_conflicts(grids(*_TWO), {"a": other}, sliver_width_m=1.0)


def test_the_measures_of_agreement_by_area() -> None:
    #        p0      p1
    # g0  10,000       0       N = 20,000
    # g1   4,000   6,000
    (row,) = compared(_TWO, police=_SHIFTED).agreement.to_dict("records")
    assert (row["left"], row["right"], row["basis"]) == ("grids", "police", "area")
    assert row["weight"] == pytest.approx(20_000)
    assert (row["n_left"], row["n_right"]) == (2, 2)
    assert row["left_purity"] == row["right_purity"] == pytest.approx(0.8)
    assert row["agreement"] == pytest.approx(0.8)
    assert row["nested_share"] == pytest.approx(0.8)
    assert row["pair_share"] == pytest.approx(1.52 / (2 + 2.32 - 1.52))
    assert row["adjusted_rand"] == pytest.approx((1.52 - 1.16) / (2.16 - 1.16))
    left = 0.5 * np.log2(14 / 10) + 0.2 * np.log2(14 / 4)
    right = 0.2 * np.log2(10 / 4) + 0.3 * np.log2(10 / 6)
    assert row["left_given_right_bits"] == pytest.approx(left)
    assert row["right_given_left_bits"] == pytest.approx(right)
    assert row["variation_bits"] == pytest.approx(left + right)


def test_agreement_is_weighted_by_the_residents_of_buildings() -> None:
    # 90 residents in g0, 9 in the disputed strip, 1 in the rest of g1
    homes = buildings((50, 50), (120, 50), (180, 50), residents=[90, 9, 1])
    found = compared(_TWO, {"buildings": homes}, police=_SHIFTED)
    (row,) = found.agreement.to_dict("records")
    assert (row["basis"], row["weight"]) == ("residents", 100)
    assert row["left_purity"] == pytest.approx(0.99)  # 90 with p0, 9 of g1's ten with p0
    assert row["right_purity"] == pytest.approx(0.91)
    assert found.conflicts["weight"].tolist() == [9]


def test_the_measures_are_those_of_every_resident_counted_one_by_one() -> None:
    random = np.random.default_rng(0)
    cuts = [[0, *sorted(random.choice(range(5, 300, 5), n, replace=False)), 300] for n in (6, 4)]
    base, police = ([(float(a), 0.0, float(b), 100.0) for a, b in pairwise(at)] for at in cuts)
    x, n = random.uniform(0, 300, 60), random.integers(1, 9, 60)
    homes = buildings(*[(float(each), 50.0) for each in x], residents=n.tolist())
    (row,) = compared(base, {"buildings": homes}, police=police).agreement.to_dict("records")

    left, right = (np.repeat(np.searchsorted(at, x), n) for at in cuts)
    both = np.stack([left, right])
    shares = [np.unique(z, axis=-1, return_counts=True)[1] / len(left) for z in (both, left, right)]
    bits = [-(share * np.log2(share)).sum() for share in shares]
    same = [each[:, None] == each for each in (left, right)]
    purity = sum(np.bincount(right[left == each]).max() for each in set(left)) / len(left)
    assert row["weight"] == len(left)
    assert row["variation_bits"] == pytest.approx(2 * bits[0] - bits[1] - bits[2])
    assert row["pair_share"] == pytest.approx((same[0] & same[1]).sum() / (same[0] | same[1]).sum())
    assert row["left_purity"] == pytest.approx(purity)


def test_residents_of_grids_without_buildings_are_shared_out_by_area() -> None:
    found = compared(_TWO, {"residents": [100, 50]}, police=_SHIFTED)
    assert found.basis == "residents"
    assert found.faces["weight"].tolist() == pytest.approx([100, 20, 30])


def test_equal_nets_agree_wholly_and_a_finer_one_nests() -> None:
    same = compared(_TWO, a=_TWO).agreement.iloc[0]
    assert same["agreement"] == same["pair_share"] == same["adjusted_rand"] == 1
    assert same["variation_bits"] == 0
    finer = compared(_TWO, a=[(0, 0, 50, 100), (50, 0, 100, 100), (100, 0, 200, 100)])
    (row,) = finer.agreement.to_dict("records")
    assert row["nested_share"] == row["right_purity"] == 1
    assert row["left_purity"] == pytest.approx(0.75)
    assert row["left_given_right_bits"] == 0
    assert row["right_given_left_bits"] == pytest.approx(0.5)
    assert finer.conflicts.empty


def test_what_only_one_net_covers_is_told_apart() -> None:
    (row,) = compared(_TWO, a=[(100, 0, 300, 100)]).agreement.to_dict("records")
    assert row["left_only_share"] == row["right_only_share"] == pytest.approx(1 / 3)
    assert compared(_TWO, a=[(900, 0, 990, 9)]).agreement["agreement"].isna().all()


def test_every_two_of_several_nets_are_compared() -> None:
    table = compared(_TWO, police=_SHIFTED, fire=_TWO).agreement
    pairs = list(zip(table["left"], table["right"], strict=True))
    assert pairs == [("grids", "fire"), ("grids", "police"), ("fire", "police")]
    assert table["agreement"].tolist() == pytest.approx([1, 0.8, 0.8])


def test_the_refinement_names_the_owner_in_each_net_and_tells_slivers() -> None:
    faces = compared(_TWO, police=_SHIFTED, fire=[(0, 0, 99.5, 100), (99.5, 0, 200, 100)]).faces
    columns = ["grid_id", "net_fire", "net_police", "is_sliver", "is_conflict"]
    assert faces[columns].to_numpy().tolist() == [
        ["g0", "p0", "p0", False, False],
        ["g0", "p1", "p0", True, False],
        ["g1", "p1", "p0", False, True],
        ["g1", "p1", "p1", False, False],
    ]
    assert faces["area_m2"].tolist() == pytest.approx([9950, 50, 4000, 6000])
    assert faces.index.name == "face_id"


def test_ground_of_one_net_alone_is_a_face_without_a_grid() -> None:
    faces = compared([_TWO[0]], a=[(50, 0, 150, 100)]).faces
    assert faces["grid_id"].tolist() == ["g0", "g0", None]
    assert faces["net_a"].tolist() == [None, "p0", "p0"]


def test_where_two_departments_agree_against_the_base_grid_it_gives_way() -> None:
    alone = compared(_TWO, police=_SHIFTED)
    assert set(alone.proposal["status"]) == {"unchanged"}
    both = compared(_TWO, police=_SHIFTED, fire=_SHIFTED)
    assert both.proposal["status"].tolist() == ["changed", "changed"]
    assert both.proposal["area_m2"].tolist() == pytest.approx([14_000, 6000])
    assert both.proposal["old_area_m2"].tolist() == pytest.approx([10_000, 10_000])
    assert both.faces["proposed_grid_id"].tolist() == ["g0", "g0", "g1"]


def test_a_proposal_stays_within_the_parent() -> None:
    columns = {"parent_id": ["u0", "u1"]}
    found = compared(_TWO, columns, police=_SHIFTED, fire=_SHIFTED)
    assert set(found.proposal["status"]) == {"unchanged"}
    assert found.proposal.geometry.tolist() == grids(*_TWO).geometry.tolist()


def test_a_proposal_tears_no_grid_apart() -> None:
    # both departments give the middle third of g0 to the polygon of g1 below it
    # ┌─────────┐
    # │   g0    │  (0, 50) to (150, 100); p1 holds g1 and x from 50 to 100 of g0
    # ├─────────┤
    # └── g1 ───┘
    base = [(0, 50, 150, 100), (0, 0, 150, 50)]
    tongue = shapely.union_all([shapely.box(*base[1]), shapely.box(50, 50, 100, 100)])
    rest = shapely.difference(shapely.box(*base[0]), tongue)
    found = compared(base, a=[rest, tongue], b=[rest, tongue])
    assert set(found.proposal["status"]) == {"unchanged"}


@settings(max_examples=25)
@given(
    cuts=st.lists(st.sampled_from(range(10, 200, 10)), min_size=1, max_size=6, unique=True),
    base_cuts=st.lists(st.sampled_from(range(10, 200, 10)), min_size=1, max_size=6, unique=True),
)
def test_faces_make_up_every_polygon_again_and_bounds_hold(
    cuts: list[int], base_cuts: list[int]
) -> None:
    def strips(at: list[int]) -> list[Box]:
        edges = [0, *sorted(at), 200]
        return [(a, 0, b, 100) for a, b in pairwise(edges)]

    found = compared(strips(base_cuts), a=strips(cuts))
    faces = found.faces
    assert faces["area_m2"].sum() == pytest.approx(20_000)
    for column, boxes, prefix in (("grid_id", base_cuts, "g"), ("net_a", cuts, "p")):
        sums = faces.groupby(column)["area_m2"].sum().to_dict()
        for at, (a, _, b, _) in enumerate(strips(boxes)):
            assert sums[f"{prefix}{at}"] == pytest.approx(100 * (b - a))
    (row,) = found.agreement.to_dict("records")
    for name in ("agreement", "left_purity", "right_purity", "nested_share", "pair_share"):
        assert 0 <= row[name] <= 1 + 1e-12
    assert row["adjusted_rand"] <= 1 + 1e-12
    moved = conflicts(strips(base_cuts), strips(cuts))
    assert (row["nested_share"] >= 1 - 1e-12) == moved.empty
    assert moved["measure"].sum() <= 20_000


def test_overlapping_polygons_of_a_net_count_their_ground_once() -> None:
    faces = refinement(
        {"grids": grids((0, 0, 100, 100)), "a": net((0, 0, 60, 100), (40, 0, 100, 100))},
        sliver_width_m=1.0,
    )
    assert faces["net_a"].tolist() == ["p0", "p0", "p1"]
    assert faces["area_m2"].sum() == pytest.approx(10_000)


def test_an_audit_with_nets_writes_their_files(tmp_path: Path) -> None:
    police = net(*_SHIFTED)
    homes = buildings((50, 50), (120, 50), (180, 50), residents=[90, 9, 1])
    moved = police.set_geometry(police.translate(500_000, 3_300_000))
    moved.rename_axis("grid_id").reset_index().to_file(tmp_path / "police.gpkg")
    tail = '[layers.nets.police]\npath = "police.gpkg"'
    audit = audited(tmp_path, tail=tail, grids=grids(*_TWO), buildings=homes)
    (row,) = audit.findings[audit.findings["rule"] == "N701"].to_dict("records")
    assert (row["severity"], row["residents"], row["category"]) == ("warning", 9, "police")
    assert "与“police”网不一致" in row["message_zh"]
    out = tmp_path / "out"
    write_outputs(audit, out)
    table = pd.read_csv(out / "nets_agreement.csv")
    assert table["left_purity"].tolist() == [0.99]
    faces = gpd.read_file(out / "nets_refinement.geojson")
    assert faces["net_police"].tolist() == ["p0", "p0", "p1"]
    assert len(gpd.read_file(out / "nets_proposal.geojson")) == 2
    assert len(gpd.read_file(out / "audit.gpkg", layer="net_conflicts")) == 1
    assert summary(audit)["nets"][0]["basis"] == "residents"
    assert read_audit(out / "audit.gpkg").findings["rule"].tolist() == [*audit.findings["rule"]]
    plain = audited(tmp_path, grids=grids(*_TWO))
    assert "N701" in plain.skipped
    write_outputs(plain, out)
    assert not (out / "nets_agreement.csv").exists()
