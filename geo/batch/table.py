"""The table of a batch: a row a project, and the totals."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from geo.batch.figures import share_of
from geo.batch.manifest import Job
from geo.findings import SEVERITIES
from geo.words import LANGUAGES, text

__all__ = ["STATES", "state_of", "table_row", "totals"]

STATES: Final = ("ok", "findings", "failed")
"""States of a project, the best first."""

_SUMS: Final = (
    "n_grids",
    "n_base",
    "n_dedicated",
    "n_orphans",
    "n_sites",
    "n_units",
    "n_quarantined",
)
_NO_FIGURES: Final[Mapping[str, Any]] = {
    **dict.fromkeys((*_SUMS, "n_skipped", "area_m2", "residents", "crs", "created")),
    **{name: {} for name in ("findings", "severities", "coverage", "tiers", "counts")},
    "verdict_model": None,
    "compared": None,
    "outline_lonlat": [],
}

Row = dict[str, Any]


def table_row(
    job: Job,
    folder: str,
    *,
    figures: Mapping[str, Any] | None,
    fault: Mapping[str, str] | None,
    seconds: float,
    fail_on: str,
) -> Row:
    """Return the row of one project, JSON values; `figures` is None where it failed."""
    head = {"id": job.project_id, "title": job.title, "project": job.shown, "folder": folder}
    row: Row = {**head, "state": "failed", **_NO_FIGURES, **(figures or {})}
    row |= {"project": job.shown, "folder": folder, "seconds": round(seconds, 2)}
    if figures is not None:
        row["state"] = state_of(row["severities"], fail_on)
    for language in LANGUAGES:
        row[f"sentence_{language}"] = fault[language] if fault else _sentence(row, language)
    return row


def state_of(severities: Mapping[str, int], fail_on: str) -> str:
    """Return `findings` when there is one at or above the severity `fail_on`, else `ok`."""
    if fail_on == "never":
        return "ok"
    grave = SEVERITIES[SEVERITIES.index(fail_on) :]
    return "findings" if any(severities.get(name, 0) for name in grave) else "ok"


def totals(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the sums over all projects that did not fail.

    Shares are weighted means: by residents over the projects that judge by residents and know how
    many there are, by area over all; `n_projects` of a tier are those that have it.
    """
    done = [row for row in rows if row["state"] != "failed"]
    return {
        "n_projects": len(rows),
        "states": {state: sum(row["state"] == state for row in rows) for state in STATES},
        **{name: sum(row[name] or 0 for row in done) for name in _SUMS},
        "severities": {
            name: sum(row["severities"].get(name, 0) for row in done)
            for name in reversed(SEVERITIES)
        },
        "findings": _added(row["findings"] for row in done),
        "coverage": _coverage(done),
        "seconds": round(sum(row["seconds"] for row in rows), 2),
    }


def tier_titles(rows: Iterable[Row]) -> dict[str, Mapping[str, str]]:
    """Return the tiers of all projects with their titles, in the order in which they come."""
    titles: dict[str, Mapping[str, str]] = {}
    for row in rows:
        for tier, title in row["tiers"].items():
            titles.setdefault(tier, title)
    return titles


def shares(row: Row) -> dict[str, float | None]:
    """Return the share of each tier that is told first."""
    return {tier: share_of(coverage) for tier, coverage in row["coverage"].items()}


def _coverage(done: Sequence[Row]) -> dict[str, dict[str, Any]]:
    found = {}
    for tier in tier_titles(done):
        having = [row for row in done if tier in row["coverage"]]
        by_people = [row for row in having if row["coverage"][tier]["demand_basis"] == "residents"]
        found[tier] = {
            "n_projects": len(having),
            "n_projects_by_residents": sum(row["residents"] is not None for row in by_people),
            "residents_share": _mean(by_people, tier, "residents"),
            "area_share": _mean(having, tier, "area_m2"),
            "n_blank": sum(row["coverage"][tier]["n_blank"] for row in having),
            "n_thin": sum(row["coverage"][tier]["n_thin"] for row in having),
        }
    return found


def _mean(rows: Iterable[Row], tier: str, weight: str) -> float | None:
    name = "area_share" if weight == "area_m2" else "residents_share"
    pairs = [(row["coverage"][tier][name], row[weight]) for row in rows]
    known = [(share, amount) for share, amount in pairs if share is not None and amount]
    total = sum(amount for _, amount in known)
    return sum(share * amount for share, amount in known) / total if total else None


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in counts:
        for name, n in each.items():
            found[name] = found.get(name, 0) + n
    return dict(sorted(found.items()))


def _sentence(row: Row, language: str) -> str:
    """Return what is said of a project that was audited."""
    counts = {name: f"{row['severities'].get(name, 0):,}" for name in SEVERITIES}
    said = [text("batch.said_findings", language, orphans=f"{row['n_orphans']:,}", **counts)]
    if row["n_quarantined"]:
        said.append(text("batch.said_quarantined", language, n=f"{row['n_quarantined']:,}"))
    compared = row["compared"]
    if compared and compared["fault"]:
        said.append(text("batch.said_not_compared", language, reason=compared["fault"][language]))
    elif compared:
        said.append(
            text(
                "batch.said_compared",
                language,
                since=compared["since"][:10],
                adjusted=f"{compared['n_adjusted']:,}",
                **{name: f"{n:,}" for name, n in compared["defects"].items()},
            )
        )
    return text("batch.said_join", language).join(said)
