"""The map of a district of 2,400 grids and of a city of 50,000, whole, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from geo.audit import run_audit
from geo.io import load, read_project
from geo.synth import build_city, write_city
from maps import write_map
from maps.pages import WHATIF_ID
from tests.browser.pages import browser
from tests.browser.test_map_real import check

pytestmark = [pytest.mark.browser, pytest.mark.full]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.mark.parametrize(
    ("n_communities", "n_grids", "most_mb"), [(267, 2_400, 2), (5_564, 50_000, 25)]
)
def test_nothing_fails_at_any_size(
    chromium: Any,  # noqa: ANN401
    tmp_path: Path,
    n_communities: int,
    n_grids: int,
    most_mb: int,
) -> None:
    audit = run_audit(
        load(read_project(write_city(build_city(n_communities=n_communities), tmp_path)))
    )
    assert len(audit.grids) >= n_grids
    path = write_map(audit, tmp_path / "map.html")
    assert path.stat().st_size < most_mb * 1_000_000
    assert (f'id="{WHATIF_ID}">' in path.read_text(encoding="utf-8")) == (n_grids < 10_000)
    check(chromium, path, str(audit.grids.index[n_grids // 2]))
