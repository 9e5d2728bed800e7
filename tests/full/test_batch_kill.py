"""A batch of 300 projects, and batches that are killed with -9 and resumed."""

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from geo.batch.folders import MARK
from geo.synth import build_city, write_city

pytestmark = pytest.mark.full

_SEEDS = range(1, 7)
_BARE = """[project]
id = "{project_id}"
title = "第 {number} 个"
crs = "EPSG:4544"
[layers.grids]
path = "../city{seed}/city.gpkg"
layer = "grids"
"""
_WHOLE = (
    _BARE
    + """[[layers.units]]
path = "../city{seed}/city.gpkg"
layer = "units_community"
level = "community"
[layers.sites]
path = "../city{seed}/city.gpkg"
layer = "sites"
"""
)
_TIMES = re.compile(rb'"created": ?"[^"]*"')


def _write_projects(folder: Path, n: int, *, whole_each: int = 1) -> None:
    """Write `n` small projects over six cities; every tenth id is said twice.

    Each `whole_each`-th has units and sites besides its grids.
    """
    (folder / "p").mkdir(parents=True)
    for seed in _SEEDS:
        at = (105.06 + 0.1 * seed, 29.58)
        write_city(build_city(2, seed=seed, at=at), folder / f"city{seed}")
    for number in range(n):
        seed = 1 + number % len(_SEEDS)
        project_id = f"p{number - (number % 10 == 9):03d}"
        form = _BARE if number % whole_each else _WHOLE
        body = form.format(project_id=project_id, number=number, seed=seed)
        (folder / "p" / f"{number:03d}.toml").write_text(body, encoding="utf-8")


def _write_large(folder: Path) -> None:
    """Write the grids, communities and sites of a city of 50,000 grids."""
    city = build_city(5556, seed=9)
    folder.mkdir()
    frames = {"grids": city.grids, "units_community": city.communities, "sites": city.sites}
    for layer, frame in frames.items():
        frame.reset_index().to_file(folder / "city.gpkg", layer=layer)


def _start(manifest: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    call = ["batch", str(manifest), "-o", str(out), "--workers", "2", *options]
    code = f"from api.commands import main; main({call!r})"
    log = out.with_suffix(".log").open("ab")
    with log:
        return subprocess.Popen([sys.executable, "-c", code], stdout=log, stderr=log)


def _killed_run(manifest: Path, out: Path, *, moments: Sequence[int], seed: int) -> int:
    """Start a batch, kill it at each moment, resume each time; return the last exit code.

    A moment is how many projects are published, from the first start on, before the kill.
    """
    dice = random.Random(seed)  # noqa: S311
    options: tuple[str, ...] = ()
    first = _marks(out)
    for n_done in moments:
        process = _start(manifest, out, *options)
        while process.poll() is None and len(_marks(out) - first) < n_done:
            time.sleep(0.02)
        time.sleep(dice.uniform(0, 0.6))
        process.kill()
        process.wait()
        options = ("--resume",)
    return _start(manifest, out, *options).wait()


def _marks(out: Path) -> set[tuple[str, int]]:
    """Return what has been published so far: folder and time of its mark."""
    found = set()
    for path in out.glob(f"*/{MARK}"):
        try:
            found.add((path.parent.name, path.stat().st_mtime_ns))
        except FileNotFoundError:
            continue  # swapped just now
    return found


def _record(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "batch.json").read_text(encoding="utf-8"))
    return content


def _result(out: Path) -> dict[str, Any]:
    """Return all that must not depend on kills: the table without its times, and every file."""
    record = _record(out)
    rows = {}
    for row in record["projects"]:
        left_out = {"seconds", "created"}
        rows[row["folder"]] = {k: v for k, v in row.items() if k not in left_out}
        compared = row["compared"]
        if compared:
            rows[row["folder"]]["compared"] = {**compared, "since": None}
        for name in ("summary.json", "findings.geojson", "grids.geojson", "coverage.csv"):
            path = out / row["folder"] / name
            content = path.read_bytes() if path.is_file() else b""
            rows[row["folder"]][name] = _TIMES.sub(b"", content)
        rows[row["folder"]]["files"] = sorted(p.name for p in (out / row["folder"]).iterdir())
    totals = {k: v for k, v in record["totals"].items() if k != "seconds"}
    return {"rows": rows, "totals": totals}


