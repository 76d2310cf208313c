"""Reading foreign files: every row of the bad-input catalogue, and every reader's edges."""
