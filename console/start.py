"""Entry point of the `tieout` command."""

import sys

from console.commands import ALONE, COMMANDS, GROUPS, command_line


def main() -> None:
    """Runs the command that the arguments name; without a known one, the whole command line answers."""
    asked = [" ".join(sys.argv[1 : 1 + words]) for words in (2, 1)]
    command_line(next((name for name in asked if name in {*ALONE, *GROUPS, *COMMANDS}), None))()
