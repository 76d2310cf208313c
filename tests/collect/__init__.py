"""Importing, repairing and allocating on a real database."""
