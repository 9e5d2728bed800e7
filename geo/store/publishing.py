"""Publish an audit: its folder first, then one transaction that makes everything visible."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

import orjson
import pandas as pd
import shapely

from geo.audit import Audit
from geo.crs import crs_name
from geo.errors import OutputError
from geo.outputs import write_outputs
from geo.outputs.ledger.places import places_of
from geo.store.connections import reading, writer_lock, writing
from geo.store.geopackage import add_features
from geo.store.lives import Life, lives_after
from geo.store.notes import add_event, begin_revision, ledger_stamp, now, office_of
from geo.store.values import Version

__all__ = ["VERSIONS", "Finish", "publish"]

VERSIONS: Final = "versions"

Finish = Callable[[Path], object]
"""Writes further files (the map) into the folder of a version before it is put in place."""

_ASIDE: Final = ".publishing-"
_LAYERS: Final[Mapping[str, Mapping[str, str]]] = {
    "grids": {
        "grid_id": "TEXT", "name": "TEXT", "kind": "TEXT", "parent_id": "TEXT",
        "households": "REAL", "residents": "REAL", "is_orphan": "BOOLEAN", "n_findings": "INTEGER",
    },
    "units": {
        "unit_id": "TEXT", "name": "TEXT", "level": "TEXT", "parent_id": "TEXT",
        "residents": "REAL",
    },
    "sites": {"site_id": "TEXT", "name": "TEXT", "category": "TEXT"},
}  # fmt: skip


def publish(
    folder: Path,
    audit: Audit,
    *,
    name: str,
    finish: Finish | None,
    progress: Callable[[str], None] | None,
) -> Version:
    """Publish `audit` in the workspace `folder`: its files and its rows become visible together.

    Raises
    ------
    OutputError
        If another process keeps writing, or something cannot be written.
    """
    with writer_lock(folder):
        _sweep(folder / VERSIONS)
        with reading(folder) as line:
            made = _new_version(line, audit, name)
            lives = tuple(lives_after(audit, places_of(audit), _known(line, audit.project_id)))
            stamp = ledger_stamp(line, audit.project_id, ahead=1)
        told = _with_states(audit, lives)
        office = office_of(stamp, lives)
        aside = Path(mkdtemp(prefix=_ASIDE, dir=folder / VERSIONS))
        try:
            write_outputs(told, aside / "new", office=office, progress=progress)
            if finish is not None:
                finish(aside / "new")
            _put_in_place(aside, folder / VERSIONS / made.version_id)
            with writing(folder) as line:
                revision = begin_revision(line, actor="audit", action=f"publish {made.version_id}")
                _write_version(line, made, told, revision=revision)
                _write_lives(line, lives, made, revision=revision)
                _write_layers(line, made, audit)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return made


def _new_version(line: sqlite3.Connection, audit: Audit, name: str) -> Version:
    project = audit.project_id
    mine = "SELECT version_id FROM version WHERE project_id = ? ORDER BY fid DESC"
    before = [row[0] for row in line.execute(mine, (project,))]
    (last_run,) = line.execute("SELECT coalesce(max(run_id), 0) FROM audit_run").fetchone()
    return Version(
        version_id=f"{project}-{len(before) + 1}",
        project_id=project,
        title=audit.title,
        name=name,
        created_at=now(),
        supersedes=before[0] if before else None,
        run_id=last_run + 1,
        source_sha256=_hash_of_sources(audit),
    )


def _known(line: sqlite3.Connection, project_id: str) -> dict[str, dict[str, Any]]:
    mine = "SELECT * FROM finding WHERE project_id = ? ORDER BY fid"
    return {row["finding_key"]: dict(row) for row in line.execute(mine, (project_id,))}


def _with_states(audit: Audit, lives: Sequence[Life]) -> Audit:
    """Return `audit` with the states of the store in its findings, which are in the same order."""
    states = [life.status for life in lives if life.is_listed]
    findings = audit.findings.copy()
    findings["status"] = pd.Series(states, index=findings.index, dtype=object)
    return replace(audit, findings=findings)


def _sweep(folder: Path) -> None:
    """Remove what a process that was killed has left; only while the lock is held."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob(f"{_ASIDE}*"):
        shutil.rmtree(path, ignore_errors=True)


