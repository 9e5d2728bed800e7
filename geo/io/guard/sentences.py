"""The guard's verdicts as sentences with their numbers, in each language."""

from collections.abc import Mapping
from typing import Any

from geo.io.guard.axes import Misreading
from geo.io.guard.datums import DatumVerdict, Evidence
from geo.words import LANGUAGES, text

__all__ = ["datum_evidence", "datum_note", "misreading_note"]

Note = tuple[str, Mapping[str, Any]]
_COUNTED = ("outline", "names")


def datum_note(verdict: DatumVerdict, *, is_declared: bool) -> Note:
    """Return key and values of the sentence about a doubtful datum.

    `is_declared`: the project itself says which datum it is, so the layer is used all the same.
    """
    values: dict[str, Any] = {
        "shift_m": verdict.shift_m,
        "datum": verdict.verdict,
        "as_read": verdict.declared,
    }
    for language in LANGUAGES:
        stop = "；" if language == "zh" else "; "
        values[f"found_{language}"] = text(f"guard.{verdict.verdict}", language)
        values[f"declared_{language}"] = text(f"guard.{verdict.declared}", language)
        joined = stop.join(_evidence(item, language) for item in verdict.evidence if _speaks(item))
        values[f"evidence_{language}"] = joined[:1].upper() + joined[1:]
    return "guard.doubt_declared" if is_declared else "guard.doubt", values


def datum_evidence(verdict: DatumVerdict, language: str) -> tuple[str, ...]:
    """Return a verdict without a doubt, and what speaks for it, as lines of text."""
    if verdict.verdict == "unknown":
        head = text("guard.unknown", language, n=verdict.n)
    else:
        head = text("guard.ok", language, declared=text(f"guard.{verdict.declared}", language))
    return (head, *(_evidence(item, language) for item in verdict.evidence if _speaks(item)))


def _speaks(item: Evidence) -> bool:
    return max(item.nats.values()) > 0


def misreading_note(found: Misreading) -> Note:
    """Return key and values of the sentence about misread axes or zones."""
    values: dict[str, Any] = {
        name: getattr(found, name)
        for name in ("crs", "declared", "share", "share_as_is", "n", "prefix")
    }
    fit = "guard.fit_swapped" if found.name == "swapped" else "guard.fit"
    fits = {f"fit_{language}": text(fit, language, **values) for language in LANGUAGES}
    return f"guard.misread_{found.name}", {**values, **fits}


def _evidence(item: Evidence, language: str) -> str:
    kind = "count" if item.name in _COUNTED else "metres"
    values = [
        text(f"guard.value_{kind}", language, datum=text(f"guard.{reading}", language), value=value)
        for reading, value in item.figures.items()
    ]
    joined = ("，" if language == "zh" else ", ").join(values)
    return text(
        f"guard.evidence_{item.name}", language, n=item.n, column=item.column, values=joined
    )
