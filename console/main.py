"""The `tieout` command, put together from its groups."""

import typer

from console import (
    aging,
    approvals,
    audit,
    backup,
    balance,
    check,
    company,
    contacts,
    control,
    demo,
    doctor,
    imports,
    outbox,
    profiles,
    run,
    settings,
    statements,
    tie,
    up,
    users,
    worker,
)

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
app.command("up")(up.up_command)
app.command("doctor")(doctor.doctor_command)
app.command("backup")(backup.backup_command)
app.command("restore")(backup.restore_command)
app.command("settings")(settings.settings_command)
app.add_typer(contacts.app, name="contacts")
app.add_typer(control.app, name="control")
app.command("import")(imports.import_command)
app.add_typer(profiles.app, name="profile")
app.add_typer(approvals.app, name="approvals")
app.add_typer(users.app, name="user")
app.add_typer(outbox.app, name="outbox")
app.command("deliveries")(outbox.deliveries)
app.add_typer(run.app, name="run")
app.command("worker")(worker.worker_command)
app.command("demo")(demo.demo_command)


def main() -> None:
    """Entry point of the wheel."""
    app()
