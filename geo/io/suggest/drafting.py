"""The text of a suggested project file, tried out before it is written."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from geo import words
from geo.errors import GridCircleError, LoadError
from geo.io.loading import Loaded, load
from geo.io.project import read_project
from geo.io.suggest.guesses import Guess, guess_layers
from geo.io.suggest.hints import Hint, code_hint, crs_hint, id_hint, parent_hint
from geo.io.suggest.surveys import Dataset, Unread, survey
from geo.schema import layer_schemas
from geo.standards import DEFAULT_STANDARD

__all__ = ["Suggestion", "suggest_project"]

_ORDER: Final = (
    "grids", "units", "sites", "buildings", "streets", "candidates", "estates", "staff", "cases",
)  # fmt: skip
_SHIFTED: Final = ("gcj02", "bd09")
_MOST_VALUES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suggestion:
    """A project file that was written: `fault` is why it cannot be loaded yet, if so.

    `datasets`, `unread`
        All that lies in the folder.
    """

    path: Path
    text: str
    loaded: Loaded | None
    fault: GridCircleError | None
    datasets: tuple[Dataset, ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What goes into the file; `datums` are verdicts of the guard by layer, with the evidence."""

    head: Mapping[str, Any]
    guesses: Sequence[Guess]
    left: Sequence[Dataset]
    unread: Sequence[Unread]
    language: str
    datums: Mapping[str, tuple[str, str]]
    fault: str | None = None


def suggest_project(place: Path, *, output: Path | None = None) -> Suggestion:
    """Write a project file for a folder of data, or for the folder of a project file.

    Parameters
    ----------
    place
        The folder, or a project file in it, whose title and id are kept.
    output
        Where to write; by default `project.toml` in the folder, or a name that is still free.

    Raises
    ------
    LoadError
        If the folder is not there or holds no polygons that could be grids.
    """
    if not place.exists():
        raise LoadError("io.no_file", path=place)
    folder = place if place.is_dir() else place.parent
    language = words.language()
    datasets, unread = survey(folder)
    guesses, left = guess_layers(datasets)
    if not any(guess.layer == "grids" for guess in guesses):
        known = ", ".join(dict.fromkeys(each.shown for each in datasets)) or "–"
        raise LoadError("io.no_grids_found", path=folder, known=known)
    path = output or _free(folder)
    draft = _Draft(
        head=_head(place), guesses=guesses, left=left, unread=unread, language=language, datums={}
    )
    text, loaded, fault = _tried(draft, path)
    _write(path, text)
    return Suggestion(
        path=path,
        text=text,
        loaded=loaded,
        fault=fault,
        datasets=tuple(datasets),
        unread=tuple(unread),
    )


def _free(folder: Path) -> Path:
    """Return a name that no file has: nothing of the planner's is ever written over."""
    names = ("project.toml", "project.suggested.toml")
    free = (folder / name for name in names if not (folder / name).exists())
    numbered = (folder / f"project.suggested-{n}.toml" for n in range(2, 1000))
    return next(free, None) or next(path for path in numbered if not path.exists())


def _head(place: Path) -> Mapping[str, Any]:
    """Return id and title: those of the project file, or from the name of the folder."""
    name = place.resolve().name if place.is_dir() else place.resolve().parent.name
    head: dict[str, Any] = {"id": _slug(name), "title": name, "standards": [DEFAULT_STANDARD]}
    if place.is_file():
        try:
            given = tomllib.loads(place.read_bytes().decode("utf-8-sig")).get("project", {})
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            given = {}
        head |= {key: given[key] for key in ("id", "title", "standards", "crs") if key in given}
    return head


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "project"


def _tried(draft: _Draft, path: Path) -> tuple[str, Loaded | None, GridCircleError | None]:
    """Return the text that loads best: the guard's verdict on a datum is taken up once."""
    loaded, fault = _load(_text(draft, path.parent), path)
    if loaded is not None:
        shifted = {
            source.layer: (source.datum_verdict, "; ".join(source.datum_evidence))
            for source in loaded.sources
            if source.datum_verdict in _SHIFTED and source.datum == "wgs84"
        }
        if shifted:
            draft = _replaced(draft, datums=shifted)
            loaded, fault = _load(_text(draft, path.parent), path)
    if fault is not None:
        draft = _replaced(draft, fault=fault.text(draft.language))
    return _text(draft, path.parent), loaded, fault


def _replaced(draft: _Draft, **changes: Any) -> _Draft:  # noqa: ANN401
    fields = {name: getattr(draft, name) for name in draft.__slots__}
    return _Draft(**{**fields, **changes})


def _load(text: str, path: Path) -> tuple[Loaded | None, GridCircleError | None]:
    """Load the draft from beside its place, since its paths count from there."""
    part = path.with_name(f".{path.name}.part")
    try:
        _write(part, text)
        return load(read_project(part)), None
    except GridCircleError as error:
        return None, error
    finally:
        part.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    try:
        part = path.with_name(f"{path.name}.new")
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as error:
        raise LoadError("io.cannot_write", path=path, reason=error) from error


