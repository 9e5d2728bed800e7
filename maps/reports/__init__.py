"""Reports: one printable page of an audit, and its maps as still pictures."""

from maps.reports.page import report_html
from maps.reports.pictures import picture_svg
from maps.reports.writing import write_report

__all__ = ["picture_svg", "report_html", "write_report"]
