"""Bank files: every format read, checked and imported."""
