"""Ledgers as an office would treat them: opened, edited, saved; by openpyxl and by LibreOffice."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["content_of", "edited", "rows_of", "through_office"]


def edited(ledger: Path, path: Path, cells: Mapping[tuple[str, str], Any]) -> Path:
    """Save `ledger` as `path` with new `cells`: (finding id, column title) to value."""
    book = openpyxl.load_workbook(ledger)
    for sheet in book:
        titles = {cell.value: cell.column for cell in sheet[1]}
        if "问题编号" not in titles:
            continue
        for row in range(2, sheet.max_row + 1):
            finding = sheet.cell(row=row, column=titles["问题编号"]).value
            for (wanted, title), value in cells.items():
                if wanted == finding:
                    sheet.cell(row=row, column=titles[title]).value = value
    book.save(path)
    return path


def content_of(path: Path) -> dict[str, Any]:
    """Return everything of a workbook that must not get lost on the way through the office."""
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: {
            "cells": [[cell.value for cell in row] for row in sheet.iter_rows()],
            "filter": sheet.auto_filter.ref,
            "notes": {
                cell.coordinate: cell.comment.text
                for row in sheet.iter_rows()
                for cell in row
                if cell.comment
            },
            "choices": [
                (each.formula1, str(each.sqref)) for each in sheet.data_validations.dataValidation
            ],
            "hidden": {k for k, each in sheet.column_dimensions.items() if each.hidden},
            "greyed": [str(each.sqref) for each in sheet.conditional_formatting],
            "print": (
                sheet.print_title_rows.replace("$", ""),
                sheet.page_setup.paperSize,
                sheet.page_setup.orientation,
                sheet.page_setup.fitToWidth,
                sheet.page_setup.fitToHeight,
            ),
            "texts": {
                cell.coordinate: cell.data_type
                for row in sheet.iter_rows()
                for cell in row
                if cell.value is not None and cell.data_type not in ("s", "n", "d")
            },
        }
        for sheet in book
    }


def rows_of(ledger: Path, sheet: str = "问题清单") -> dict[str, dict[str, Any]]:
    """Return finding id to the row's values by title."""
    page: Worksheet = openpyxl.load_workbook(ledger)[sheet]
    head, *rows = page.iter_rows(values_only=True)
    records = [dict(zip(map(str, head), row, strict=True)) for row in rows]
    return {record["问题编号"]: record for record in records}


def through_office(ledger: Path, folder: Path) -> Path:
    """Return `ledger` as LibreOffice saves it; the test skips where there is no LibreOffice."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not on this machine")
    folder.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="soffice-", ignore_cleanup_errors=True) as home:
        profile = f"-env:UserInstallation={Path(home).as_uri()}"
        call = [office, "--headless", profile, "--convert-to", "xlsx", "--outdir", str(folder)]
        subprocess.run([*call, str(ledger)], check=True, capture_output=True, timeout=180)
    return folder / ledger.name
