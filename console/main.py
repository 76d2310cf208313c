"""The `tieout` command, put together from its groups."""

import typer

from console import audit, check, company

app = typer.Typer(
    name="tieout",
    help="Customers' statements of account that provably tie.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(company.app, name="company")
app.add_typer(audit.app, name="audit")
app.command("check")(check.check)


def main() -> None:
    """Entry point of the wheel."""
    app()
