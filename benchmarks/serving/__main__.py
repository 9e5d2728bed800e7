"""Run it: `python -m benchmarks.serving [--communities 5556] [--rounds 3] [--requests 200]`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.contest import MissingDataError
from benchmarks.report import RESULTS, machine
from benchmarks.serving.asking import KINDS, Plan, cost_ms, paths, plan
from benchmarks.serving.city import database, read_city, write_folder
from benchmarks.serving.planning import WAITS, Waits, measure_waits
from benchmarks.serving.servers import Server, install_peers, ours, pygeoapi, tipg

NOTE = (
    "CPU ms for one request, of the server's process and of the PostgreSQL it asks; gzip accepted, "
    "one connection, tiles cut anew each time; *: the design's figure, not measured here"
)
DESIGN_NAME = "pg_featureserv *"
DESIGN_MS = {"items?limit=100": 4.1, "bbox": 2.2, "item": 0.5}
"""Not measured here: what the design says of it on 50,000 polygons (Go, sends no counts)."""

Costs = dict[str, dict[str, float]]


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--communities", type=int, default=5556, help="nine grids each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=200, help="of each kind in a round")
    options = parser.parse_args()
    grids = read_city(options.communities)
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        written = write_folder(grids, folder / "out")
        servers = [running.enter_context(ours(written, folder / "ours.log"))]
        try:
            install_peers()
            url, postgres_id = running.enter_context(database(grids))
        except subprocess.CalledProcessError as error:
            print(f"peers skipped: {error}")
        else:
            servers.append(running.enter_context(pygeoapi(url, postgres_id, folder)))
            servers.append(running.enter_context(tipg(url, postgres_id, folder)))
        places = plan(grids, n=options.requests * (options.rounds + 1))
        costs = measure(servers, places, rounds=options.rounds)
        show(costs, len(grids))
        waits: Waits = {}
        try:
            waits = measure_waits(folder, n=options.requests)
        except MissingDataError as error:
            print(f"\nwhat if and locate skipped: {error}")
        else:
            show_waits(waits)
    print(write(costs, waits, len(grids)))
    return 0


def measure(servers: list[Server], places: Plan, *, rounds: int) -> Costs:
    """Return the median cost of each kind by server; a round asks all servers in turn."""
    taken: dict[str, dict[str, list[float]]] = {
        server.name: {kind: [] for kind in KINDS} for server in servers
    }
    for turn in range(rounds + 1):
        for kind in KINDS:
            for server in servers:
                asked = paths(server, kind, places)
                share = len(asked) // (rounds + 1)
                if share:
                    cost = cost_ms(server, asked[turn * share : (turn + 1) * share])
                    if turn:  # the first round warms up
                        taken[server.name][kind].append(cost)
    return {
        name: {kind: median(found) for kind, found in kinds.items() if found}
        for name, kinds in taken.items()
    }


def show(costs: Costs, n_grids: int) -> None:
    """Print the table, each peer with how many times our cost it takes."""
    print(f"\n{n_grids:,} polygons\n  {'':24}" + "".join(f"{kind:>22}" for kind in KINDS))
    base = next(iter(costs.values()))
    for name, found in costs.items():
        cells = [
            f"{found[kind]:9.2f} ms {found[kind] / base[kind]:7.1f} ×" if kind in found else "–"
            for kind in KINDS
        ]
        print(f"  {name:24}" + "".join(f"{cell:>22}" for cell in cells))
    print(f"  {DESIGN_NAME:24}" + "".join(f"{cell:>22}" for cell in _design()))
    print(f"  ({NOTE})")


def _design() -> list[str]:
    return [f"{DESIGN_MS[kind]:9.2f} ms" if kind in DESIGN_MS else "–" for kind in KINDS]


def show_waits(waits: Waits) -> None:
    """Print how long a planner waits."""
    print("\nLas Palmas, warm: ms that a client waits, CPU ms of the server")
    for kind in WAITS:
        found = waits[kind]
        print(f"  {kind:10} p50 {found['p50']:.1f}  p95 {found['p95']:.1f}  CPU {found['cpu']:.1f}")


def write(costs: Costs, waits: Waits, n_grids: int) -> str:
    """Write `results/api.json` and return its name."""
    RESULTS.mkdir(exist_ok=True)
    content = {
        "topic": "api",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "note": NOTE,
        "n_polygons": n_grids,
        "cpu_ms_per_request": costs,
        "design_cpu_ms": {DESIGN_NAME: DESIGN_MS},
        "las_palmas_ms": waits,
    }
    path = RESULTS / "api.json"
    scratch = path.with_suffix(".part")
    scratch.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(scratch, path)  # noqa: PTH105
    return path.name


if __name__ == "__main__":
    sys.exit(main())
