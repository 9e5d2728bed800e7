"""What a code is made of: parts, their digits, their ranges, each with source and confidence."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from geo.errors import NotFoundError

__all__ = ["CodeRange", "CodeScheme", "Part", "code_scheme", "shipped_schemes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRange:
    """Values that a part may have, both ends included. `is_merged`: it joins several units."""

    low: str
    high: str
    title: Mapping[str, str]
    source: str
    confidence: str
    is_merged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a code; without `ranges` any digits go. `start` counts from 0."""

    name: str
    title: Mapping[str, str]
    start: int
    digits: int
    ranges: tuple[CodeRange, ...] = ()

    @property
    def stop(self) -> int:
        """Where the part ends, exclusive."""
        return self.start + self.digits

    def range_of(self, code: str) -> CodeRange | None:
        """Return the range in which this part of `code` lies, None outside of all."""
        value = code[self.start : self.stop]
        return next((each for each in self.ranges if each.low <= value <= each.high), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeScheme:
    """One scheme of codes.

    `layer`
        What it identifies: `grids` or `units`.
    `parent`
        The parts that, joined, are the code of the unit above; empty where the code of a unit is
        itself a prefix of the codes below it.
    `cuts`
        Lengths at which a unit above the lowest may end; the last is the whole code.
    `fills_with_zeros`
        True where a unit above the lowest may also fill up its code with zeros.
    """

    name: str
    title: Mapping[str, str]
    layer: str
    source: str
    confidence: str
    parts: tuple[Part, ...]
    parent: tuple[str, ...] = ()
    cuts: tuple[int, ...] = ()
    fills_with_zeros: bool = False

    @property
    def digits(self) -> int:
        """How many digits a whole code has."""
        return self.parts[-1].stop

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many digits a code may have."""
        return self.cuts or (self.digits,)

    def stem(self, code: str) -> str:
        """Return `code` without the zeros that fill it up below its own level."""
        if not self.fills_with_zeros or len(code) != self.digits:
            return code
        return next(code[:cut] for cut in self.cuts if not code[cut:].strip("0"))

    def parent_code(self, code: str) -> str | None:
        """Return the code of the unit above `code`, None at the top or when `code` is too short."""
        if self.parent:
            named = {part.name: part for part in self.parts}
            texts = [code[named[name].start : named[name].stop] for name in self.parent]
            return "".join(texts) if len(code) == self.digits else None
        stem = self.stem(code)
        shorter = [cut for cut in self.cuts if cut < len(stem)]
        return stem[: shorter[-1]] if shorter else None


@cache
def shipped_schemes() -> tuple[str, ...]:
    """Return the names of the shipped schemes."""
    folder = files(__package__).joinpath("data")
    return tuple(sorted(path.name.removesuffix(".toml") for path in folder.iterdir()))


@cache
def code_scheme(name: str) -> CodeScheme:
    """Return a shipped scheme by its name.

    Raises
    ------
    NotFoundError
        If there is none of that name; the known ones are told.
    """
    if name not in shipped_schemes():
        near = difflib.get_close_matches(name, shipped_schemes(), n=1)
        raise NotFoundError(
            "codes.unknown",
            name=name,
            hint=f" ({near[0]}?)" if near else "",
            known=", ".join(shipped_schemes()),
        )
    source = files(__package__).joinpath("data", f"{name}.toml")
    return _scheme(tomllib.loads(source.read_text(encoding="utf-8")))


def _scheme(entry: Mapping[str, Any]) -> CodeScheme:
    parts: list[Part] = []
    for item in entry["parts"]:
        start = parts[-1].stop if parts else 0
        ranges = tuple(_range(each) for each in item.get("ranges", ()))
        parts.append(
            Part(
                name=item["name"],
                title=MappingProxyType(dict(item["title"])),
                start=start,
                digits=item["digits"],
                ranges=ranges,
            )
        )
    return CodeScheme(
        name=entry["name"],
        title=MappingProxyType(dict(entry["title"])),
        layer=entry["layer"],
        source=entry["source"],
        confidence=entry["confidence"],
        parts=tuple(parts),
        parent=tuple(entry.get("parent", ())),
        cuts=tuple(entry.get("cuts", ())),
        fills_with_zeros=entry.get("fills_with_zeros", False),
    )


def _range(item: Mapping[str, Any]) -> CodeRange:
    return CodeRange(
        low=item["from"],
        high=item["to"],
        title=MappingProxyType(dict(item["title"])),
        source=item["source"],
        confidence=item["confidence"],
        is_merged=item.get("is_merged", False),
    )
