"""Entry point of the `tieout` command. `up` is loaded alone: a person waits for it, and the rest takes seconds."""

import importlib
import sys


def main() -> None:
    """Runs the command that the arguments name."""
    module = "console.up" if sys.argv[1:2] == ["up"] else "console.main"
    importlib.import_module(module).main()
