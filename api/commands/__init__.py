"""The command line: parse, call, print; one module a command, imported when it is needed."""

import sys
from importlib import import_module
from typing import Any, Final

import click

from geo.errors import GridCircleError
from geo.words import language, text

__all__ = ["main"]

_COMMANDS: Final = (
    "audit",
    "batch",
    "check",
    "compare",
    "demo",
    "ledger",
    "locate",
    "map",
    "repair",
    "report",
    "rules",
    "serve",
    "standards",
    "store",
    "synth",
)


class _Lazy(click.Group):
    """A group whose commands are imported by name, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"api.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the catalogue of words, without importing one of them."""
        rows = [(name, text(f"commands.{name}", language()).split("\n")[0]) for name in _COMMANDS]
        with formatter.section(text("commands.commands", language())):
            formatter.write_dl(rows)


def _group() -> click.Group:
    options = [click.Option(["--debug"], is_flag=True, help=text("commands.debug", language()))]
    return _Lazy(
        "gridcircle",
        params=[*options],
        help=text("commands.group", language()),
        callback=lambda debug: None,  # noqa: ARG005
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0, 1 or 2 (contract.md, Commands).

    A fault the user can mend is one sentence on stderr; `--debug` shows where any fault arose.
    """
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on_encoding(stream)
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    try:
        code = _group().main(given, prog_name="gridcircle", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as fault:
        fault.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo(text("commands.interrupted", language()), err=True)
        code = 130
    except GridCircleError as fault:
        if debug:
            raise
        click.echo(fault.text(language()), err=True)
        code = 2
    except Exception as fault:
        if debug:
            raise
        said = text(
            "commands.unexpected", language(), kind=type(fault).__name__, message=str(fault)
        )
        click.echo(said, err=True)
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


def _never_fail_on_encoding(stream: Any) -> None:  # noqa: ANN401
    """Let a console that lacks a character print a substitute instead of failing."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
