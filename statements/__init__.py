"""What a statement says, how it ties, how it differs from the last one, and how it lives.

Pure: knows the ledger, not the approvals, the database or the clock. Start with `lifecycle.py`.
"""
