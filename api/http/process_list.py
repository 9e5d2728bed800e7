"""The processes of a workspace as data: what each takes and gives, as JSON schemas."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from api.http.whatif import EDITS_SCHEMA

__all__ = ["CONFORMANCE", "PROCESSES", "Process"]

CONFORMANCE: Final = tuple(
    f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}"
    for name in ("core", "ogc-process-description", "json", "oas30", "job-list", "dismiss")
)
"""What a workspace's server does of OGC API Processes, Part 1."""

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
            inputs={"version": _VERSION, **EDITS_SCHEMA["properties"]},
            needed=("version",),
            outputs={
                "model": {"type": "string", "enum": ["radius", "network"]},
                "tiers": {"type": "object"},
                "circles": {"type": "object"},
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
