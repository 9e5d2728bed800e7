"""The closing statement (结论) of a look-back: sentences whose numbers add up."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from geo.planning.lookback.fates import ADJUSTED, FLAGS
from geo.planning.lookback.value import Lookback
from geo.words import text

__all__ = ["statement"]


def statement(lookback: Lookback, language: str) -> tuple[str, ...]:
    """Return the sentences of the statement in `language` (`zh`, `en`)."""
    return tuple(_sentences(lookback, language))


def _sentences(lookback: Lookback, language: str) -> Iterator[str]:
    yield _grids(lookback, language)
    yield _adjusted(lookback, language)
    flags = _listed(lookback.flag_counts, FLAGS, "flag", language=language)
    if flags:
        yield _say("flags", language, flags=flags)
    people = lookback.residents
    if people["before"] is not None:
        numbers = {name: _number(value) for name, value in people.items() if value is not None}
        is_full = people["moved"] is not None
        yield _say("people" if is_full else "people_only", language, **numbers)
    counts = {name: lookback.n_defects(name) for name in ("fixed", "left", "introduced")}
    yield _say("defects", language, **{name: _number(n) for name, n in counts.items()})
    yield from _coverage(lookback, language)


def _grids(lookback: Lookback, language: str) -> str:
    counts = {name: _number(n) for name, n in lookback.lineage_counts.items()}
    return _say(
        "grids",
        language,
        old=_number(len(lookback.grids)),
        now=_number(len(lookback.new_grids)),
        kept=_say("kept", language, **counts),
        changed=_say("changed", language, **counts),
        new=counts["new"],
        carved=counts["carved"],
    )


def _adjusted(lookback: Lookback, language: str) -> str:
    if not lookback.n_adjusted:
        return _say("nothing", language)
    parts = _listed(lookback.lineage_counts, ADJUSTED, "fate", language=language)
    return _say("adjusted", language, n=_number(lookback.n_adjusted), parts=parts)


def _coverage(lookback: Lookback, language: str) -> Iterator[str]:
    """Yield one sentence a tier that can be compared, of the whole city."""
    rows = lookback.coverage
    for row in rows[rows["subject"] == "city"].to_dict("records"):
        basis = "residents_share" if _is_known(row, "residents_share") else "area_share"
        if not _is_known(row, basis) or row["tier"] not in lookback.new.standard.tiers:
            continue
        yield _say(
            "coverage",
            language,
            tier=lookback.new.standard.tiers[row["tier"]].title[language],
            before=f"{row[f'{basis}_before']:.1%}",
            after=f"{row[f'{basis}_after']:.1%}",
        )


def _is_known(row: Mapping[Any, Any], name: str) -> bool:
    return bool(pd.notna(row[f"{name}_before"]) and pd.notna(row[f"{name}_after"]))


def _listed(counts: Mapping[str, int], names: tuple[str, ...], kind: str, *, language: str) -> str:
    """Return the counts that are not 0, joined."""
    parts = [
        _say("part", language, name=text(f"lookback.{kind}_{name}", language), n=_number(n))
        for name in names
        if (n := counts[name])
    ]
    return text("lookback.say_join", language).join(parts)


def _say(key: str, language: str, /, **values: object) -> str:
    return text(f"lookback.say_{key}", language, **values)


def _number(value: float) -> str:
    return f"{round(value):,}"
