"""The key figures of one audit as JSON values: a row of the table of a batch."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from geo.audit import Audit
from geo.outputs import summary
from geo.planning.lookback import Lookback

__all__ = ["compared_figures", "project_figures", "share_of"]

_SHARED: Final = ("created", "crs", "verdict_model", "counts", "findings", "severities", "coverage")


def project_figures(audit: Audit) -> dict[str, Any]:
    """Return what the table tells of an audit, as JSON values.

    `n_grids, n_base, n_dedicated, n_orphans, n_sites, n_units, n_quarantined`, `findings` by rule,
    `severities`, `coverage` and `tiers` (titles) by tier, and the weights of the totals: `area_m2`
    and `residents` (None where unknown) of the base grids.
    """
    told = summary(audit)
    base = audit.grids[audit.grids["kind"] == "base"]
    tiers = audit.standard.tiers
    return {
        "id": audit.project_id,
        "title": audit.title or audit.project_id,
        **{name: told[name] for name in _SHARED},
        **told["grids"],
        "n_grids": len(audit.grids),
        "n_sites": 0 if audit.sites is None else len(audit.sites),
        "n_units": 0 if audit.units is None else len(audit.units),
        "n_quarantined": len(audit.quarantine),
        "n_skipped": len(audit.skipped),
        "tiers": {name: dict(tiers[name].marked_title) for name in told["coverage"]},
        "area_m2": float(base.geometry.area.sum()),
        "residents": _total(base, "residents"),
    }


def compared_figures(lookback: Lookback) -> dict[str, Any]:
    """Return what the table tells of a look-back, as JSON values."""
    return {
        "since": lookback.old.created,
        "n_adjusted": int(lookback.n_adjusted),
        "lineage": {name: int(n) for name, n in lookback.lineage_counts.items()},
        "flags": {name: int(n) for name, n in lookback.flag_counts.items()},
        "defects": {name: lookback.n_defects(name) for name in ("fixed", "left", "introduced")},
        "fault": None,
    }


def _total(frame: pd.DataFrame, name: str) -> float | None:
    if name not in frame:
        return None
    values = pd.to_numeric(frame[name], errors="coerce").dropna()
    return float(values.sum()) if len(values) else None


def share_of(coverage: Mapping[str, Any]) -> float | None:
    """Return the covered share of a tier that is told first: by residents, else by area."""
    name = "area_share" if coverage["demand_basis"] == "area" else "residents_share"
    share = coverage[name]
    return None if share is None else float(share)
