"""Run the rules over the layers: one step a check, its needs as data, the result one `Audit`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from geo import coverage as circles
from geo import grids as tiling
from geo.audit.columns import grid_columns, orphan_reasons, unit_columns, with_confidence
from geo.audit.complete import complete_findings
from geo.audit.levels import with_levels
from geo.audit.nets import net_comparison
from geo.audit.projection import mark_projection
from geo.audit.trust import doubtful_layers, trusted_layers, unjudged
from geo.audit.value import Audit
from geo.codes import CodeScheme, code_scheme
from geo.findings import Report, choose_rules, concat_findings, findings_frame, rules
from geo.grids.cuts import find_cuts
from geo.grids.mismatches import find_mismatches
from geo.grids.nets import find_net_conflicts
from geo.grids.unevenness import UnevennessRules, find_uneven_communities
from geo.io import Loaded
from geo.layers import Layers
from geo.standards import Standard, Tier, validity_notes
from geo.words import LANGUAGES, text

__all__ = ["run_audit"]

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _City:
    """What every step may use."""

    layers: Layers
    standard: Standard
    demand: Any
    people: pd.DataFrame
    matched: tiling.Tiling
    borders: pd.DataFrame
    coverage: pd.DataFrame
    network: circles.NetworkKernel | None
    doubtful: frozenset[str]
    codes: Mapping[str, CodeScheme]
    has_parents_by_place: bool

    @property
    def model(self) -> str:
        """The model that gives the verdicts of coverage."""
        return circles.RADIUS if self.network is None else circles.NETWORK

    def widths(self) -> dict[str, float]:
        """Widths (m) that tell noise, sliver and defect apart."""
        return {name: self.standard.limit(name) for name in ("noise_width_m", "sliver_width_m")}

    def tiles(self) -> gpd.GeoDataFrame:
        """Grids that must tile the ground: dedicated ones count as base where carved out."""
        if self.standard.limit("dedicated_carved"):
            return self.layers.grids.assign(kind="base")
        return self.layers.grids

    def outlines(self) -> gpd.GeoDataFrame | None:
        """Polygons of the lowest level of units that has any; None without."""
        return _outlines(self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One check: the rules it judges, what it needs, and the call."""

    name: str
    rules: tuple[str, ...]
    needs: tuple[str, ...] = ()
    run: Callable[[_City], Report]


def _overlaps(city: _City) -> Report:
    report = tiling.find_overlaps(city.tiles(), **city.widths(), tiling=city.matched)
    if city.standard.limit("unit_tiling"):
        return with_levels(report, city.layers, **city.widths())
    return report


def _gaps(city: _City) -> Report:
    return tiling.find_gaps(
        city.layers.grids, city.outlines(), **city.widths(), tiling=city.matched
    )


def _size(city: _City) -> Report:
    people = city.people
    return tiling.find_size_faults(
        city.layers.base_grids,
        households=people["households"] if people["households"].notna().any() else None,
        residents=people["residents"] if people["residents"].notna().any() else None,
        min_households=city.standard.limit("min_households"),
        max_households=city.standard.limit("max_households"),
    )


def _unevenness(city: _City) -> Report:
    people = city.people
    return find_uneven_communities(
        city.layers.grids,
        city.layers.units,
        households=people["households"] if people["households"].notna().any() else None,
        residents=people["residents"] if people["residents"].notna().any() else None,
        rules=UnevennessRules.from_standard(city.standard),
    )


def _hierarchy(city: _City) -> Report:
    layers = city.layers
    report = tiling.find_hierarchy_faults(layers.grids, layers.units, layers.levels)
    if not city.has_parents_by_place:
        return report
    return replace(report, skipped={**report.skipped, "H303": "audit.skip_parents_by_place"})


def _coverage(city: _City) -> Report:
    return circles.find_coverage_faults(
        city.coverage,
        city.layers.base_grids,
        tiers=city.standard.tiers,
        rules=circles.CoverageRules.from_standard(city.standard),
        people=city.people,
        model=city.model,
    )


