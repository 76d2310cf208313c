"""Money, open items, allocations, aging, balances: the figures and nothing else.

No clock, no ids, no I/O: `as_of`, `as_known` and ids are arguments. Start with `items.py`.
"""
