"""The `tieout` command: one file per group of subcommands, people's text by default, JSON on request.

Start with `main.py`.
"""
