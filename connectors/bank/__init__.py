"""Bank files read into statements and lines, each checked against what the file itself says; nothing is posted here.

Start with `statement.py`, then `read.py`.
"""
