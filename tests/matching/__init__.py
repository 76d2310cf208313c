"""Cash application and two-sided reconciliation: what pays what, and how two ledgers differ."""
