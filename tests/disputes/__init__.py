"""Disputes as cases: from the customer's word to the credit, the new version and the agreement."""
