"""`gridcircle ledger`: ledgers that go out to the office and come back in."""

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
import orjson

from api.commands.output import examples, format_option
from geo.store import LedgerImport, open_store
from geo.words import language, text

__all__ = ["command"]

_LANG = language()
_FILE = click.Path(path_type=Path)
_SHOWN: Final = 100


@click.group("ledger", help=text("commands.ledger", _LANG))
def command() -> None:
    """Ledgers that go out and come back."""


@command.command(
    "import",
    help=text("ledger.import", _LANG),
    epilog=examples(_LANG, "ledger import 工作区 ledger.xlsx --actor 王主任"),
)
@click.argument("workspace", type=_FILE)
@click.argument("ledger", type=_FILE)
@click.option("--actor", default=None, help=text("ledger.actor", _LANG))
@click.option("--project", "project_id", help=text("ledger.project", _LANG))
@format_option
def take_in(
    *, workspace: Path, ledger: Path, actor: str | None, project_id: str | None, form: str
) -> int:
    """Take LEDGER into WORKSPACE."""
    store = open_store(workspace)
    found = store.import_ledger(ledger, actor=actor or _user(), project_id=project_id)
    if form == "json":
        click.echo(orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(found)
    return int(bool(found.conflicts or found.refused))


@command.command(
    "export",
    help=text("ledger.export", _LANG),
    epilog=examples(_LANG, "ledger export 工作区 -o 台账.xlsx"),
)
@click.argument("workspace", type=_FILE)
@click.option("-o", "--output", "path", type=_FILE, required=True, help=text("commands.out", _LANG))
@click.option("--project", "project_id", help=text("ledger.project", _LANG))
def give_out(*, workspace: Path, path: Path, project_id: str | None) -> int:
    """Write the ledger of the last version of a project in WORKSPACE."""
    made = open_store(workspace).export_ledger(path, project_id=project_id)
    click.echo(text("ledger.exported", _LANG, version=made.version_id, path=path))
    return 0


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "-"


def _print(found: LedgerImport) -> None:
    counts = {
        "applied": len(found.applied),
        "unchanged": found.unchanged,
        "conflicts": len(found.conflicts),
        "refused": len(found.refused),
    }
    click.echo(text("ledger.imported", _LANG, **counts))
    _tell([_conflict(asdict(each)) for each in found.conflicts])
    _tell(
        [
            text(
                "ledger.refused",
                _LANG,
                sheet=each.sheet,
                row=each.row,
                reason=each.reason[_LANG],
            )
            for each in found.refused
        ]
    )


def _conflict(values: dict[str, object]) -> str:
    column = text(f"outputs.{values.pop('column')}", "zh")
    return text("ledger.conflict", _LANG, column=column, **values)


def _tell(sentences: Sequence[str]) -> None:
    for sentence in sentences[:_SHOWN]:
        click.echo(sentence)
    if len(sentences) > _SHOWN:
        click.echo(text("ledger.more", _LANG, n=len(sentences) - _SHOWN))
