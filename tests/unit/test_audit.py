"""What only the audit composes: orphans, residents of a finding, skipped rules, sentences, ids."""

from pathlib import Path

import pytest
import shapely

from geo.audit import Audit
from geo.findings import FINDING_COLUMNS
from tests.audited import audited
from tests.builders import buildings, grids, sites, units

# ┌──── u0 ────┐
# │ g0 │ g1 │ g2 │       three squares of 200 m, side by side; the site in the middle of g0
# └────────────┘
_ROW = [(0, 0, 200, 200), (200, 0, 400, 200), (400, 0, 600, 200)]


def _row_of_grids(**columns: object) -> object:
    return grids(*_ROW, parent_id=["u0"] * 3, name=["甲", "乙", "丙"], **columns)


def _rows(audit: Audit, rule: str, tier: str | None = None) -> list[dict[str, object]]:
    found = audit.findings[audit.findings["rule"] == rule]
    if tier is not None:
        found = found[found["tier"] == tier]
    return found.to_dict("records")


def test_a_clean_row_gives_nothing_but_coverage_findings(tmp_path: Path) -> None:
    audit = audited(
        tmp_path,
        grids=_row_of_grids(households=[400] * 3, residents=[1000] * 3),
        units=units((0, 0, 600, 200)),
        sites=sites((100, 100)),
    )
    assert set(audit.findings["rule"]) <= {"C501", "C502"}
    assert tuple(audit.findings.columns) == FINDING_COLUMNS
    assert list(audit.grids["n_neighbours"]) == [1, 2, 1]
    assert list(audit.grids["is_orphan"]) == [False, False, False]
    assert audit.units is not None
    assert audit.units.loc["u0", "n_grids_base"] == 3
    assert audit.units.loc["u0", "mean_households"] == 400


def test_blank_grids_name_the_tier_and_its_residents(tmp_path: Path) -> None:
    # the site stands 1,100 m west of g0's west border: out of every circle
    audit = audited(
        tmp_path,
        grids=_row_of_grids(residents=[1000, 2000, 3000]),
        sites=sites((-1100, 100)),
        head='language = "en"',
    )
    blank = _rows(audit, "C501", "walk_15")
    assert [row["grid_ids"] for row in blank] == [("g2",), ("g1",), ("g0",)]  # most residents first
    assert [row["residents"] for row in blank] == [3000, 2000, 1000]
    assert blank[0]["severity"] == "error"
    assert "丙（g2）" in str(blank[0]["message_zh"])
    assert "丙（g2）" in str(blank[0]["message_en"])


def test_orphans_carry_every_reason(tmp_path: Path) -> None:
    # g0 and g1 touch; g2 has no parent; g3 lies 5 km off: outside, isolated, blank, wrong parent
    frame = grids(
        (0, 0, 200, 200), (200, 0, 400, 200), (400, 0, 600, 200), (5000, 0, 5200, 200),
        parent_id=["u0", "u0", None, "u9"],
    )  # fmt: skip
    audit = audited(tmp_path, grids=frame, units=units((0, 0, 600, 200)), sites=sites((300, 100)))
    reasons = audit.grids["orphan_reasons"].to_dict()
    assert reasons["g0"] == ()
    assert reasons["g2"] == ("H301",)
    assert reasons["g3"] == ("C501", "G208", "H302", "outside")
    assert list(audit.grids["is_orphan"]) == [False, False, True, True]


def test_residents_of_an_overlap_are_those_of_the_buildings_inside_it(tmp_path: Path) -> None:
    # ┌── g0 ──┐         g1 starts 50 m before g0 ends: a strip of 50 m × 200 m
    # │     ┌──┼── g1 ──┐    b0 in g0 alone, b1 in the strip, b2 in g1 alone
    audit = audited(
        tmp_path,
        grids=grids((0, 0, 200, 200), (150, 0, 400, 200)),
        buildings=buildings(
            (50, 100), (175, 100), (300, 100), residents=[10, 20, 40], households=[4, 8, 16]
        ),
    )
    (row,) = _rows(audit, "G201")
    assert row["grid_ids"] == ("g0", "g1")
    assert row["measure"] == pytest.approx(10_000)
    assert (row["residents"], row["households"]) == (20, 8)
    assert row["measure_unit"] == "m2"


def test_residents_of_an_overlap_are_unknown_without_buildings(tmp_path: Path) -> None:
    frame = grids((0, 0, 200, 200), (150, 0, 400, 200), residents=[100, 100])
    (row,) = _rows(audited(tmp_path, grids=frame), "G201")
    assert row["residents"] != row["residents"]


def test_an_id_survives_an_edited_border(tmp_path: Path) -> None:
    ids = []
    for shift in (150, 160):
        folder = tmp_path / str(shift)
        folder.mkdir()
        audit = audited(folder, grids=grids((0, 0, 200, 200), (shift, 0, 400, 200)))
        ids.append(_rows(audit, "G201")[0]["finding_id"])
    assert ids[0] == ids[1]


def test_what_cannot_be_judged_is_named_with_its_reason(tmp_path: Path) -> None:
    audit = audited(tmp_path, grids=grids(*_ROW))
    assert audit.skipped["H302"]["en"]
    for rule in ("C501", "H303", "H305", "H306", "H307", "S401", "S403", "G210"):
        assert rule in audit.skipped, rule
        assert audit.skipped[rule]["zh"]
    assert "G201" not in audit.skipped
    assert "G201" in audit.rules


def test_a_rule_left_out_makes_no_orphan(tmp_path: Path) -> None:
    frame = grids((0, 0, 200, 200), (5000, 0, 5200, 200))
    assert audited(tmp_path, grids=frame).grids["is_orphan"].all()
    assert not audited(tmp_path, grids=frame, select=("G201",)).grids["is_orphan"].any()


def test_findings_come_worst_first(tmp_path: Path) -> None:
    frame = grids(*_ROW, (5000, 0, 5200, 200), households=[900, 400, 100, 400])
    severities = list(audited(tmp_path, grids=frame, sites=sites((100, 100))).findings["severity"])
    assert severities == sorted(severities, key=["error", "warning", "info"].index)


def test_noise_is_counted_and_never_a_finding(tmp_path: Path) -> None:
    # g1 starts 1 cm before g0 ends: narrower than noise_width_m (5 cm)
    audit = audited(tmp_path, grids=grids((0, 0, 200, 200), (199.99, 0, 400, 200)))
    assert dict(audit.noise) == {"n_overlaps": 1, "n_gaps": 0}
    assert not {"G201", "G204"} & set(audit.findings["rule"])


def test_every_finding_has_sentences_without_leftovers(tmp_path: Path) -> None:
    frame = grids(
        (0, 0, 200, 200), (150, 0, 400, 200), shapely.box(700, 0, 900, 200),
        parent_id=["u0", None, "u7"], households=[10, 0, 900], residents=[10, 0, 2000],
    )  # fmt: skip
    audit = audited(
        tmp_path, grids=frame, units=units((0, 0, 500, 200)), sites=sites((100, 100), (9000, 0)),
        buildings=buildings((10, 10), (8000, 8000), residents=[1, 2]),
    )  # fmt: skip
    assert len(audit.findings) > 8
    for row in audit.findings.to_dict("records"):
        for language in ("zh", "en"):
            sentence = row[f"message_{language}"]
            assert sentence, row["rule"]
            assert "nan" not in sentence.lower().split(), row
            assert "{" not in sentence, row
            assert "–" not in sentence, row
