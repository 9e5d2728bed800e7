"""The tiling at size: every planted defect and nothing else, memory, time as N log N."""

import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import shapely

from benchmarks.meshes import Mesh, mesh
from geo.grids import find_gaps, find_overlaps, neighbours, tile
from tests import slow_tiling as slow
from tests.tilings import CELL_M, frame, shaken
from tests.unit.test_grids_kernel_same import assert_same

pytestmark = pytest.mark.full

WIDTHS = {"noise_width_m": 0.05, "sliver_width_m": 1.0}
ROOT = Path(__file__).resolve().parents[2]
MAX_MB = 5_000

AT_SIZE = """
import resource
from benchmarks.meshes import mesh
from tests.full.test_tiling_sizes import check
check(mesh(708, n_defects=10_000))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def check(city: Mesh, *, atol_m2: float = 1e-6) -> None:
    """Compare what is found with what was planted."""
    tiling = tile(city.grids, city.units, noise_width_m=WIDTHS["noise_width_m"])
    overlaps = find_overlaps(city.grids, **WIDTHS, tiling=tiling).findings
    told = dict(zip(overlaps["grid_ids"], overlaps["measure"], strict=True))
    assert set(told) == set(city.overlaps)
    assert np.allclose([told[k] for k in city.overlaps], [*city.overlaps.values()], atol=atol_m2)
    gaps = find_gaps(city.grids, city.units, **WIDTHS, tiling=tiling).findings
    assert len(gaps) == len(city.gaps)
    area = {
        pair: m2
        for ids, m2 in zip(gaps["grid_ids"], gaps["measure"], strict=True)
        for pair in combinations(ids, 2)
    }
    assert np.allclose([area[k] for k in city.gaps], [*city.gaps.values()], atol=atol_m2)


@pytest.mark.parametrize("n", [48, 224])
def test_every_planted_defect_is_found_and_nothing_else(n: int) -> None:
    check(mesh(n, n_defects=n * n // 50))


@pytest.mark.parametrize("n", [48, 112])
def test_noise_on_every_vertex_changes_nothing_but_the_last_square_decimetres(n: int) -> None:
    check(mesh(n, n_defects=n * n // 50, noise_m=0.008), atol_m2=1.0)


def test_half_a_million_grids_take_less_than_5_gb() -> None:
    pytest.importorskip("resource", reason="peak memory is told on Unix only")
    done = subprocess.run(
        [sys.executable, "-c", AT_SIZE],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    assert int(done.stdout) < MAX_MB


def test_time_grows_as_n_log_n() -> None:
    mesh_of = {n: mesh(n, n_defects=n * n // 50) for n in (8, 48, 96, 192, 384)}
    seconds = {}
    for n, city in mesh_of.items():
        start = time.process_time()
        check(city)
        seconds[n] = time.process_time() - start
    per_log = [seconds[n] / (n * n * np.log(n * n)) for n in (96, 192, 384)]
    assert max(per_log) < 2.5 * min(per_log)


def test_parents_digitised_apart_have_the_gaps_of_the_slow_way() -> None:
    city = mesh(24, n_defects=12, apart_m=2.0)
    assert_same(
        find_gaps(city.grids, city.units, **WIDTHS),
        slow.find_gaps(city.grids, city.units, **WIDTHS),
    )


def test_a_layer_in_degrees_has_the_same_defects_once_projected() -> None:
    city = mesh(48, n_defects=46)
    moved = [layer.to_crs("EPSG:4326").to_crs(layer.crs) for layer in (city.grids, city.units)]
    check(
        Mesh(grids=moved[0], units=moved[1], overlaps=city.overlaps, gaps=city.gaps), atol_m2=1e-3
    )


@pytest.mark.parametrize("noise_m", [0.0, 0.008])
def test_rings_of_100_000_vertices(noise_m: float) -> None:
    # │~~~ a common border of 50 km and 100,000 vertices, pushed out by one in one place and drawn
    # │    back by the other in another
    n, rng = 100_000, np.random.default_rng(0)
    border = np.column_stack([rng.uniform(-0.2, 0.2, n), np.linspace(0, 500 * CELL_M, n)])
    other = border.copy()
    other[5_000:5_050, 0] += 3
    other[90_000:90_030, 0] -= 3
    left = shapely.Polygon(np.vstack([[-1000, 0], border, [-1000, 500 * CELL_M]]))
    right = shapely.Polygon(np.vstack([[1000, 0], [1000, 500 * CELL_M], other[::-1]]))
    layer = frame([shaken(g, rng, noise_m) for g in (left, right)])
    tiling = tile(layer, noise_width_m=0.05)
    overlaps = find_overlaps(layer, **WIDTHS, tiling=tiling).findings
    gaps = find_gaps(layer, None, **WIDTHS, tiling=tiling).findings
    (border_m,) = neighbours(layer, sliver_width_m=1.0, tiling=tiling)["border_m"]

    assert list(overlaps["rule"]) == ["G201"]
    assert overlaps["measure"].iloc[0] == pytest.approx(45, abs=1 + 2e5 * noise_m)
    assert list(gaps["rule"]) == ["G203"]
    assert gaps["measure"].iloc[0] == pytest.approx(75, abs=1 + 5 * noise_m)
    assert border_m > 500 * CELL_M
