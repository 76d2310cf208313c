"""Which module holds which command; a module is loaded when its command is asked for."""

import importlib

import typer

GROUPS = {
    "aging": "console.aging",
    "approvals": "console.approvals",
    "audit": "console.audit",
    "bank": "console.bank",
    "company": "console.company",
    "confirmations": "console.confirmations",
    "contacts": "console.contacts",
    "control": "console.control",
    "keys": "console.keys",
    "outbox": "console.outbox",
    "profile": "console.profiles",
    "run": "console.run",
    "statements": "console.statements",
    "user": "console.users",
}
"""Each module has an `app` with the group's commands."""

ALONE = {"bank read": "console.bank_read"}
"""Commands of a group that need no database: their module is loaded without the rest of the group."""

COMMANDS = {
    "backup": ("console.backup", "backup_command"),
    "balance": ("console.balance", "balance"),
    "chat": ("console.chat", "chat_command"),
    "check": ("console.check", "check"),
    "deliveries": ("console.outbox", "deliveries"),
    "demo": ("console.demo", "demo_command"),
    "doctor": ("console.doctor", "doctor_command"),
    "import": ("console.imports", "import_command"),
    "match": ("console.match", "match_command"),
    "reconcile": ("console.reconcile", "reconcile_command"),
    "restore": ("console.backup", "restore_command"),
    "runner": ("console.runner", "runner_command"),
    "settings": ("console.settings", "settings_command"),
    "tie": ("console.tie", "tie"),
    "up": ("console.up", "up_command"),
    "worker": ("console.worker", "worker_command"),
}


def command_line(only: str | None = None) -> typer.Typer:
    """The whole `tieout` command, or the part of it that runs `only`: loading everything takes seconds."""
    app = typer.Typer(
        name="tieout",
        help="Customers' statements of account that provably tie.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        callback=_tieout,
    )
    if only in ALONE:
        app.add_typer(importlib.import_module(ALONE[only]).app, name=only.split()[0])
    for name, module in GROUPS.items():
        if only in {None, name}:
            app.add_typer(importlib.import_module(module).app, name=name)
    for name, (module, function) in COMMANDS.items():
        if only in {None, name}:
            app.command(name)(getattr(importlib.import_module(module), function))
    return app


def _tieout() -> None:
    """Customers' statements of account that provably tie."""
