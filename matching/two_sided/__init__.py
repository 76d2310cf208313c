"""Two ledgers of one account held against each other: what matches, how the rest differs, and the bridge between.

Start with `terms.py`, then `plain.py`, which says what is meant; `columnar.py` computes the same over columns.
"""
