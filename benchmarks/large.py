"""The whole coverage audit of a megacity, and where its time goes: `python -m benchmarks.large`.

Runs `run_audit` with the rules of coverage on layers in memory, as `gridcircle audit` does: demand,
circles by radius and along streets, units, capacity, findings, circles to draw. Reading and writing
files is left out. Each part runs in a process of its own.
"""

import argparse
import functools
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from benchmarks.megacity import N_GRIDS_A_SIDE, four_tiers, megacity, streets
from benchmarks.report import machine, write_json
from benchmarks.timing import cpu_so_far, reset_peak, status_mb
from geo.audit import run_audit
from geo.coverage.network import Snapper, build_graph, modes, ways_of
from geo.coverage.streets import street_edges
from geo.findings import findings_frame, rules
from geo.io import Loaded
from geo.io.project import LayerSpec, Project
from geo.layers import Layers

AUDIT_SECONDS, AUDIT_MB, NETWORK_MB = 60.0, 4096.0, 2048.0

STEPS = MappingProxyType(
    {
        "demand of the grids": "geo.coverage:grid_demand",
        "circles by radius": "geo.coverage:radius_coverage",
        "streets to edges": "geo.coverage.network.kernel:street_edges",
        "lattice": "geo.coverage.network.kernel:lattice_points",
        "network of a mode": "geo.coverage.network.kernel:build_graph",
        "snapping": "geo.coverage.network.kernel:_Ground.snapped",
        "who reaches whom": "geo.coverage.network.kernel:_reach",
        "preparing the network, rest": "geo.audit.city:_network",
        "circles along streets": "geo.coverage:network_coverage",
        "units": "geo.coverage:unit_coverage",
        "capacity": "geo.coverage:capacity_of",
        "findings of coverage": "geo.coverage:find_coverage_faults",
        "barriers": "geo.coverage:find_barriers",
        "findings completed": "geo.audit.run:complete_findings",
        "tiling (for the columns of grids)": "geo.grids:tile",
        "neighbours (likewise)": "geo.grids:neighbours",
        "columns of grids": "geo.audit.run:grid_columns",
        "columns of units": "geo.audit.run:unit_columns",
        "circles to draw, radius": "geo.coverage:circles",
        "areas of sites": "geo.coverage:responsibility_areas",
        "circles to draw, streets": "geo.coverage:network_circles",
    }
)


@dataclass(slots=True)
class Spent:
    """What one step took; `peak_mb` is the resident memory of the whole process."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0


class Profile:
    """Time and memory by step, each without the steps that it calls."""

    def __init__(self) -> None:
        self.steps: dict[str, Spent] = {}
        self._open = ["everything else"]
        self._since = (time.perf_counter(), cpu_so_far())
        reset_peak()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what happens inside as `name`."""
        self._close()
        self._open.append(name)
        try:
            yield
        finally:
            self._close()
            self._open.pop()

    def _close(self) -> None:
        spent = self.steps.setdefault(self._open[-1], Spent())
        now = (time.perf_counter(), cpu_so_far())
        spent.wall_seconds += now[0] - self._since[0]
        spent.cpu_seconds += now[1] - self._since[1]
        spent.peak_mb = max(spent.peak_mb, status_mb("VmHWM"))
        reset_peak()
        self._since = now

    def watch(self, name: str, place: str) -> None:
        """Count every call of `place` (module:attribute) as the step `name`."""
        module, path = place.split(":")
        owner: Any = importlib.import_module(module)
        *way, attribute = path.split(".")
        for part in way:
            owner = getattr(owner, part)
        setattr(owner, attribute, self._watched(name, getattr(owner, attribute)))

    def _watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            with self.step(name):
                return function(*args, **kwargs)

        return run

    def finish(self) -> dict[str, Spent]:
        """Return the steps, the longest first."""
        self._close()
        return dict(sorted(self.steps.items(), key=lambda row: -row[1].wall_seconds))


