"""Money, balances, aging, allocations: examples as text, rules as properties."""
