"""One audit to files: summary, GeoJSON, CSV, GeoPackage, ledger; and back from GeoPackage."""

from geo.outputs.reading import read_audit
from geo.outputs.summaries import summary
from geo.outputs.writing import place_outputs, write_outputs

__all__ = ["place_outputs", "read_audit", "summary", "write_outputs"]
