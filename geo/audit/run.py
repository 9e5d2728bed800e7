"""Run the rules over the layers: measure once, judge step by step, compose one `Audit`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import pandas as pd

from geo import coverage as circles
from geo.audit.city import (
    City,
    areas_of_sites,
    circles_to_draw,
    measure,
    notes,
    sites_with_loads,
    summary_of,
)
from geo.audit.columns import grid_columns, orphan_reasons, unit_columns, with_confidence
from geo.audit.complete import complete_findings
from geo.audit.finer import Level, find_at_finer_levels, finer_grids
from geo.audit.memory import hand_back
from geo.audit.need import need_of_city, services_of_city
from geo.audit.nets import net_comparison
from geo.audit.projection import mark_projection
from geo.audit.steps import STEPS, unmet
from geo.audit.value import Audit
from geo.findings import Report, choose_rules, concat_findings, rules
from geo.io import Loaded
from geo.standards import validity_notes
from geo.words import LANGUAGES, text

__all__ = ["run_audit"]

Progress = Callable[[str], None]


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
    city = measure(loaded)
    shown = _shown(city)
    if city.network is not None:
        city = replace(city, network=city.network.measured())
    hand_back()
    reports, skipped = _run_steps(city, chosen, lambda key: said(text(f"audit.{key}", language)))
    said(text("audit.step_findings", language))
    raw = concat_findings(
        [loaded.findings, *(report.findings for report in reports.values())], city.layers.crs
    )
    raw = raw[raw["rule"].isin(chosen)]
    city = replace(city, network=None)  # takes memory, and no step needs it any more
    raw = mark_projection(
        raw, city.layers, loaded.sources, noise_width_m=city.standard.limit("noise_width_m")
    )
    levels = find_at_finer_levels(city, loaded.sources, chosen)
    raw = concat_findings([raw, *(level.findings for level in levels)], city.layers.crs)
    findings = complete_findings(
        raw,
        layers=city.layers,
        standard=city.standard,
        people=pd.concat([each.people for each in (city, *(level.city for level in levels))]),
    )
    noise = _noise(reports, levels)
    del raw, reports  # their details take memory
    return _audit(
        loaded,
        city,
        findings,
        shown=shown,
        noise=noise,
        skipped=skipped,
        chosen=chosen,
        levels=levels,
    )


def _shown(city: City) -> dict[str, Any]:
    """Return the parts of an audit that are made from the streets themselves."""
    responsibility = areas_of_sites(city)
    hand_back()
    return {
        "responsibility": responsibility,
        "coverage_summary": summary_of(city),
        "need": need_of_city(city),
        "messages": notes(city),
        "circles": with_confidence(circles_to_draw(city), city.standard),  # stays, and is large
    }


def _run_steps(
    city: City, chosen: Sequence[str], said: Progress
) -> tuple[dict[str, Report], dict[str, Mapping[str, str]]]:
    reports: dict[str, Report] = {}
    skipped: dict[str, Mapping[str, str]] = {}
    judged: set[str] = set()
    for step in STEPS:
        wanted = set(step.rules) & set(chosen)
        reason = unmet(step, city)
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


def _noise(reports: Mapping[str, Report], levels: Sequence[Level]) -> dict[str, int]:
    """Return how many overlaps and gaps are noise, at all levels."""
    return {
        f"n_{name}": sum(
            each[name].counts.get("n_noise", 0)
            for each in (reports, *(level.reports for level in levels))
            if name in each
        )
        for name in ("overlaps", "gaps")
    }


def _reason(key: str) -> Mapping[str, str]:
    return {language: text(key, language) for language in LANGUAGES}


def _audit(
    loaded: Loaded,
    city: City,
    findings: gpd.GeoDataFrame,
    *,
    shown: dict[str, Any],
    noise: Mapping[str, int],
    skipped: Mapping[str, Mapping[str, str]],
    chosen: tuple[str, ...],
    levels: Sequence[Level],
) -> Audit:
    layers, standard = city.layers, city.standard
    wide = circles.coverage_columns(city.coverage, city.demand, standard.tiers)
    if city.capacity is not None:
        wide = wide.join(city.capacity.columns())
    reasons = orphan_reasons(layers, findings, standard.orphan_tier)
    grids = grid_columns(
        layers, findings, wide, borders=city.borders, people=city.people, reasons=reasons
    )
    now = datetime.now(UTC)
    return Audit(
        project_id=loaded.project.project_id,
        title=loaded.project.title,
        language=loaded.project.language,
        map_marks=loaded.project.map_marks,
        created=now.isoformat(timespec="seconds"),
        standard=standard,
        layers=layers,
        grids=grids,
        finer=finer_grids(levels, findings, standard.orphan_tier),
        units=unit_columns(layers, grids, findings, coverage=city.coverage, model=city.model),
        sites=sites_with_loads(city),
        findings=findings,
        coverage=with_confidence(city.coverage, standard),
        verdict_model=city.model,
        noise=noise,
        skipped=skipped,
        rules=tuple(code for code in chosen if code not in skipped),
        sources=loaded.sources,
        quarantine=loaded.quarantine,
        nets=net_comparison(layers, city.people, sliver_width_m=standard.limit("sliver_width_m")),
        services=services_of_city(city),
        **shown | {"messages": (*shown["messages"], *validity_notes(standard, now.date()))},
    )
