"""Codes that break their scheme: which part, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from geo.codes.schemes import CodeRange, CodeScheme, Part
from geo.words import LANGUAGES, text

__all__ = ["CodeFault", "code_faults"]

_SUREST: Final = ("published", "secondary", "ours", "unverified")
"""Confidences from the surest down."""

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFault:
    """One reason why the code at `position` breaks its scheme; `part` is None for the whole."""

    position: int
    part: str | None
    reason: Mapping[str, str]
    source: str
    confidence: str


def code_faults(
    codes: Sequence[str], scheme: CodeScheme, *, parents: Sequence[str | None] | None = None
) -> tuple[list[CodeFault], int]:
    """Return every fault of `codes` by `scheme`, and how many parents could not be compared.

    Parameters
    ----------
    codes
        n ids as text.
    scheme
        How they are made.
    parents
        The id of the unit above each, None where it has none. An id that is no code of the scheme
        (a name, another scheme) cannot be compared and is counted.

    Notes
    -----
    A code of the wrong length, or with other signs than digits, has no parts to look at: that is
    its only fault. A community merged from several (`is_merged`) is compared by the parts before
    it. O(n).
    """
    whole = np.asarray(codes, dtype=np.str_)
    length = np.char.str_len(whole)
    has_length = np.isin(length, scheme.lengths)
    digits = np.array([code.isascii() and code.isdigit() for code in codes], dtype=bool)
    faults = [_fault(at, scheme, "not_digits", value=codes[at]) for at in _where(~digits)]
    wanted = " / ".join(map(str, scheme.lengths))
    faults += [
        _fault(at, scheme, "length", n=int(length[at]), wanted=wanted)
        for at in _where(digits & ~has_length)
    ]
    sound = _where(digits & has_length)
    stems = np.array([scheme.stem(codes[at]) for at in sound], dtype=np.str_)
    for part in scheme.parts:
        faults += _outside_ranges(stems, part, sound)
    n_unjudged = 0
    if parents is not None:
        found, n_unjudged = _wrong_parents({at: codes[at] for at in sound}, parents, scheme)
        faults += found
    return sorted(faults, key=lambda fault: fault.position), n_unjudged


def _where(chosen: npt.NDArray[np.bool_]) -> list[int]:
    return [int(at) for at in np.flatnonzero(chosen)]


def _fault(at: int, scheme: CodeScheme, key: str, **values: Any) -> CodeFault:  # noqa: ANN401
    return CodeFault(
        position=at,
        part=None,
        reason={language: text(f"codes.{key}", language, **values) for language in LANGUAGES},
        source=scheme.source,
        confidence=scheme.confidence,
    )


def _outside_ranges(stems: Texts, part: Part, positions: Sequence[int]) -> Iterator[CodeFault]:
    """Faults of one part: a value in none of its ranges; codes that end above it have none."""
    if not part.ranges or not len(stems):
        return
    has_part = np.char.str_len(stems) >= part.stop
    values = np.array([stem[part.start : part.stop] for stem in stems], dtype=np.str_)
    known = np.zeros(len(stems), dtype=bool)
    for each in part.ranges:
        known |= (values >= each.low) & (values <= each.high)
    weakest = max(part.ranges, key=lambda each: _SUREST.index(each.confidence))
    for at in _where(has_part & ~known):
        reason = {
            language: text(
                "codes.range",
                language,
                part=part.title[language],
                value=str(values[at]),
                ranges=_listed(part.ranges, language),
            )
            for language in LANGUAGES
        }
        yield CodeFault(
            position=positions[at],
            part=part.name,
            reason=reason,
            source=weakest.source,
            confidence=weakest.confidence,
        )


def _listed(ranges: Sequence[CodeRange], language: str) -> str:
    joint = "、" if language == "zh" else ", "
    return joint.join(
        each.low if each.low == each.high else f"{each.low}–{each.high}" for each in ranges
    )


def _wrong_parents(
    codes: Mapping[int, str], parents: Sequence[str | None], scheme: CodeScheme
) -> tuple[list[CodeFault], int]:
    """Codes whose part for the unit above names another one than their parent."""
    faults: list[CodeFault] = []
    n_unjudged = 0
    for at, code in codes.items():
        parent = parents[at]
        inside = _upper_code(code, scheme)
        if parent is None or inside is None:
            continue
        named = _stem(parent, scheme)
        if len(named) not in _cuts(scheme) or not named.isdigit():
            n_unjudged += 1
        elif not inside.startswith(named[: len(inside)]):
            faults.append(_fault(at, scheme, "parent", inside=inside, parent=parent))
    return faults, n_unjudged


def _cuts(scheme: CodeScheme) -> tuple[int, ...]:
    """Return how many digits the code of a unit above may have."""
    if not scheme.parent:
        return scheme.cuts[:-1]
    digits = {part.name: part.digits for part in scheme.parts}
    return tuple(accumulate(digits[name] for name in scheme.parent))


def _upper_code(code: str, scheme: CodeScheme) -> str | None:
    """Return the code of the unit above, without the part of merged units."""
    inside = scheme.parent_code(code)
    if inside is None or not scheme.parent:
        return inside
    for name, cut in zip(scheme.parent, _cuts(scheme), strict=True):
        part = next(part for part in scheme.parts if part.name == name)
        known = part.range_of(code)
        if known is not None and known.is_merged:
            return inside[: cut - part.digits]
    return inside


def _stem(parent: str, scheme: CodeScheme) -> str:
    """Return a parent's code without the zeros that fill it up."""
    cuts = _cuts(scheme)
    whole = max(cuts[-1], scheme.digits if not scheme.parent else 0)
    if len(parent) != whole:
        return parent
    return next((parent[:cut] for cut in cuts if not parent[cut:].strip("0")), parent)
