"""Workbooks to be filled in: a layer's columns as headers, with a note on each."""

import io
from typing import Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from geo.schema import Column, layer_schemas
from geo.words import table, text

__all__ = ["TEMPLATES", "template_bytes"]

TEMPLATES: Final = ("sites", "buildings", "staff")
"""Layers that have a template."""

_PLACES: Final = ("lon", "lat")
_ROWS: Final = 2000
"""So many rows are prepared: format and lists of choices."""
_BLUE: Final = PatternFill("solid", fgColor="0B4EA2")
_LINE: Final = Border(bottom=Side(style="thin", color="FF9FB3C8"))
_WIDTH: Final = 20
_NOTE_SIZE: Final = (260, 120)


def template_bytes(layer: str, language: str) -> bytes:
    """Return the workbook of `layer`, one of `TEMPLATES`, as XLSX.

    The headers are names that are recognised when the sheet comes back; a second sheet explains.
    """
    book = Workbook()
    sheet: Worksheet = book.active
    sheet.title = text(f"templates.sheet_{layer}", language)
    schema = layer_schemas()[layer]
    heads = [
        (_header(column, language), _note(column, language, is_id=column.name == schema.id_column))
        for column in schema.columns.values()
    ]
    if schema.geometry == "point":
        words = table("templates")
        heads += [(words[f"{n}_name"][language], words[f"{n}_note"][language]) for n in _PLACES]
    for number, (name, note) in enumerate(heads, 1):
        _head(sheet, number, name=name, note=note)
    for number, column in enumerate(schema.columns.values(), 1):
        _format(sheet, number, column)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}1"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    _explain(book, heads, language)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _header(column: Column, language: str) -> str:
    """Return a name that `geo.io` knows: the first Chinese synonym, or ours."""
    if language == "en":
        return column.name
    chinese = (name for name in column.synonyms if not name.isascii())
    return next(chinese, column.meaning["zh"].split("（", maxsplit=1)[0])


def _note(column: Column, language: str, *, is_id: bool) -> str:
    """Return what belongs into a column."""
    parts = [column.meaning[language]]
    if is_id:
        parts.append(text("templates.note_id", language))
    if column.dtype in {"number", "integer"}:
        unit = text(f"templates.unit_{column.unit or 'none'}", language)
        parts.append(text("templates.note_number", language, unit=unit))
    if column.choices:
        parts.append(text("templates.note_choices", language, choices="、".join(column.choices)))
    if not is_id and column.dtype == "text" and column.name.endswith("_id"):
        parts.append(text("templates.note_reference", language))
    parts.append(text("templates.note_name", language, name=column.name))
    return "\n".join(parts)


def _head(sheet: Worksheet, number: int, *, name: str, note: str) -> None:
    cell = sheet.cell(row=1, column=number, value=name)
    cell.font = Font(bold=True, color="FFFFFFFF")
    cell.fill = _BLUE
    cell.alignment = Alignment(vertical="center", wrap_text=True)
    cell.border = _LINE
    comment = Comment(note, "GridCircle")
    comment.width, comment.height = _NOTE_SIZE
    cell.comment = comment
    sheet.column_dimensions[get_column_letter(number)].width = _WIDTH


def _format(sheet: Worksheet, number: int, column: Column) -> None:
    """Keep ids and names as text, so that Excel drops no zero; offer choices as a list."""
    letter = get_column_letter(number)
    if column.dtype == "text":
        for row in range(2, _ROWS + 2):
            sheet[f"{letter}{row}"].number_format = "@"
    if column.choices:
        rule = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"')
        rule.add(f"{letter}2:{letter}{_ROWS + 1}")
        sheet.add_data_validation(rule)


def _explain(book: Workbook, heads: list[tuple[str, str]], language: str) -> None:
    sheet: Worksheet = book.create_sheet(text("templates.sheet_notes", language))
    for name, note in heads:
        sheet.append([name, note])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 22, 90
    for row in sheet.iter_rows():
        row[0].font = Font(bold=True)
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
