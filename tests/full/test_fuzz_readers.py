"""A thousand broken inputs: no traceback, no hang, every row used or set aside with its reason."""

from collections import Counter
from pathlib import Path

import pytest

from tests import fuzzing
from tests.fuzz_seeds import office, write_seeds
from tests.strange_tables import check_strange_tables

N_FILES, N_TABLES = 1000, 300
_PARTS = 10

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "seeds"
    folder.mkdir()
    names = write_seeds(folder, with_office=True)
    endings = {name.split(".", 1)[1] for name in names}
    wanted = {
        "csv", "dbf", "dxf", "fgb", "geojson", "geoparquet", "gml", "gpkg", "graphml", "kml", "kmz",
        "osm.pbf", "parquet", "sqlite", "tar", "tar.gz", "txt", "xlsx", "zip",
    }  # fmt: skip
    assert endings == wanted | ({"xls", "ods"} if office() else set())
    return folder


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("part", range(_PARTS))
def test_broken_files_are_read_or_told(seeds: Path, part: int) -> None:
    n = N_FILES // _PARTS
    outcomes = list(fuzzing.run_cases(seeds, first=part * n, n=n, seed=2024))
    assert [o for o in outcomes if o.kind not in ("read", "told")] == []
    assert len(outcomes) == n
    kinds = Counter(outcome.kind for outcome in outcomes)
    assert min(kinds["read"], kinds["told"]) >= n // 10


def test_strange_tables_lose_no_row(tmp_path: Path) -> None:
    check_strange_tables(tmp_path, n=N_TABLES)
