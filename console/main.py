"""The `tieout` command, put together from its groups."""

import typer

from console import aging, audit, balance, check, company, statements, tie

app = typer.Typer(
    name="tieout",
    help="Customers' statements of account that provably tie.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(company.app, name="company")
app.add_typer(audit.app, name="audit")
app.command("check")(check.check)
app.add_typer(aging.app, name="aging")
app.command("balance")(balance.balance)
app.add_typer(statements.app, name="statements")
app.command("tie")(tie.tie)


def main() -> None:
    """Entry point of the wheel."""
    app()
