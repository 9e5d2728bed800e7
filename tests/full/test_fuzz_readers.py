"""A thousand broken inputs: no traceback, no hang, every row used or set aside with its reason."""

from collections import Counter
from pathlib import Path

import pytest

from tests import fuzzing
from tests.strange_tables import check_strange_tables

N_FILES, N_TABLES = 700, 300
_PARTS = 7

pytestmark = pytest.mark.full


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("part", range(_PARTS))
def test_broken_files_are_read_or_told(tmp_path: Path, part: int) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    fuzzing.write_seeds(seeds)
    n = N_FILES // _PARTS
    outcomes = list(fuzzing.run_cases(seeds, first=part * n, n=n, seed=2024))
    assert [o for o in outcomes if o.kind not in ("read", "told")] == []
    assert len(outcomes) == n
    kinds = Counter(outcome.kind for outcome in outcomes)
    assert min(kinds["read"], kinds["told"]) >= n // 10


def test_strange_tables_lose_no_row(tmp_path: Path) -> None:
    check_strange_tables(tmp_path, n=N_TABLES)
