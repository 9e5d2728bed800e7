"""A standard's file over the ones that it extends."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["extended", "merged_documents", "unknown_without"]

_TABLES: Final = ("tiers", "thresholds", "figures")
_INHERITED: Final = ("levels", "orphan_tier")
_OWN: Final = ("extends", "without")

Document = Mapping[str, Any]


def merged_documents(documents: Sequence[Document]) -> Document:
    """Return several files that one extends as one, a later one over an earlier one."""
    whole: Document = {}
    for document in documents:
        whole = extended(document, whole)
    return whole


def extended(document: Document, below: Document) -> Document:
    """Return `document` with what it does not say itself taken from `below`.

    Name, title, kind, source and dates are its own. A tier is taken setting by setting, with its
    own minutes never beside the metres of `below`; a number only as a whole, with its source.
    """
    left_out = set(_listed(document.get("without")))
    result = {name: value for name, value in document.items() if name not in _OWN}
    for name in _INHERITED:
        if name in below:
            result.setdefault(name, below[name])
    for name in _TABLES:
        own = document.get(name, {})
        kept = {
            key: value
            for key, value in below.get(name, {}).items()
            if f"{name}.{key}" not in left_out
        }
        if not isinstance(own, Mapping):
            continue  # a fault of the schema
        joined = _tiers(kept, own) if name == "tiers" else {**kept, **own}
        if joined:
            result[name] = joined
    if result.get("orphan_tier") not in result.get("tiers", {}) and "orphan_tier" not in document:
        result.pop("orphan_tier", None)
    return result


def unknown_without(document: Document, below: Document) -> list[str]:
    """Return a fault for everything left out that is not in `below`."""
    known = [f"{name}.{key}" for name in _TABLES for key in below.get(name, {})]
    faults = []
    for name in _listed(document.get("without")):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            faults.append(f"without: nothing named {name}{f' ({near[0]}?)' if near else ''}")
    return faults


def _tiers(below: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(below)
    for name, entry in own.items():
        base = joined.get(name)
        if not isinstance(entry, Mapping) or base is None:
            joined[name] = entry
            continue
        if "minutes" in entry and "distance_m" not in entry:
            base = {key: value for key, value in base.items() if key != "distance_m"}
        joined[name] = {**base, **entry}
    return joined


def _listed(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
