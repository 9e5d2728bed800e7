"""The flow of a finding through its states, as data (`flow.toml`)."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = [
    "after_audit",
    "after_office",
    "cells_after_audit",
    "closed_status",
    "stage_of",
    "status_title",
]


@cache
def _flow() -> Mapping[str, Any]:
    return tomllib.loads(files("geo.store").joinpath("flow.toml").read_text(encoding="utf-8"))


def status_title(status: str, language: str) -> str:
    """Return what people call a state."""
    title: str = _flow()["statuses"][status]["title"][language]
    return title


def stage_of(status: str) -> str:
    """Return what a state counts as in the summary of a ledger: `open`, `reported`, `closed`."""
    stage: str = _flow()["statuses"][status]["stage"]
    return stage


def closed_status() -> str:
    """Return the state of a finding that an audit finds no longer."""
    status: str = _flow()["audit"]["gone"]
    return status


def after_audit(status: str | None, *, is_found: bool) -> str:
    """Return the state after an audit that judged the finding; None: never seen before."""
    audit = _flow()["audit"]
    if not is_found:
        return closed_status()
    if status is None:
        first: str = audit["first"]
        return first
    moved: str = audit["found"].get(status, status)
    return moved


def after_office(status: str, cells: Mapping[str, str]) -> str:
    """Return the state after the office changed one of its columns; `cells` is what they hold."""
    if status == closed_status():
        return status
    for entry in _flow()["office"]:
        text = cells.get(entry.get("column", ""), "")
        fits = text == entry["value"] if "value" in entry else bool(text) or "column" not in entry
        if fits:
            moved: str = entry["to"]
            return moved
    return status


def cells_after_audit(status: str) -> Mapping[str, str]:
    """Return what an audit that moves a finding to `status` writes into the office's columns."""
    cells: Mapping[str, str] = _flow()["audit"]["cells"].get(status, {})
    return cells