def _text(draft: _Draft, base: Path) -> str:
    head = draft.head
    say = _Sayer(draft.language)
    grids = next(guess for guess in draft.guesses if guess.layer == "grids")
    lines = [f"# {line}" for line in say("about").splitlines()]
    if draft.fault is not None:
        lines.append(f"# ! {say('fault', reason=draft.fault)}")
    lines += ["[project]", f"id = {_quoted(head['id'])}", f"title = {_quoted(head['title'])}"]
    listed = ", ".join(_quoted(str(name)) for name in head["standards"])
    lines.append(f"standards = [{listed}]")
    if "crs" in head:
        lines.append(f"crs = {_quoted(head['crs'])}")
    lines.append(f"language = {_quoted(draft.language)}")
    units = [guess for guess in draft.guesses if guess.layer == "units"]
    ordered = sorted(draft.guesses, key=lambda guess: _ORDER.index(guess.layer))
    for guess in ordered:
        lines += ["", *_entry(guess, draft, say, base=base, grids=grids, units=units)]
    lines += _rest(draft, say)
    return "\n".join(lines) + "\n"


class _Sayer:
    """Words of this room in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **values: Any) -> str:  # noqa: ANN401
        return words.text(f"suggest.{key}", self.language, **values)


def _entry(
    guess: Guess,
    draft: _Draft,
    say: _Sayer,
    *,
    base: Path,
    grids: Guess,
    units: Sequence[Guess],
) -> list[str]:
    dataset = guess.dataset
    lines = [f"# {note}" for note in _why(guess, say)]
    lines.append("[[layers.units]]" if guess.layer == "units" else f"[layers.{guess.layer}]")
    lines.append(f"path = {_quoted(_relative(dataset.path, base))}")
    if dataset.layer is not None:
        lines.append(f"layer = {_quoted(dataset.layer)}")
    if guess.level is not None:
        lines.append(f"level = {_quoted(guess.level)}")
    if guess.levels:
        return [*lines, *_level_lines(guess)]
    lines += _place_lines(guess, draft, say, grids=grids)
    ours = dict(dataset.mapped(guess.layer).ours)
    own = layer_schemas()[guess.layer].id_column
    if own not in ours:
        found = id_hint(dataset, list(ours.values()))
        lines.append(f"# {say('no_id' if found is None else 'id_unsure', column=found)}")
        ours |= {} if found is None else {own: found}
    if ours:
        pairs = ", ".join(f"{name} = {_quoted(theirs)}" for name, theirs in ours.items())
        lines.append(f"columns = {{ {pairs} }}")
    if guess.layer in ("grids", "units"):
        hints = [parent_hint(guess, units), code_hint(guess)]
        lines += [line for hint in hints if hint is not None for line in _hint_lines(hint, say)]
    if guess.layer == "sites" and "category" in ours:
        values = dataset.frame[ours["category"]].dropna().astype(str).value_counts()
        shown = "、".join(f"{value} {n}" for value, n in values.head(_MOST_VALUES).items())
        lines.append(f"# {say('categories', values=shown)}")
    return lines


def _why(guess: Guess, say: _Sayer) -> list[str]:
    """Return what the guess rests on, and what else it might be."""
    dataset = guess.dataset
    shape = say(f"shape_{dataset.shape or 'table'}")
    notes = [say("found", shape=shape, n=dataset.n_rows)]
    if guess.why:
        notes[0] += say("by_words", words="、".join(guess.why))
    else:
        notes.append(say("by_shape"))
    if guess.also:
        notes.append(say("also", layers=", ".join(guess.also)))
    if guess.rivals:
        notes.append(say("rivals", paths=", ".join(guess.rivals)))
    return notes


def _level_lines(guess: Guess) -> list[str]:
    lines = ["levels = ["]
    for level in guess.levels:
        name = "" if level.name is None else f", name = {_quoted(level.name)}"
        level_text = _quoted(level.level)
        lines.append(f"  {{ level = {level_text}, unit_id = {_quoted(level.unit_id)}{name} }},")
    return [*lines, "]"]


def _place_lines(guess: Guess, draft: _Draft, say: _Sayer, *, grids: Guess) -> list[str]:
    if guess.layer in draft.datums:
        datum, evidence = draft.datums[guess.layer]
        return [f"# {say('datum_guard', evidence=evidence)}", f"datum = {_quoted(datum)}"]
    hint = crs_hint(guess.dataset, grids.dataset)
    return [] if hint is None else _hint_lines(hint, say)


def _hint_lines(hint: Hint, say: _Sayer) -> list[str]:
    """Return a setting with the reason for it above; one that is unsure as a comment."""
    line = f"{hint.key} = {_quoted(hint.value)}"
    return [f"# {say(hint.reason, **hint.values)}", line if hint.is_sure else f"# {line}"]


def _rest(draft: _Draft, say: _Sayer) -> list[str]:
    lines: list[str] = []
    if draft.left:
        lines += ["", f"# {say('left')}"]
        lines += [f"#   {_told(dataset)}" for dataset in draft.left]
    if draft.unread:
        lines += ["", f"# {say('unread')}"]
        lines += [f"#   {_one_line(each.reason[draft.language])}" for each in draft.unread]
    return lines


def _told(dataset: Dataset) -> str:
    layer = "" if dataset.layer is None else f" / {dataset.layer}"
    names = ", ".join(map(str, _first(dataset.frame.columns)))
    return _one_line(f"{dataset.shown}{layer}: {names}")


def _first(names: Iterable[Any]) -> list[Any]:
    return [name for name in names if name != "geometry"][:_MOST_VALUES]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _relative(path: Path, base: Path) -> str:
    try:
        return path.resolve().relative_to(base.resolve()).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def _quoted(text: str) -> str:
    """Return `text` as a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
