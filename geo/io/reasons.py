"""Why each column of a file is, or is not, one of ours."""

import difflib
from collections.abc import Mapping
from typing import Final

from geo.io.columns import normalised, place_words
from geo.io.project import LayerSpec
from geo.layers import Source
from geo.schema import LayerSchema, layer_schemas
from geo.words import text

__all__ = ["column_reasons"]

_NEAR: Final = 0.75
"""How alike two names must be for a hint."""


def column_reasons(source: Source, spec: LayerSpec, language: str) -> Mapping[str, str]:
    """Return each column of a layer's file, to why it was taken as ours or left as it is."""
    schema = layer_schemas()[spec.schema]
    reasons = {
        theirs: text(f"io.reason_{_why_taken(ours, theirs, spec)}", language)
        for ours, theirs in source.mapped.items()
    }
    for name in source.unmapped:
        key, values = _why_left(name, source, schema)
        reasons[name] = text(f"io.reason_{key}", language, **values)
    return reasons


def _why_taken(ours: str, theirs: str, spec: LayerSpec) -> str:
    if ours in spec.columns:
        return "project"
    if normalised(theirs) == normalised(ours):
        return "canonical"
    columns = layer_schemas()[spec.schema].columns
    known = {normalised(word) for word in columns[ours].synonyms}
    return "synonym" if normalised(theirs) in known else "values"


def _why_left(name: str, source: Source, schema: LayerSchema) -> tuple[str, dict[str, str]]:
    word = normalised(name)
    if any(word in words for words in place_words().values()):
        return "place", {}
    for column in schema.columns.values():
        if word in {normalised(each) for each in (column.name, *column.synonyms)}:
            if column.name in source.mapped:
                return "taken", {"ours": column.name, "theirs": source.mapped[column.name]}
            return "unfit", {"ours": column.name}
    near = _nearest(word, schema)
    return ("near", {"ours": near}) if near else ("unknown", {})


def _nearest(word: str, schema: LayerSchema) -> str | None:
    """Return our column that goes by a name most like `word`, if any is."""
    names = {
        normalised(each): column.name
        for column in schema.columns.values()
        for each in (column.name, *column.synonyms)
    }
    close = difflib.get_close_matches(word, list(names), n=1, cutoff=_NEAR)
    return names[close[0]] if close else None
