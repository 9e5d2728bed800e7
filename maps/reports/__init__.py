"""Reports: one printable page of an audit, and its maps as still pictures."""

from maps.reports.page import report_html
from maps.reports.pictures import picture_svg
from maps.reports.rasters import picture_png, why_no_png
from maps.reports.writing import write_report

__all__ = ["picture_png", "picture_svg", "report_html", "why_no_png", "write_report"]
