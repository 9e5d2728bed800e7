"""Whether a standard is in force on a day."""

from collections.abc import Mapping
from datetime import date

from geo.standards.model import Standard
from geo.words import LANGUAGES, text

__all__ = ["validity_notes"]


def validity_notes(standard: Standard, on: date) -> tuple[Mapping[str, str], ...]:
    """Return a note, language to text, for every edition of `standard` that is not in force `on`.

    A missing date leaves that end open; the days themselves are within.
    """
    notes: list[Mapping[str, str]] = []
    for edition in standard.editions:
        key, day = "", ""
        if edition.valid_to is not None and date.fromisoformat(edition.valid_to) < on:
            key, day = "expired", edition.valid_to
        elif edition.valid_from is not None and date.fromisoformat(edition.valid_from) > on:
            key, day = "not_yet", edition.valid_from
        if key:
            notes.append(
                {
                    language: text(
                        f"standards.{key}",
                        language,
                        name=edition.name,
                        title=edition.title[language],
                        day=day,
                        on=on.isoformat(),
                    )
                    for language in LANGUAGES
                }
            )
    return tuple(notes)
