"""The processes of a workspace as data: what each takes and gives, as JSON schemas."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

__all__ = ["PROCESSES", "Process"]

_VERSION: Final = {"type": "string", "minLength": 1, "maxLength": 200}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process: `inputs` and `outputs` are names to JSON schemas."""

    name: str
    inputs: Mapping[str, Json]
    needed: tuple[str, ...]
    outputs: Mapping[str, Json]


PROCESSES: Final[Mapping[str, Process]] = MappingProxyType(
    {
        "audit": Process(
            name="audit",
            inputs={
                "upload": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
                "name": {"type": "string", "maxLength": 80},
            },
            needed=("upload",),
            outputs={
                "version": {"type": "string"},
                "project": {"type": "string"},
                "summary": {"type": "object"},
            },
        ),
        "coverage": Process(
            name="coverage",
            inputs={
                "version": _VERSION,
                "add": {
                    "type": "array",
                    "maxItems": 1000,
                    "items": {
                        "type": "object",
                        "required": ["lon", "lat"],
                        "properties": {
                            "lon": {"type": "number", "minimum": -180, "maximum": 180},
                            "lat": {"type": "number", "minimum": -90, "maximum": 90},
                            "category": {"type": "string", "maxLength": 200},
                        },
                        "additionalProperties": False,
                    },
                },
                "remove": {"type": "array", "maxItems": 10000, "items": {"type": "string"}},
            },
            needed=("version",),
            outputs={
                "model": {"type": "string"},
                "before": {"type": "object"},
                "after": {"type": "object"},
                "changed": {"type": "array", "items": {"type": "object"}},
            },
        ),
        "compare": Process(
            name="compare",
            inputs={
                "old": _VERSION,
                "new": _VERSION,
                "border_tolerance_m": {"type": "number", "minimum": 0, "maximum": 1000},
            },
            needed=("old", "new"),
            outputs={
                "old": {"type": "string"},
                "new": {"type": "string"},
                "summary": {"type": "object"},
                "statement": {"type": "object"},
                "not_compared": {"type": "array", "items": {"type": "string"}},
            },
        ),
    }
)
"""Every process by its id."""
