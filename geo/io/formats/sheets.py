"""Workbooks (XLS, XLSX, XLSB, ODS), by calamine: the sheet that is the layer, its merged cells."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from geo.errors import LoadError
from geo.io.formats.extents import UNREADABLE, far_sheet
from geo.io.formats.headers import find_header, is_blank, n_known_words
from geo.io.formats.raw import Note, RawLayer, reason_of
from geo.io.formats.tables import table
from geo.io.project import LayerSpec

__all__ = ["opened_workbook", "read_workbook"]

Rows = list[list[object]]

_PANIC: Final = "PanicException"
"""What calamine throws at some damaged files: no module has it, and it is no `Exception`."""

_MOST_CELLS: Final = 50_000_000
"""A sheet larger than this is a damaged one: a cell somewhere far out."""


def read_workbook(spec: LayerSpec) -> RawLayer:
    """Return one sheet of a workbook: the named one, else the one that the layer knows best.

    Raises
    ------
    LoadError
        If the file is no workbook, is locked by a password, or has no such sheet.
    """
    with opened_workbook(spec.path, spec.shown) as book:
        rows, notes = _chosen(book, spec)
    return table(spec, rows, notes=notes)


@contextmanager
def opened_workbook(path: Path, shown: str) -> Iterator[CalamineWorkbook]:
    """Give a workbook while it is read; whatever goes wrong in it is a `LoadError`.

    A sheet with a cell far out is refused before calamine, which would end the process over it,
    sees the file.
    """
    _require_near(path, shown)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            yield book
    except (CalamineError, OSError, ValueError) as error:
        raise LoadError("io.unreadable", path=shown, reason=reason_of(error)) from error
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        raise LoadError("io.unreadable", path=shown, reason=reason_of(error)) from error


def _require_near(path: Path, shown: str) -> None:
    try:
        far = far_sheet(path, most_cells=_MOST_CELLS)
    except UNREADABLE as error:
        raise LoadError("io.unreadable", path=shown, reason=reason_of(error)) from error
    if far is not None:
        raise LoadError("io.far_cell", path=shown, rows=far[0], columns=far[1])


def _chosen(book: CalamineWorkbook, spec: LayerSpec) -> tuple[Rows, tuple[Note, ...]]:
    names = list(book.sheet_names)
    if spec.layer is not None:
        if spec.layer not in names:
            listed = ", ".join(names)
            raise LoadError("io.no_layer", path=spec.shown, layer=spec.layer, known=listed)
        return _unmerged(book.get_sheet_by_name(spec.layer), spec)
    shown = [s.name for s in book.sheets_metadata if s.visible == SheetVisibleEnum.Visible] or names
    read = {name: _unmerged(book.get_sheet_by_name(name), spec) for name in shown}
    filled = {name: sheet for name, sheet in read.items() if any(map(_is_filled, sheet[0]))}
    if not filled:
        raise LoadError("io.no_rows", path=spec.shown)
    known = {name: _fit(rows, spec) for name, (rows, _) in filled.items()}
    best = max(filled, key=lambda name: known[name])
    rows, notes = filled[best]
    if len(filled) > 1:
        notes = (("io.first_layer", {"known": ", ".join(filled), "layer": best}), *notes)
    return rows, notes


def _fit(rows: Rows, spec: LayerSpec) -> int:
    return n_known_words(find_header(rows, spec).names, spec) if spec.header_row is None else 0


def _is_filled(row: Sequence[object]) -> bool:
    return not all(map(is_blank, row))


def _unmerged(sheet: CalamineSheet, spec: LayerSpec) -> tuple[Rows, tuple[Note, ...]]:
    """Return all lines of a sheet; cells merged downwards have their value in every line."""
    if sheet.total_height * sheet.total_width > _MOST_CELLS:
        far = {"rows": sheet.total_height, "columns": sheet.total_width}
        raise LoadError("io.far_cell", path=spec.shown, **far)
    rows: Rows = [list(row) for row in sheet.to_python(skip_empty_area=False)]
    n = 0
    for (top, left), (bottom, _right) in sheet.merged_cell_ranges or ():
        if bottom == top or top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        for row in rows[top + 1 : bottom + 1]:
            row[left] = value
            n += not is_blank(value)
    return rows, (("io.merged_cells", {"n": n}),) if n else ()
