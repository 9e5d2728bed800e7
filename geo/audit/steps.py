"""The checks of an audit: one step a check, its rules and what it needs as data."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from geo import coverage as circles
from geo import grids as tiling
from geo.audit.city import City
from geo.audit.levels import with_levels
from geo.audit.surfaces import surfaces
from geo.findings import Report, concat_findings, findings_frame
from geo.grids.cuts import find_cuts
from geo.grids.mismatches import find_mismatches
from geo.grids.nets import find_net_conflicts
from geo.grids.unevenness import UnevennessRules, find_uneven_communities

__all__ = ["STEPS", "Step", "unmet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One check: the rules it judges, what it needs, and the call.

    `at_every_level`: it holds for the grids of each finer level as well (`geo.audit.finer`).
    """

    name: str
    rules: tuple[str, ...]
    needs: tuple[str, ...] = ()
    run: Callable[[City], Report]
    at_every_level: bool = False


def _overlaps(city: City) -> Report:
    report = tiling.find_overlaps(city.tiles(), **city.widths(), tiling=city.matched)
    if city.standard.limit("unit_tiling") and not city.is_finer:
        return with_levels(report, city.layers, **city.widths())
    return report


def _gaps(city: City) -> Report:
    return tiling.find_gaps(
        city.layers.grids, city.outlines(), **city.widths(), tiling=city.matched
    )


def _isolated(city: City) -> Report:
    return tiling.find_isolated(city.tiles(), city.borders, tiling=city.matched)


def _size(city: City) -> Report:
    people = city.people
    return tiling.find_size_faults(
        city.layers.base_grids,
        households=people["households"] if people["households"].notna().any() else None,
        residents=people["residents"] if people["residents"].notna().any() else None,
        min_households=city.standard.limit("min_households"),
        max_households=city.standard.limit("max_households"),
    )


def _unevenness(city: City) -> Report:
    people = city.people
    return find_uneven_communities(
        city.layers.grids,
        city.layers.units,
        households=people["households"] if people["households"].notna().any() else None,
        residents=people["residents"] if people["residents"].notna().any() else None,
        rules=UnevennessRules.from_standard(city.standard),
    )


def _hierarchy(city: City) -> Report:
    layers = city.layers
    report = tiling.find_hierarchy_faults(layers.grids, layers.units, layers.levels)
    if not city.has_parents_by_place:
        return report
    return replace(report, skipped={**report.skipped, "H303": "audit.skip_parents_by_place"})


def _coverage(city: City) -> Report:
    return circles.find_coverage_faults(
        city.coverage,
        city.layers.base_grids,
        tiers=city.standard.tiers,
        rules=circles.CoverageRules.from_standard(city.standard),
        people=city.people,
        model=city.model,
    )


def _barriers(city: City) -> Report:
    if city.network is None:
        return Report(
            findings=findings_frame([], city.layers.crs), skipped={"C504": "audit.skip_no_streets"}
        )
    first, *others = (
        circles.find_barriers(
            along,
            city.layers,
            tiers=tiers,
            rules=circles.CoverageRules.from_standard(city.standard),
            people=city.people,
        )
        for _, tiers, along in surfaces(city.demand, city.standard.tiers, city.network)
        if along is not None
    )
    if not others:
        return first
    found = [report.findings for report in (first, *others)]
    return replace(first, findings=concat_findings(found, city.layers.crs))


_NO_TIERS: Final = "audit.skip_no_tiers"


def _capacity(city: City) -> Report:
    if city.capacity is None:
        reason = circles.no_capacity(city.layers, city.demand, city.people) or _NO_TIERS
        return Report(findings=findings_frame([], city.layers.crs), skipped={"C506": reason})
    return circles.find_short_capacity(
        city.capacity,
        city.layers.grids,
        tiers=city.standard.tiers,
        rules=circles.CoverageRules.from_standard(city.standard),
    )


def _stations(city: City) -> Report:
    return circles.find_incomplete_communities(
        city.layers, city.standard.figures, people=city.people
    )


STEPS: Final = (
    Step(
        name="overlaps",
        at_every_level=True,
        rules=("G201", "G202", "G204", "G207"),
        run=_overlaps,
    ),
    Step(name="gaps", at_every_level=True, rules=("G203", "G204"), run=_gaps),
    Step(
        name="parts",
        at_every_level=True,
        rules=("G206",),
        run=lambda city: tiling.find_detached_parts(city.layers.grids, tiling=city.matched),
    ),
    Step(
        name="borders",
        at_every_level=True,
        rules=("G208",),
        run=_isolated,
    ),
    Step(
        name="mismatches",
        at_every_level=True,
        rules=("G205",),
        run=lambda city: find_mismatches(
            city.tiles(),
            city.borders,
            sliver_width_m=city.standard.limit("sliver_width_m"),
            tiling=city.matched,
        ),
    ),
    Step(
        name="containment",
        at_every_level=True,
        rules=("G210",),
        needs=("units", "parent_ids", "unit_polygons"),
        run=lambda city: tiling.find_outside_parent(
            city.layers.grids,
            city.layers.units,
            noise_width_m=city.standard.limit("noise_width_m"),
            tiling=city.matched,
        ),
    ),
    Step(
        name="hierarchy",
        at_every_level=True,
        rules=("H301", "H302", "H303", "H305"),
        run=_hierarchy,
    ),
    Step(
        name="codes",
        at_every_level=True,
        rules=("H304",),
        run=lambda city: tiling.find_code_faults(
            city.layers.grids, city.layers.units, schemes=city.codes
        ),
    ),
    Step(
        name="cuts",
        at_every_level=True,
        rules=("G209",),
        run=lambda city: find_cuts(
            city.tiles(),
            outlines=city.layers.building_outlines,
            estates=city.layers.estates,
            noise_width_m=city.standard.limit("noise_width_m"),
            buildings=city.layers.buildings,
        ),
    ),
    Step(
        name="buildings",
        at_every_level=True,
        rules=("H306",),
        needs=("buildings",),
        run=lambda city: tiling.find_building_faults(city.tiles(), city.layers.buildings),
    ),
    Step(
        name="sites",
        rules=("H307",),
        needs=("sites",),
        run=lambda city: tiling.find_sites_in_no_grid(city.layers.grids, city.layers.sites),
    ),
    Step(name="size", rules=("S401", "S402", "S403"), needs=("size",), run=_size),
    Step(
        name="nets",
        rules=("N701",),
        needs=("nets",),
        run=lambda city: find_net_conflicts(
            city.tiles(), city.layers.nets, sliver_width_m=city.standard.limit("sliver_width_m")
        ),
    ),
    Step(
        name="unevenness",
        rules=("S405",),
        needs=("size", "units", "parent_ids"),
        run=_unevenness,
    ),
    Step(
        name="compactness",
        at_every_level=True,
        rules=("S404",),
        run=lambda city: tiling.find_not_compact(
            city.layers.grids,
            min_compactness=city.standard.limit("min_compactness"),
            min_reock=city.standard.limit("min_reock"),
        ),
    ),
    Step(
        name="coverage",
        rules=("C501", "C502", "C503", "C505", "C507"),
        needs=("sites", "tiers"),
        run=_coverage,
    ),
    Step(name="stations", rules=("C508",), needs=("sites", "units"), run=_stations),
    Step(name="barriers", rules=("C504",), needs=("sites", "tiers"), run=_barriers),
    Step(name="capacity", rules=("C506",), needs=("sites", "tiers"), run=_capacity),
)


def unmet(step: Step, city: City) -> str | None:
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
