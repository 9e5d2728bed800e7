"""Names that may mean the same place: proposed, never taken silently."""

import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

__all__ = ["NameMatch", "match_names", "plain_name"]

_NOWHERE: Final[Mapping[str, Hashable]] = MappingProxyType({})
_SHORTEST_SIMILAR: Final = 3
"""Names below this many characters are not compared with one character left open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameMatch:
    """A proposal: `left_id` and `right_id` may be the same place.

    `how` is `same` (the same name), `variant` (only characters that stand for one another differ)
    or `similar` (one character differs). `characters` are the pairs that differ, left first.
    """

    left_id: str
    right_id: str
    left_name: str
    right_name: str
    how: str
    characters: tuple[tuple[str, str], ...] = ()


def plain_name(name: str) -> str:
    """Return `name` in one width and form, without blanks."""
    return "".join(unicodedata.normalize("NFKC", name).split())


def match_names(
    left: Mapping[str, str],
    right: Mapping[str, str],
    *,
    within_left: Mapping[str, Hashable] = _NOWHERE,
    within_right: Mapping[str, Hashable] = _NOWHERE,
) -> tuple[NameMatch, ...]:
    """Return which ids of `left` and `right` may be the same place, by their names.

    Parameters
    ----------
    left, right
        Id to name. What is matched by id should be left out by the caller: codes come first.
    within_left, within_right
        Id to what it lies in (its district); names are only compared inside the same one, since
        they repeat within a county.

    Returns
    -------
    matches
        In the order of `left`. The same name first, then variants, then one differing character;
        what one step has matched is no candidate of the next. A name that repeats on either side
        of a step is not matched at all.

    Notes
    -----
    O(n × length of the names).
    """
    here = {key: (within_left.get(key), plain_name(name)) for key, name in left.items()}
    there = {key: (within_right.get(key), plain_name(name)) for key, name in right.items()}
    pairs: dict[str, tuple[str, str]] = {}
    for how, keys in (("same", _itself), ("variant", _canonical), ("similar", _with_one_open)):
        for mine, theirs in _unique_pairs(here, there, keys):
            pairs[mine] = (theirs, how)
        here = {key: value for key, value in here.items() if key not in pairs}
        taken = {theirs for theirs, _ in pairs.values()}
        there = {key: value for key, value in there.items() if key not in taken}
    return tuple(_match(key, *pairs[key], left=left, right=right) for key in left if key in pairs)


def _match(
    mine: str, theirs: str, how: str, *, left: Mapping[str, str], right: Mapping[str, str]
) -> NameMatch:
    both = zip(plain_name(left[mine]), plain_name(right[theirs]), strict=False)
    return NameMatch(
        left_id=mine,
        right_id=theirs,
        left_name=left[mine],
        right_name=right[theirs],
        how=how,
        characters=tuple((a, b) for a, b in both if a != b),
    )


Placed = Mapping[str, tuple[Hashable, str]]


def _unique_pairs(
    here: Placed, there: Placed, keys: Callable[[str], Iterable[str]]
) -> list[tuple[str, str]]:
    """Return the pairs that share a key with nobody else on either side."""
    mine, theirs = _by_key(here, keys), _by_key(there, keys)
    partners: dict[str, set[str]] = defaultdict(set)
    suitors: dict[str, set[str]] = defaultdict(set)
    for key in mine.keys() & theirs.keys():
        for one in mine[key]:
            for other in theirs[key]:
                partners[one].add(other)
                suitors[other].add(one)
    return [
        (one, next(iter(others)))
        for one, others in partners.items()
        if len(others) == 1 and len(suitors[next(iter(others))]) == 1
    ]


def _by_key(
    places: Placed, keys: Callable[[str], Iterable[str]]
) -> dict[tuple[Hashable, str], set[str]]:
    found: dict[tuple[Hashable, str], set[str]] = defaultdict(set)
    for name_id, (place, name) in places.items():
        for key in keys(name):
            found[place, key].add(name_id)
    return found


def _itself(name: str) -> tuple[str, ...]:
    return (name,) if name else ()


def _canonical(name: str) -> tuple[str, ...]:
    """Return `name` with each character as the first of its group of variants."""
    return ("".join(_groups().get(sign, sign) for sign in name),) if name else ()


def _with_one_open(name: str) -> tuple[str, ...]:
    (text,) = _canonical(name) or ("",)
    if len(text) < _SHORTEST_SIMILAR:
        return ()
    return tuple(f"{text[:at]}\0{text[at + 1 :]}" for at in range(len(text)))


@cache
def _groups() -> Mapping[str, str]:
    """Return each character that has variants, to the first of its group."""
    source = files("geo.codes").joinpath("variants.toml")
    table: Mapping[str, list[str]] = tomllib.loads(source.read_text(encoding="utf-8"))
    return {sign: group[0] for groups in table.values() for group in groups for sign in group}
