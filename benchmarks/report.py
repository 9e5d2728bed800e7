"""What a run of the benchmarks prints and writes."""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One contestant of one contest. `ratio` is its median ÷ ours; `difference` empty = agrees.

    `recall`, `precision`: of overlaps, against the truth; None where none is known.
    """

    contestant: str
    is_ours: bool
    cpu_seconds: Sequence[float]
    median_seconds: float
    ratio: float
    peak_mb: float | None
    difference: str
    recall: float | None = None
    precision: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One contest that was run, or the reason why it was not."""

    contest: str
    note: str
    rows: Sequence[Row] = ()
    skipped: str = ""


def show(outcome: Outcome) -> None:
    """Print one contest as a table."""
    print(f"\n{outcome.contest}")
    if outcome.skipped:
        print(f"  skipped: {outcome.skipped}")
        return
    print(f"  {'':34}{'CPU s':>10}{'× ours':>9}{'peak MB':>9}  answer")
    for row in outcome.rows:
        peak = "–" if row.peak_mb is None else f"{row.peak_mb:,.0f}"
        answer = "" if row.is_ours else row.difference or "agrees"
        if row.recall is not None:
            answer = f"recall {row.recall:.3f} precision {row.precision:.3f} {answer}"
        print(
            f"  {row.contestant:34}{row.median_seconds:>10.3f}{row.ratio:>9.2f}{peak:>9}  {answer}"
        )
    print(f"  ({outcome.note})")


def write(topic: str, outcomes: Sequence[Outcome]) -> Path:
    """Write `results/<topic>.json` and return its path."""
    contests = [asdict(outcome) for outcome in outcomes]
    return write_json(topic, {"machine": machine(), "contests": contests})


def write_json(topic: str, content: Mapping[str, Any]) -> Path:
    """Write `results/<topic>.json` with the time it was made, and return its path."""
    RESULTS.mkdir(exist_ok=True)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    content = {"topic": topic, "created": created, **content}
    path = RESULTS / f"{topic}.json"
    scratch = path.with_suffix(".part")
    scratch.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(scratch, path)  # noqa: PTH105
    return path


def machine() -> dict[str, str | int | None]:
    """Return what the figures were measured on."""
    return {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "geopandas": gpd.__version__,
        "shapely": shapely.__version__,
        "geos": shapely.geos_version_string,
    }
