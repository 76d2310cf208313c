"""Documents that people keep: statement PDF and workbook, entry templates, evidence.

Drawn from a statement's canonical content alone, so every form shows the same figures. Start with `statement_pdf.py`.
"""
