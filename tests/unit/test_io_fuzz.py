"""Fifty broken files of every format, and tables of strange cells: no traceback, no lost row.

`tests/full/test_fuzz_readers.py` does the same a thousand times.
"""

from pathlib import Path

import pytest

from tests import fuzzing
from tests.strange_tables import check_strange_tables


@pytest.mark.filterwarnings("default")
def test_broken_files_are_read_or_told(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    fuzzing.write_seeds(seeds)
    outcomes = list(fuzzing.run_cases(seeds, first=0, n=50, seed=3))
    assert [outcome.case for outcome in outcomes] == list(range(50))
    assert [o for o in outcomes if o.kind not in ("read", "told")] == []
    assert sum(outcome.kind == "read" for outcome in outcomes) > 5


def test_whole_files_are_read(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for name in fuzzing.write_seeds(seeds):
        kind, text = fuzzing.outcome_of(tmp_path, seeds, name, (seeds / name).read_bytes())
        assert (name, kind) == (name, "read")
        rows = {"grids": "12 0", "sites_pairs": "8 0"}.get(name.split(".")[0].split("_gdb")[0])
        assert text == (rows or ("7 2" if name.startswith("sites") else "12 0")), name


def test_strange_tables_lose_no_row(tmp_path: Path) -> None:
    check_strange_tables(tmp_path, n=40)
