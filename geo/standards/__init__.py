"""Standards and profiles: named, versioned thresholds read from TOML."""

from geo.standards.describing import StandardRow, describe, standard_rows
from geo.standards.differences import Difference, standard_differences
from geo.standards.files import shipped_standards
from geo.standards.loading import DEFAULT_STANDARD, load_standard
from geo.standards.model import CONFIDENCES, Confidence, Edition, Figure, Standard, Tier
from geo.standards.overrides import MODES, with_overrides
from geo.standards.records import from_record, to_record
from geo.standards.services import (
    Service,
    ServiceClass,
    ServiceMatch,
    catalogue_backing,
    service_classes,
    service_codes,
    service_title,
    services_of,
)
from geo.standards.validity import validity_notes

__all__ = [
    "CONFIDENCES",
    "DEFAULT_STANDARD",
    "MODES",
    "Confidence",
    "Difference",
    "Edition",
    "Figure",
    "Service",
    "ServiceClass",
    "ServiceMatch",
    "Standard",
    "StandardRow",
    "Tier",
    "catalogue_backing",
    "describe",
    "from_record",
    "load_standard",
    "service_classes",
    "service_codes",
    "service_title",
    "services_of",
    "shipped_standards",
    "standard_differences",
    "standard_rows",
    "to_record",
    "validity_notes",
    "with_overrides",
]
