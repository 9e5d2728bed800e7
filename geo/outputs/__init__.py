"""One audit to files: summary, GeoJSON, CSV, GeoPackage, ledger; and back from GeoPackage."""

from geo.outputs.reading import read_audit
from geo.outputs.summaries import summary
from geo.outputs.writing import write_outputs

__all__ = ["read_audit", "summary", "write_outputs"]