def _barriers(city: _City) -> Report:
    if city.network is None:
        return Report(
            findings=findings_frame([], city.layers.crs), skipped={"C504": "audit.skip_no_streets"}
        )
    return circles.find_barriers(
        city.network,
        city.layers,
        tiers=city.standard.tiers,
        rules=circles.CoverageRules.from_standard(city.standard),
        people=city.people,
    )


_STEPS: Final = (
    _Step(name="overlaps", rules=("G201", "G202", "G204", "G207"), run=_overlaps),
    _Step(name="gaps", rules=("G203", "G204"), run=_gaps),
    _Step(
        name="parts",
        rules=("G206",),
        run=lambda city: tiling.find_detached_parts(city.layers.grids),
    ),
    _Step(
        name="borders",
        rules=("G208",),
        run=lambda city: tiling.find_isolated(city.layers.base_grids, city.borders),
    ),
    _Step(
        name="mismatches",
        rules=("G205",),
        run=lambda city: find_mismatches(
            city.tiles(), city.borders, sliver_width_m=city.standard.limit("sliver_width_m")
        ),
    ),
    _Step(
        name="containment",
        rules=("G210",),
        needs=("units", "parent_ids", "unit_polygons"),
        run=lambda city: tiling.find_outside_parent(
            city.layers.grids,
            city.layers.units,
            noise_width_m=city.standard.limit("noise_width_m"),
            tiling=city.matched,
        ),
    ),
    _Step(
        name="hierarchy",
        rules=("H301", "H302", "H303", "H305"),
        run=_hierarchy,
    ),
    _Step(
        name="codes",
        rules=("H304",),
        run=lambda city: tiling.find_code_faults(
            city.layers.grids, city.layers.units, schemes=city.codes
        ),
    ),
    _Step(
        name="cuts",
        rules=("G209",),
        run=lambda city: find_cuts(
            city.tiles(),
            outlines=city.layers.building_outlines,
            estates=city.layers.estates,
            noise_width_m=city.standard.limit("noise_width_m"),
            buildings=city.layers.buildings,
        ),
    ),
    _Step(
        name="buildings",
        rules=("H306",),
        needs=("buildings",),
        run=lambda city: tiling.find_building_faults(city.tiles(), city.layers.buildings),
    ),
    _Step(
        name="sites",
        rules=("H307",),
        needs=("sites",),
        run=lambda city: tiling.find_sites_in_no_grid(city.layers.grids, city.layers.sites),
    ),
    _Step(name="size", rules=("S401", "S402", "S403"), needs=("size",), run=_size),
    _Step(
        name="nets",
        rules=("N701",),
        needs=("nets",),
        run=lambda city: find_net_conflicts(
            city.tiles(), city.layers.nets, sliver_width_m=city.standard.limit("sliver_width_m")
        ),
    ),
    _Step(
        name="unevenness",
        rules=("S405",),
        needs=("size", "units", "parent_ids"),
        run=_unevenness,
    ),
    _Step(
        name="compactness",
        rules=("S404",),
        run=lambda city: tiling.find_not_compact(
            city.layers.grids,
            min_compactness=city.standard.limit("min_compactness"),
            min_reock=city.standard.limit("min_reock"),
        ),
    ),
    _Step(
        name="coverage",
        rules=("C501", "C502", "C503", "C505", "C507"),
        needs=("sites", "tiers"),
        run=_coverage,
    ),
    _Step(name="barriers", rules=("C504",), needs=("sites", "tiers"), run=_barriers),
)


