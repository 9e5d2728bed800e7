"""From files to checked layers in one working CRS."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from geo import words
from geo.crs import choose_working_crs, crs_name
from geo.errors import LoadError
from geo.findings import findings_frame
from geo.io.cells import to_canonical
from geo.io.chain import related_units, with_geometry
from geo.io.columns import Mapped, map_columns
from geo.io.formats import RawLayer, read_layer
from geo.io.formats.raw import Note
from geo.io.grid_levels import joined_grids, split_levels
from geo.io.guard import (
    Area,
    DatumVerdict,
    Misreading,
    datum_evidence,
    datum_note,
    judge_layers,
    misreading_note,
)
from geo.io.hashes import file_hash
from geo.io.hierarchy import identified, narrowed, united
from geo.io.places import located, to_working
from geo.io.project import LayerSpec, Project
from geo.io.records import QUARANTINE_COLUMNS, Records
from geo.io.references import check_references
from geo.layers import Layers, Source
from geo.standards import Standard, load_standard, with_overrides

__all__ = ["Loaded", "load"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """The layers of a project, and what was found while loading them.

    `findings`
        Raw findings D101–D107 in the working CRS.
    `quarantine`
        The refused rows: `layer, row, id, column, value, reason`; rows count from 1.
    `sources_in`
        Language to the same `sources` with their sentences in that language.
    """

    project: Project
    layers: Layers
    standard: Standard
    sources: tuple[Source, ...]
    findings: gpd.GeoDataFrame
    quarantine: pd.DataFrame
    sources_in: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Read:
    """One layer on its way: `frame` counts rows from 1 until it is keyed by `ids`."""

    raw: RawLayer
    frame: pd.DataFrame
    mapped: Mapped
    records: Records
    ids: pd.Series
    crs: str | None = None
    notes: list[Note] = field(default_factory=list)
    misread: Misreading | None = None
    datum: DatumVerdict | None = None
    remarks: list[Note] = field(default_factory=list)

    @property
    def spec(self) -> LayerSpec:
        """How the project names it."""
        return self.raw.spec

    def keyed(self) -> pd.DataFrame:
        """Return the frame with ids as its index."""
        index = pd.Index(self.ids[self.frame.index], name=self.ids.name, dtype=object)
        return self.frame.set_axis(index)

    def places(self) -> gpd.GeoSeries:
        """Return row number to geometry, empty for a table."""
        if isinstance(self.frame, gpd.GeoDataFrame):
            return self.frame.geometry
        return gpd.GeoSeries([], dtype="geometry")


def load(project: Project, *, progress: Callable[[str], None] | None = None) -> Loaded:
    """Read every layer of `project` into one working CRS.

    Parameters
    ----------
    project
        From `read_project` or `project_from_files`.
    progress
        Called with the name of each layer as it is read.

    Raises
    ------
    LoadError
        If a file cannot be read, or a layer has nothing that can be used.
    CRSError
        If a layer has no CRS, or the working CRS cannot measure.
    StandardError
        If a standard is unknown.
    """
    standard = with_overrides(
        load_standard(project.standards), tiers=project.tiers, thresholds=project.thresholds
    )
    _require_files(project)
    said = progress or (lambda _name: None)
    working: CRS | None = None
    area: Area | None = None
    reads: list[_Read] = []
    taken: dict[str, dict[str, set[str]]] = {}
    for spec in project.layers:
        said(spec.name)
        key = "units" if spec.schema == "units" else spec.name
        read = _read(spec, project, taken=taken.setdefault(key, {}), area=area)
        own = read.frame.crs if isinstance(read.frame, gpd.GeoDataFrame) else None
        if working is None and own is not None:
            working = choose_working_crs(read.frame, project.crs)
        _place(read, working)
        if area is None and own is not None and working is not None:
            west, south, east, north = map(float, read.frame.total_bounds)
            area = Area(
                crs=working,
                bounds=(west, south, east, north),
                own_crs=CRS.from_user_input(own),
            )
        reads.append(read)
    layers = _layers(project, reads)
    _judge_datums(layers, reads)
    _check_references(layers, reads)
    return _loaded(project, standard, layers=layers, reads=reads)


def _require_files(project: Project) -> None:
    """Raise `LoadError` naming every missing file at once."""
    missing = [s.shown for s in project.layers if s.url is None and not s.path.exists()]
    if missing:
        raise LoadError("io.no_file", path=", ".join(dict.fromkeys(missing)))


def _read(
    spec: LayerSpec, project: Project, *, taken: dict[str, set[str]], area: Area | None = None
) -> _Read:
    """Read a file and bring its names, ids and cells into our form, its places to a known CRS."""
    raw = read_layer(spec)
    if len(raw.frame) == 0:
        raise LoadError("io.no_rows", path=spec.shown)
    records = Records(spec=spec, language=words.language(project.language))
    for position, (key, values) in raw.refused.items():
        records.refuse("D102", key, row=position + 1, column="", **values)
    raw = replace(raw, frame=narrowed(raw.frame, spec))
    mapped = map_columns(raw.frame, spec)
    frame = to_canonical(raw.frame, mapped, spec, records=records, categories=project.categories)
    frame, ids, remarks = identified(frame, spec, records=records, taken=taken)
    read = _Read(raw=raw, frame=frame, mapped=mapped, records=records, ids=ids, remarks=remarks)
    read.notes += raw.problems
    if raw.has_geometry:
        read.frame, notes, read.misread = located(raw, frame, records=records, area=area)
        read.notes += notes
        read.crs = crs_name(CRS.from_user_input(read.frame.crs))
    elif spec.schema == "grids":
        raise LoadError("io.no_geometries", path=spec.shown, rows=len(frame))
    return read


def _place(read: _Read, working: CRS | None) -> None:
    """Bring a layer to the working CRS and leave its refused rows out."""
    spec, records = read.raw.spec, read.records
    if isinstance(read.frame, gpd.GeoDataFrame) and working is not None:
        read.frame = to_working(read.frame, spec, working, records=records)
    read.frame = read.frame.drop(index=list(records.refused), errors="ignore")
    if spec.is_distinct:
        read.frame = united(read.frame, read.ids)
    if len(read.frame) == 0 and read.misread is None:
        raise LoadError("io.no_geometries", path=spec.shown, rows=len(read.ids))


def _judge_datums(layers: Layers, reads: Sequence[_Read]) -> None:
    """Hold the places of each layer against the others; a doubtful datum gives one D106."""
    fair = [read for read in reads if read.misread is None]
    declared = {read.raw.spec.name: read.raw.spec.datum or "wgs84" for read in fair}
    verdicts = judge_layers(layers, declared)
    for read in fair:
        spec = read.raw.spec
        read.datum = verdicts.get(spec.name)
        if read.datum is not None and read.datum.is_doubtful:
            key, values = datum_note(read.datum, is_declared=spec.datum is not None)
            severity: dict[str, Any] = {} if spec.datum is None else {"severity": "warning"}
            read.records.note("D106", key, **values, **severity)


def _layers(project: Project, reads: Sequence[_Read]) -> Layers:
    """Return the layers, each keyed by its ids."""
    single: dict[str, Any] = {}
    nets: dict[str, gpd.GeoDataFrame] = {}
    of_grids = [read for read in reads if read.spec.schema == "grids"]
    crs = CRS(of_grids[0].frame.crs)
    units, levels = related_units(reads, project, crs)
    keyed = [gpd.GeoDataFrame(read.keyed()) for read in of_grids]
    grids, finer, grid_levels = split_levels(joined_grids(keyed), of_grids)
    for read in reads:
        spec = read.raw.spec
        if read.misread is not None and spec.schema not in ("sites", "units"):
            continue
        if spec.schema in ("units", "grids"):
            continue
        if spec.schema == "nets":
            nets[spec.name.removeprefix("nets.")] = read.keyed()
        else:
            single[spec.name] = read.keyed()
    if "cases" in single:
        single["cases"] = with_geometry(single["cases"], crs)
    return Layers(
        **single,
        grids=grids,
        finer=finer,
        grid_levels=grid_levels,
        units=units,
        nets=MappingProxyType(nets),
        levels=levels,
        has_all_buildings=project.has_all_buildings,
    )


def _check_references(layers: Layers, reads: Sequence[_Read]) -> None:
    given = {name: getattr(layers, name) for name in ("units", "buildings", "estates")}
    known = {name: frame.index for name, frame in given.items() if frame is not None}
    known["grids"] = layers.all_grids.index
    for read in reads:
        if read.raw.spec.schema in ("buildings", "staff", "cases"):
            rows = pd.Series(read.ids.index, index=pd.Index(read.ids))
            check_references(read.keyed(), rows, known, records=read.records)


def _loaded(
    project: Project, standard: Standard, *, layers: Layers, reads: Sequence[_Read]
) -> Loaded:
    language = words.language(project.language)
    rows = [row for read in reads for row in read.records.findings(read.ids, read.places())]
    tables = [read.records.quarantine(read.ids) for read in reads if read.records.refused]
    quarantine = (
        pd.concat(tables, ignore_index=True)
        if tables
        else pd.DataFrame(columns=list(QUARANTINE_COLUMNS))
    )
    hashes = [read.raw.sha256 or file_hash(read.spec.path) for read in reads]
    sources_in = {
        each: tuple(_source(*read, each) for read in zip(reads, hashes, strict=True))
        for each in words.LANGUAGES
    }
    return Loaded(
        project=project,
        layers=layers,
        standard=standard,
        sources=sources_in[language],
        sources_in=sources_in,
        findings=findings_frame(rows, layers.crs),
        quarantine=quarantine,
    )


def _source(read: _Read, sha256: str, language: str) -> Source:
    spec, refused = read.raw.spec, len(read.records.refused)
    verdict, evidence, doubt = _verdict(read, language)
    noted = (words.text(key, language, **values) for key, values in read.notes)
    return Source(
        layer=spec.name,
        path=spec.shown,
        sha256=sha256,
        rows=len(read.ids),
        used=len(read.ids) - refused,
        quarantined=refused,
        repaired=read.records.repaired,
        crs=read.crs,
        datum=spec.datum or "wgs84",
        datum_verdict=verdict,
        datum_evidence=evidence,
        is_doubtful=bool(doubt) and (read.misread is not None or spec.datum is None),
        encoding=read.raw.encoding,
        mapped=MappingProxyType(dict(read.mapped.ours)),
        unmapped=tuple(read.mapped.renamed),
        problems=(*noted, *doubt),
        notes=tuple(words.text(key, language, **values) for key, values in read.remarks),
    )


def _verdict(read: _Read, language: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the guard's verdict on a layer, its evidence, and the doubt as a problem, if any."""
    if read.misread is not None:
        key, values = misreading_note(read.misread)
        doubt = (words.text(key, language, **values),)
        return read.misread.verdict, doubt, doubt
    if read.datum is None:
        return "unknown", (), ()
    if not read.datum.is_doubtful:
        return read.datum.verdict, datum_evidence(read.datum, language), ()
    key, values = datum_note(read.datum, is_declared=read.raw.spec.datum is not None)
    doubt = (words.text(key, language, **values),)
    return read.datum.verdict, doubt, doubt
