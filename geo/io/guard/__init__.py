"""The datum guard: do the coordinates of a layer mean what they are said to mean."""

from geo.io.guard.axes import Area, Misreading, find_misreading, own_misreading
from geo.io.guard.datums import DatumVerdict, Evidence, judge_datum
from geo.io.guard.judging import judge_layers
from geo.io.guard.limits import GuardLimits, guard_limits
from geo.io.guard.sentences import datum_evidence, datum_note, misreading_note
from geo.io.guard.surroundings import Surroundings

__all__ = [
    "Area",
    "DatumVerdict",
    "Evidence",
    "GuardLimits",
    "Misreading",
    "Surroundings",
    "datum_evidence",
    "datum_note",
    "find_misreading",
    "guard_limits",
    "judge_datum",
    "judge_layers",
    "misreading_note",
    "own_misreading",
]
