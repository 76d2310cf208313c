"""The whole `tieout` command; `start.py` loads only the part that is asked for."""

from console.commands import command_line

app = command_line()
