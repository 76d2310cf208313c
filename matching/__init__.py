"""Which receipt pays which invoice, and how two ledgers of one account differ.

Pure: rows in, proposals and classes out, each with the sentence that explains it.
Cash application starts at `cash_application.py`.
"""
