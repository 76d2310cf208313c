"""`tieout bank`: bank files read and checked, and imported into receipts."""

import typer

from console.bank_read import read

app = typer.Typer(help="Bank files: MT940, camt, BAI2, OFX, tables of banks and wallets.", no_args_is_help=True)
app.command("read")(read)
