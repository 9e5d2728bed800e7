"""`gridcircle repair`: a tiling without overlaps and gaps, and a table of what moved."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import geopandas as gpd
import orjson
import pandas as pd

from api.commands.output import examples, format_option, step_progress
from geo.audit import run_audit
from geo.crs import crs_name
from geo.io import Loaded, load, read_project
from geo.outputs import write_outputs
from geo.outputs.repaired_project import repaired_project
from geo.outputs.repairs import write_repair
from geo.planning import OWNERS, Repair, RepairRules, repair_layers
from geo.words import language, text
from maps import write_map
from maps.basemaps import project_basemap

__all__ = ["command"]

_LANG = language()
_FILE = click.Path(path_type=Path)


def _choices(
    ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """Split `FINDING=CHOICE`, several of them."""
    found = {}
    for value in values:
        name, mark, choice = value.partition("=")
        if not (name.strip() and mark and choice.strip()):
            raise click.BadParameter(
                text("commands.repair_bad_choice", _LANG, value=value), ctx, parameter
            )
        found[name.strip()] = choice.strip()
    return found


@click.command(
    "repair",
    help=text("commands.repair", _LANG),
    epilog=examples(
        _LANG,
        "repair taipei.toml -o mended",
        "repair taipei.toml -o mended --choose G202=ask --choose 5f1c3a9e0b21=to:63000010001",
    ),
)
@click.argument("project", type=_FILE)
@click.option(
    "-o", "--output", "folder", type=_FILE, required=True, help=text("commands.out", _LANG)
)
@click.option(
    "--choose",
    "choices",
    multiple=True,
    callback=_choices,
    metavar="FINDING=fix|ask|leave|to:GRID",
    help=text("commands.repair_choose", _LANG),
)
@click.option(
    "--by",
    type=click.Choice(OWNERS),
    default="owner",
    show_default=True,
    help=text("commands.repair_by", _LANG),
)
@format_option
def command(*, project: Path, folder: Path, choices: dict[str, str], by: str, form: str) -> int:
    """Mend the borders of PROJECT, and audit what comes out."""
    read = read_project(project)
    words = language(read.language)
    with step_progress() as step:
        loaded = load(
            read, progress=lambda name: step(text("commands.step_load", words, layer=name))
        )
        step(text("commands.repair_step", words))
        rules = _rules(loaded, choices=choices, by=by)
        repair = repair_layers(loaded.layers, rules=rules)
        record = _record(loaded, repair, rules)
        write_repair(
            folder,
            grids=repair.grids,
            changes=_table(repair),
            record=record,
            project=repaired_project(project, folder, crs=crs_name(loaded.layers.crs)),
            language=words,
        )
        _audit_after(loaded, repair, folder / "after", step=step, words=words)
    if form == "json":
        click.echo(orjson.dumps(record, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo(text("commands.repair_done", words, path=folder, **_told(record)))
        if record["n_quarantined"]:
            click.echo(text("commands.repair_quarantined", words, n=record["n_quarantined"]))
    return 0


def _rules(loaded: Loaded, *, choices: dict[str, str], by: str) -> RepairRules:
    return RepairRules(
        noise_width_m=loaded.standard.limit("noise_width_m"),
        sliver_width_m=loaded.standard.limit("sliver_width_m"),
        by=by,
        choices=choices,
    )


def _audit_after(loaded: Loaded, repair: Repair, folder: Path, *, step: Any, words: str) -> None:  # noqa: ANN401
    mended = loaded.layers.with_grids(repair.grids.drop(columns="status"))
    audit = run_audit(
        replace(loaded, layers=mended),
        progress=lambda name: step(text("commands.step_audit", words, step=name)),
    )
    write_outputs(
        audit, folder, progress=lambda name: step(text("commands.step_write", words, name=name))
    )
    write_map(audit, folder / "map.html", basemap=project_basemap(loaded.project))


def _table(repair: Repair) -> gpd.GeoDataFrame:
    """Return what was applied and what is left to decide, numbered through."""
    parts = [part for part in (repair.changes, repair.proposals) if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else repair.changes
    table["change_id"] = [f"{k + 1:04d}" for k in range(len(table))]
    return gpd.GeoDataFrame(table, geometry="geometry", crs=repair.grids.crs)


def _record(loaded: Loaded, repair: Repair, rules: RepairRules) -> dict[str, Any]:
    status = Counter(repair.grids["status"])
    left = Counter(repair.proposals["status"])
    disputed = repair.before[repair.before["rule"] != "G207"]
    return {
        "schema_version": 1,
        "project": loaded.project.project_id,
        "crs": crs_name(loaded.layers.crs),
        "noise_width_m": rules.noise_width_m,
        "sliver_width_m": rules.sliver_width_m,
        "by": rules.by,
        "choices": dict(rules.choices),
        "grids": {name: status.get(name, 0) for name in ("unchanged", "noded", "changed")},
        "n_grids": len(repair.grids),
        "n_lost": int((repair.grids.geometry.area <= 0).sum()),
        "n_quarantined": len(set(loaded.quarantine.query("layer == 'grids'")["row"])),
        "findings_before": dict(sorted(Counter(repair.before["rule"]).items())),
        "findings_after": dict(sorted(Counter(repair.after["rule"]).items())),
        "disputed_m2": float(disputed["measure"].sum()),
        "moved_m2": float(repair.changes["area_m2"].sum()),
        "n_applied": len(repair.changes),
        "n_proposed": left.get("proposed", 0),
        "n_left": left.get("left", 0),
        "n_rounds": repair.n_rounds,
    }


def _told(record: dict[str, Any]) -> dict[str, str]:
    """Return the figures of the closing lines as text."""
    return {
        "before": f"{sum(record['findings_before'].values()):,}",
        "after": f"{sum(record['findings_after'].values()):,}",
        "moved_m2": f"{record['moved_m2']:,.1f}",
        "disputed_m2": f"{record['disputed_m2']:,.1f}",
        "applied": f"{record['n_applied']:,}",
        "proposed": f"{record['n_proposed']:,}",
        **{name: f"{count:,}" for name, count in record["grids"].items()},
    }