def test_300_projects_one_broken_one_empty_one_large_and_the_same_after_kills(
    tmp_path: Path,
) -> None:
    _write_projects(tmp_path, 297, whole_each=5)
    (tmp_path / "broken.toml").write_text('[project]\nid = "broken"\n[layers', encoding="utf-8")
    empty = gpd.GeoDataFrame({"grid_id": []}, geometry=[], crs="EPSG:4544")
    empty.to_file(tmp_path / "empty.gpkg", driver="GPKG")
    (tmp_path / "empty.toml").write_text(
        '[project]\nid = "empty"\n[layers.grids]\npath = "empty.gpkg"\n', encoding="utf-8"
    )
    _write_large(tmp_path / "city9")
    large = _WHOLE.format(project_id="large", number=0, seed=9)
    (tmp_path / "p" / "large.toml").write_text(large, encoding="utf-8")
    manifest = tmp_path / "all.toml"
    entries = '["broken.toml", "empty.toml", "p/*.toml"]'
    manifest.write_text(f"projects = {entries}\n", encoding="utf-8")

    started = time.perf_counter()
    assert _start(manifest, tmp_path / "once").wait() == 3
    print(f"300 projects: {time.perf_counter() - started:.0f} s")  # noqa: T201
    record = _record(tmp_path / "once")
    rows = {row["folder"]: row for row in record["projects"]}
    assert len(rows) == 300
    failed = {name: row["sentence_en"] for name, row in rows.items() if row["state"] == "failed"}
    assert set(failed) == {"broken", "empty"}
    assert "broken.toml" in failed["broken"]
    assert "empty.gpkg" in failed["empty"]
    assert rows["large"]["n_grids"] >= 50_000
    assert {"p008", "p008-2"} <= set(rows)
    for name, row in rows.items():
        assert (tmp_path / "once" / name / "map.html").is_file() == (row["state"] != "failed")

    # The large one comes last: the last kill hits it at work, when all others are done.
    moments = (0, 1, 40, 42, 150, 299)
    assert _killed_run(manifest, tmp_path / "killed", moments=moments, seed=1) == 3
    assert _result(tmp_path / "killed") == _result(tmp_path / "once")


@pytest.mark.parametrize("seed", range(2))
def test_killed_on_the_second_night_every_project_is_compared_with_the_first(
    seed: int, tmp_path: Path
) -> None:
    _write_projects(tmp_path, 12)
    manifest, out = tmp_path / "all.toml", tmp_path / "out"
    manifest.write_text('projects = ["p/*.toml"]\n', encoding="utf-8")
    code = _start(manifest, out).wait()
    first = {row["folder"]: row["created"] for row in _record(out)["projects"]}
    (out / "p000" / "批注.txt").write_text("by hand", encoding="utf-8")

    moments = sorted(random.Random(seed).choices(range(12), k=4))  # noqa: S311
    assert _killed_run(manifest, out, moments=moments, seed=seed) == code
    second = _record(out)["projects"]
    assert {row["folder"]: row["compared"]["since"] for row in second} == first
    for row in second:
        assert row["compared"]["fault"] is None
        assert row["compared"]["n_adjusted"] == 0
        assert row["compared"]["lineage"]["unchanged"] == row["n_grids"]
        assert row["compared"]["defects"]["introduced"] == 0
    assert (out / "p000" / "批注.txt").read_text(encoding="utf-8") == "by hand"
    left = [path.name for path in (out / ".batch").iterdir()]
    assert sorted(left) in (["lock", "run.json"], ["lock", "old", "run.json"])
    assert not list((out / ".batch").glob("old/*"))
