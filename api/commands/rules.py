"""`gridcircle rules`: list the rules, or explain one."""

import click
from rich.table import Table

from api.commands.output import examples, results_console
from geo.errors import NotFoundError
from geo.findings import Rule
from geo.findings import rules as registry
from geo.words import language, source_in, text

__all__ = ["command"]

_LANG = language()


@click.command(
    "rules", help=text("commands.rules", _LANG), epilog=examples(_LANG, "rules", "rules G201")
)
@click.argument("code", required=False)
def command(*, code: str | None) -> int:
    """List every rule, or explain CODE."""
    console = results_console()
    if code is None:
        console.print(_table())
        return 0
    rule = registry().get(code.strip().upper())
    if rule is None:
        raise NotFoundError("findings.unknown_rule", rule=code, known="、".join(registry()))
    for line in _explained(rule):
        click.echo(line)
    return 0


def _table() -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("rules_code", "rules_title", "rules_severity", "rules_unit", "rules_verb"):
        table.add_column(text(f"commands.{name}", _LANG))
    for rule in registry().values():
        verb = text(f"commands.verb_{rule.verb}", _LANG) if rule.verb else ""
        severity = text(f"commands.severity_{rule.severity}", _LANG)
        table.add_row(rule.code, rule.title[_LANG], severity, rule.measure_unit or "–", verb)
    return table


def _explained(rule: Rule) -> tuple[str, ...]:
    severity = text(f"commands.severity_{rule.severity}", _LANG)
    source = source_in(rule.source, _LANG)
    return (
        f"{rule.code}  {rule.title[_LANG]}  [{severity}]",
        "",
        rule.explanation[_LANG],
        "",
        f"{text('commands.rules_advice', _LANG)}: {rule.advice[_LANG]}",
        f"{text('commands.rules_source', _LANG)}: {source} ({rule.confidence})",
    )
