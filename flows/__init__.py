"""When things happen: Prefect flows and the clock, tables of contents that call services.

The database is the truth; no state that users see is read from Prefect. Start with `close_period.py`.
"""