def main() -> int:
    """Print the profile and whether the limits are kept; write `results/large.json`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--side", type=int, default=N_GRIDS_A_SIDE, help="grids a side")
    parser.add_argument("--part", choices=("audit", "network"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(_audit(options.side) if options.part == "audit" else _network()))
        return 0
    audit, network = (_elsewhere(part, options.side) for part in ("audit", "network"))
    _show(audit, network)
    path = write_json("large", {"machine": machine(), "audit": audit, "network": network})
    print(f"\n{path.relative_to(Path(__file__).parents[1]).as_posix()}")
    return 0


def _elsewhere(part: str, side: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.large", "--part", part, "--side", str(side)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, encoding="utf-8")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _audit(side: int) -> dict[str, Any]:
    """Return sizes, results and profile of one audit of coverage, compiled loops warmed up."""
    chosen = tuple(code for code in rules() if code.startswith("C"))
    run_audit(_loaded(megacity(8)), select=chosen)
    layers = megacity(side)
    drawn_mb = status_mb("VmRSS")
    profile = Profile()
    for name, place in STEPS.items():
        profile.watch(name, place)
    audit = run_audit(_loaded(layers), select=chosen)
    steps = profile.finish()
    return {
        "sizes": {name: len(getattr(layers, name)) for name in _LAYERS},
        "tiers": list(audit.standard.tiers),
        "findings": audit.findings["rule"].value_counts().to_dict(),
        "circles": len(audit.circles),
        "layers_mb": drawn_mb,
        "wall_seconds": sum(spent.wall_seconds for spent in steps.values()),
        "cpu_seconds": sum(spent.cpu_seconds for spent in steps.values()),
        "peak_mb": max(spent.peak_mb for spent in steps.values()),
        "steps": {name: asdict(spent) for name, spent in steps.items()},
    }


_LAYERS = ("grids", "units", "sites", "buildings", "streets")


def _loaded(layers: Layers) -> Loaded:
    """Return the city as if it had been read from files."""
    spec = LayerSpec(name="grids", schema="grids", path=Path("megacity"), shown="megacity")
    return Loaded(
        project=Project(project_id="megacity", title="Megacity", layers=(spec,)),
        layers=layers,
        standard=four_tiers(),
        sources=(),
        findings=findings_frame([], layers.crs),
        quarantine=pd.DataFrame(),
    )


def _network() -> dict[str, Any]:
    """Return how much memory streets of a million junctions need, from lines to a network."""
    drawn = streets(1000, crs="EPSG:32650")
    drawn_mb = status_mb("VmRSS")
    reset_peak()
    start = time.perf_counter()
    edges = street_edges(drawn)
    ways = ways_of(drawn, modes()["walk"])
    graph = build_graph(edges, ways)
    snapper = Snapper.of(edges, (ways.forward | ways.backward)[edges.street_at])
    return {
        "nodes": len(edges.node_xy),
        "edges": len(edges),
        "junctions": graph.n_nodes,
        "segments": len(snapper.segments),
        "wall_seconds": time.perf_counter() - start,
        "streets_mb": drawn_mb,
        "peak_mb": status_mb("VmHWM"),
    }


def _show(audit: dict[str, Any], network: dict[str, Any]) -> None:
    sizes = ", ".join(f"{n:,} {name}" for name, n in audit["sizes"].items())
    print(f"\ncoverage audit of {sizes}; tiers {', '.join(audit['tiers'])}")
    print(f"  {'':36}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
    for name, spent in audit["steps"].items():
        figures = (spent["wall_seconds"], spent["cpu_seconds"], spent["peak_mb"])
        print("  {:36}{:>9.2f}{:>9.2f}{:>9,.0f}".format(name, *figures))
    figures = (audit["wall_seconds"], audit["cpu_seconds"], audit["peak_mb"])
    print("  {:36}{:>9.2f}{:>9.2f}{:>9,.0f}".format("in all", *figures))
    print(f"  (the layers alone take {audit['layers_mb']:,.0f} MB)")
    for text, value, limit in (
        ("the audit, seconds", audit["wall_seconds"], AUDIT_SECONDS),
        ("the audit, MB", audit["peak_mb"], AUDIT_MB),
        (f"a network of {network['nodes']:,} nodes, MB", network["peak_mb"], NETWORK_MB),
    ):
        verdict = "kept" if value < limit else "NOT KEPT"
        print(f"  {text}: {value:,.0f}, limit {limit:,.0f}: {verdict}")


if __name__ == "__main__":
    sys.exit(main())
