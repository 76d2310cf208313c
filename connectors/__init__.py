"""Files and foreign systems read into typed ledger rows plus findings; nothing is guessed in silence.

Knows no database. Start with `profiles.py`, then `collect.py`.
"""
