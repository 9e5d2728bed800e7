"""Fifty broken files of every format, and tables of strange cells: no traceback, no lost row.

`tests/full/test_fuzz_readers.py` does the same a thousand times.
"""

from pathlib import Path

import pytest

from tests import fuzzing
from tests.fuzz_seeds import write_seeds
from tests.strange_tables import check_strange_tables

ROWS = {
    "sites.dbf": "6 1",
    "sites_pairs.csv": "8 0",
    "streets.graphml": "38 0",
    "streets.osm.pbf": "43 0",
    "streets_plain.osm.pbf": "43 0",
}
"""Rows of a whole file and how many are refused, where it is neither the grids nor the sites."""


@pytest.mark.filterwarnings("default")
def test_broken_files_are_read_or_told(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    write_seeds(seeds)
    outcomes = list(fuzzing.run_cases(seeds, first=0, n=50, seed=3))
    assert [outcome.case for outcome in outcomes] == list(range(50))
    assert [o for o in outcomes if o.kind not in ("read", "told")] == []
    assert sum(outcome.kind == "read" for outcome in outcomes) > 5


def test_whole_files_are_read(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for name in write_seeds(seeds):
        kind, text = fuzzing.outcome_of(tmp_path, seeds, name, (seeds / name).read_bytes())
        assert (name, kind) == (name, "read")
        usual = "7 2" if name.startswith("sites") else "12 0"
        assert text == ROWS.get(name, usual), name


def test_strange_tables_lose_no_row(tmp_path: Path) -> None:
    check_strange_tables(tmp_path, n=40)