def _put_in_place(aside: Path, target: Path) -> None:
    """Move the new folder to its name; one that a killed process left there gives way."""
    try:
        if target.exists():
            target.rename(aside / "old")
        (aside / "new").rename(target)
    except OSError as error:
        raise OutputError("outputs.in_use", path=target) from error


def _write_version(line: sqlite3.Connection, made: Version, audit: Audit, *, revision: int) -> None:
    line.execute(
        "INSERT INTO version (version_id, project_id, title, name, source_sha256, crs, created_at,"
        " supersedes, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            made.version_id,
            made.project_id,
            made.title,
            made.name,
            made.source_sha256,
            crs_name(audit.crs),
            made.created_at,
            made.supersedes,
            revision,
        ),
    )
    parameters = {
        "standards": audit.standard.names,
        "rules": audit.rules,
        "skipped": sorted(audit.skipped),
        "verdict_model": audit.verdict_model,
    }
    line.execute(
        "INSERT INTO audit_run VALUES (?, ?, ?, ?, 'done', ?, ?)",
        (
            made.run_id,
            made.version_id,
            orjson.dumps(parameters).decode(),
            _code_version(),
            audit.created,
            made.created_at,
        ),
    )


def _write_lives(
    line: sqlite3.Connection, lives: Sequence[Life], made: Version, *, revision: int
) -> None:
    """Write every finding that the audit lists and every change of state, with its event."""
    rows = [_row(life, made) for life in lives if life.is_listed]
    if rows:
        names = list(rows[0])
        kept = ("finding_key", "project_id", "finding_id", "first_run")
        updates = ", ".join(f"{name} = excluded.{name}" for name in names if name not in kept)
        line.executemany(
            f"INSERT INTO finding ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
            f" ON CONFLICT (finding_key) DO UPDATE SET {updates}",
            [tuple(row.values()) for row in rows],
        )
    for life in lives:
        if not life.is_listed and life.status != life.before:
            changed = {"status": life.status, **life.cells}
            sets = ", ".join(f"{name} = ?" for name in changed)
            line.execute(
                f"UPDATE finding SET {sets} WHERE finding_key = ?",  # noqa: S608 (columns of ours)
                (*changed.values(), life.key),
            )
    event = {"revision": revision, "actor": "audit", "note": made.version_id}
    for life in lives:
        if life.status != life.before:
            states = {"from_status": life.before, "to_status": life.status}
            add_event(line, life.key, **event, **states)
        for column, before, after in life.edits:
            add_event(line, life.key, **event, column=column, before=before, after=after)


def _row(life: Life, made: Version) -> dict[str, Any]:
    return {
        "finding_key": life.key,
        "project_id": made.project_id,
        **life.facts,
        "first_run": made.run_id,
        "last_run": made.run_id,
        "status": life.status,
        **life.cells,
    }


def _write_layers(line: sqlite3.Connection, made: Version, audit: Audit) -> None:
    """Append grids, units and sites as they were, for a map over all versions."""
    of_version = {"version_id": "TEXT", "project_id": "TEXT"}
    for layer, columns in _LAYERS.items():
        frame = getattr(audit, layer)
        if frame is None:
            continue
        rows = frame.drop(columns=frame.index.name, errors="ignore").reset_index()
        rows["version_id"], rows["project_id"] = made.version_id, made.project_id
        shapes = shapely.to_wkb(shapely.force_2d(rows.geometry.array), byte_order=1)
        rows["geom_hash"] = [
            None if wkb is None else hashlib.sha256(wkb).hexdigest()[:16] for wkb in shapes
        ]
        add_features(line, layer, rows, columns={**of_version, **columns, "geom_hash": "TEXT"})


def _hash_of_sources(audit: Audit) -> str:
    parts = sorted(f"{source.layer}\x1f{source.sha256}" for source in audit.sources)
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()


def _code_version() -> str:
    try:
        return version("gridcircle")
    except PackageNotFoundError:
        return ""
