"""Standards and profiles: named, versioned thresholds read from TOML."""

from geo.standards.describing import StandardRow, describe, standard_rows
from geo.standards.files import shipped_standards
from geo.standards.loading import DEFAULT_STANDARD, load_standard
from geo.standards.model import CONFIDENCES, Confidence, Figure, Standard, Tier
from geo.standards.overrides import MODES, with_overrides
from geo.standards.records import from_record, to_record

__all__ = [
    "CONFIDENCES",
    "DEFAULT_STANDARD",
    "MODES",
    "Confidence",
    "Figure",
    "Standard",
    "StandardRow",
    "Tier",
    "describe",
    "from_record",
    "load_standard",
    "shipped_standards",
    "standard_rows",
    "to_record",
    "with_overrides",
]
