"""Two-sided reconciliation: classes against known truth, the columnar form against the plain one, files, pages."""
