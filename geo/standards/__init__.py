"""Standards and profiles: named, versioned thresholds read from TOML."""

from geo.standards.model import CONFIDENCES, Confidence, Figure, Standard, Tier

__all__ = ["CONFIDENCES", "Confidence", "Figure", "Standard", "Tier"]
