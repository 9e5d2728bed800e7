"""Write a report: HTML and SVG always, PNG with its extra, PDF where Chromium is on the machine."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from geo import words
from geo.audit import Audit
from maps.reports.page import report_html
from maps.reports.pictures import KINDS, picture_svg
from maps.reports.rasters import picture_png, why_no_png

__all__ = ["find_chromium", "write_report"]

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_ARGUMENTS: Final = ("--headless", "--disable-gpu", "--no-sandbox", "--no-pdf-header-footer")
_TIMEOUT_S: Final = 180


def find_chromium() -> str | None:
    """Return the path of a Chromium on this machine; None where there is none."""
    return next((path for path in map(shutil.which, _NAMES) if path), None)


def write_report(audit: Audit, output: Path) -> tuple[Path, ...]:
    """Write the report to `output` and return what was written, the report first.

    A folder gets `report.html`, `map_class.svg`, `map_findings.svg`, the same two as `.png` unless
    `why_no_png` says why not, and, where Chromium is there, `report.pdf`; a name that ends in
    `.html` or `.pdf` that one file. Without Chromium a `.pdf` becomes the `.html` of the same name.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    page = report_html(audit)
    if output.suffix.lower() == ".html":
        return (_write(output, page),)
    if output.suffix.lower() == ".pdf":
        made = _write_pdf(output, page)
        return (made,) if made else (_write(output.with_suffix(".html"), page),)
    output.mkdir(parents=True, exist_ok=True)
    language = audit.language if audit.language in words.LANGUAGES else "zh"
    written = [_write(output / "report.html", page)]
    has_png = why_no_png() is None
    for kind in KINDS:
        drawn = picture_svg(audit, kind=kind, language=language)
        written.append(_write(output / f"map_{kind}.svg", drawn))
        if has_png:
            written.append(_write(output / f"map_{kind}.png", picture_png(drawn)))
    pdf = _write_pdf(output / "report.pdf", page)
    return tuple([*written, pdf] if pdf else written)


def _write(path: Path, content: str | bytes) -> Path:
    raw = content.encode("utf-8") if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(raw)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _write_pdf(path: Path, page: str) -> Path | None:
    """Print the page with Chromium; None where there is none or it fails."""
    program = find_chromium()
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        source, made = Path(scratch) / "report.html", Path(scratch) / "report.pdf"
        source.write_text(page, encoding="utf-8")
        command = [program, *_ARGUMENTS, f"--user-data-dir={scratch}/profile"]
        command += [f"--print-to-pdf={made}", source.as_uri()]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_TIMEOUT_S)  # noqa: S603
        except (OSError, subprocess.SubprocessError):
            return None
        if not made.is_file():
            return None
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(made, part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path