def run_audit(
    loaded: Loaded,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    progress: Progress | None = None,
) -> Audit:
    """Run the chosen rules over the loaded layers.

    Parameters
    ----------
    loaded
        Layers in the working CRS, the standard, and what loading itself found.
    select, ignore
        Rule codes (`G201`) or classes (`G`); all rules when `select` is empty.
    progress
        Called with the name of each step as it starts.

    Returns
    -------
    audit
        Findings worst first; a rule that could not be judged is in `skipped` with its reason.

    Raises
    ------
    NotFoundError
        If `select` or `ignore` names no rule.
    """
    chosen = choose_rules(select, ignore)
    said = progress or (lambda _name: None)
    language = loaded.project.language
    said(text("audit.step_coverage", language))
    city = _measure(loaded)
    reports, skipped = _run_steps(city, chosen, lambda key: said(text(f"audit.{key}", language)))
    said(text("audit.step_findings", language))
    raw = concat_findings(
        [loaded.findings, *(report.findings for report in reports.values())], city.layers.crs
    )
    raw = raw[raw["rule"].isin(chosen)]
    raw = mark_projection(
        raw, city.layers, loaded.sources, noise_width_m=city.standard.limit("noise_width_m")
    )
    findings = complete_findings(
        raw, layers=city.layers, standard=city.standard, people=city.people
    )
    return _audit(loaded, city, findings, reports=reports, skipped=skipped, chosen=chosen)


def _outlines(layers: Layers) -> gpd.GeoDataFrame | None:
    """Return the polygons of the lowest level of units that has any."""
    units = layers.units
    if units is None:
        return None
    drawn = units[~(units.geometry.isna() | units.geometry.is_empty)]
    for level in reversed(layers.levels):
        if (drawn["level"] == level).any():
            return drawn[drawn["level"] == level]
    return None


def _measure(loaded: Loaded) -> _City:
    """Compute what several steps share: demand, people, borders, coverage."""
    doubtful = doubtful_layers(loaded.sources)
    layers, standard = trusted_layers(loaded.layers, doubtful), loaded.standard
    cover = circles.CoverageRules.from_standard(standard)
    demand = circles.grid_demand(
        layers.grids, layers.buildings, has_all_buildings=layers.has_all_buildings
    )
    tiers = standard.tiers if layers.sites is not None else {}
    table = circles.radius_coverage(layers.grids, layers.sites, demand, tiers=tiers, rules=cover)
    network = _network(layers, demand, tiers=tiers, rules=cover)
    if network is not None and layers.sites is not None:
        rows = circles.network_coverage(network, layers.sites, tiers=tiers, rules=cover)
        table = pd.concat([table, rows], ignore_index=True)
    if layers.units is not None:
        by_unit = circles.unit_coverage(
            table, layers, demand, tiers=tiers, rules=cover, network=network
        )
        table = pd.concat([table, by_unit], ignore_index=True)
    if "sites" in doubtful:
        table = unjudged(table)
    matched = tiling.tile(
        layers.grids, _outlines(layers), noise_width_m=standard.limit("noise_width_m")
    )
    return _City(
        layers=layers,
        standard=standard,
        demand=demand,
        people=circles.grid_totals(layers.grids, demand),
        matched=matched,
        borders=tiling.neighbours(
            layers.grids, sliver_width_m=standard.limit("sliver_width_m"), tiling=matched
        ),
        coverage=table,
        network=network,
        doubtful=doubtful,
        codes={name: code_scheme(code) for name, code in loaded.project.codes.items()},
        has_parents_by_place=loaded.project.specs("grids")[0].parent == "place",
    )


def _network(
    layers: Layers,
    demand: circles.Demand,
    *,
    tiers: Mapping[str, Tier],
    rules: circles.CoverageRules,
) -> circles.NetworkKernel | None:
    """Return the streets with sites and demand on them, None without streets or sites."""
    if layers.streets is None or layers.sites is None or not tiers:
        return None
    return circles.NetworkKernel.prepare(
        layers.grids, layers.sites, layers.streets, demand=demand, tiers=tiers, rules=rules
    )


def _notes(city: _City) -> tuple[Mapping[str, str], ...]:
    along = () if city.network is None else city.network.messages()
    return (*city.demand.messages, *along)


