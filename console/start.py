"""Entry point of the `tieout` command."""

import sys

from console.commands import COMMANDS, GROUPS, command_line


def main() -> None:
    """Runs the command that the arguments name; without a known one, the whole command line answers."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    command_line(asked if asked in {*GROUPS, *COMMANDS} else None)()