def _circles(city: _City) -> gpd.GeoDataFrame:
    """Return the circles to draw, by radius and along streets."""
    sites = None if "sites" in city.doubtful else city.layers.sites
    tiers = city.standard.tiers
    drawn = circles.circles(sites, tiers=tiers, crs=city.layers.crs)
    if city.network is None or sites is None:
        return drawn
    along = circles.network_circles(city.network, sites, tiers=tiers)
    return gpd.GeoDataFrame(pd.concat([drawn, along], ignore_index=True), crs=city.layers.crs)


def _run_steps(
    city: _City, chosen: Sequence[str], said: Progress
) -> tuple[dict[str, Report], dict[str, Mapping[str, str]]]:
    reports: dict[str, Report] = {}
    skipped: dict[str, Mapping[str, str]] = {}
    judged: set[str] = set()
    for step in _STEPS:
        wanted = set(step.rules) & set(chosen)
        reason = _unmet(step, city)
        if wanted and reason is None:
            said(f"step_{step.name}")
            report = step.run(city)
            reports[step.name] = report
            skipped |= {code: _reason(key) for code, key in report.skipped.items()}
            judged |= wanted - set(report.skipped)
        elif wanted and reason is not None:
            skipped |= {code: _reason(reason) for code in wanted}
    for code in rules():
        if code not in chosen:
            skipped[code] = _reason("audit.skip_not_selected")
        elif code not in judged and code not in skipped and not code.startswith("D"):
            skipped[code] = _reason("audit.skip_not_built")
    return reports, {code: skipped[code] for code in sorted(skipped)}


def _reason(key: str) -> Mapping[str, str]:
    return {language: text(key, language) for language in LANGUAGES}


def _unmet(step: _Step, city: _City) -> str | None:
    """Return the key of the reason why `step` cannot run, or None."""
    layers = city.layers
    met = {
        "units": layers.units is not None,
        "parent_ids": "parent_id" in layers.grids,
        "unit_polygons": city.outlines() is not None,
        "buildings": layers.buildings is not None,
        "sites": layers.sites is not None,
        "nets": bool(layers.nets),
        "tiers": bool(city.standard.tiers),
        "size": bool(city.people.notna().any(axis=None)),
    }
    for need in step.needs:
        if need in city.doubtful:
            return f"audit.skip_no_trusted_{need}"
        if not met[need]:
            return f"audit.skip_no_{need}"
    return None


def _audit(
    loaded: Loaded,
    city: _City,
    findings: gpd.GeoDataFrame,
    *,
    reports: Mapping[str, Report],
    skipped: Mapping[str, Mapping[str, str]],
    chosen: tuple[str, ...],
) -> Audit:
    layers, standard = city.layers, city.standard
    wide = circles.coverage_columns(city.coverage, city.demand, standard.tiers)
    reasons = orphan_reasons(layers, findings, standard.orphan_tier)
    grids = grid_columns(
        layers, findings, wide, borders=city.borders, people=city.people, reasons=reasons
    )
    now = datetime.now(UTC)
    noise = {
        f"n_{name}": reports[name].counts.get("n_noise", 0) if name in reports else 0
        for name in ("overlaps", "gaps")
    }
    return Audit(
        project_id=loaded.project.project_id,
        title=loaded.project.title,
        language=loaded.project.language,
        created=now.isoformat(timespec="seconds"),
        standard=standard,
        layers=layers,
        grids=grids,
        units=unit_columns(layers, grids, findings, coverage=city.coverage),
        sites=layers.sites,
        circles=with_confidence(_circles(city), standard),
        findings=findings,
        coverage=with_confidence(city.coverage, standard),
        coverage_summary=circles.coverage_summary(
            city.coverage, city.demand, layers, tiers=standard.tiers, model=city.model
        ),
        verdict_model=city.model,
        noise=noise,
        skipped=skipped,
        rules=tuple(code for code in chosen if code not in skipped),
        sources=loaded.sources,
        quarantine=loaded.quarantine,
        nets=net_comparison(layers, city.people, sliver_width_m=standard.limit("sliver_width_m")),
        messages=(*_notes(city), *validity_notes(standard, now.date())),
    )
