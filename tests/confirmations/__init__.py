"""Confirmation letters: draws, letters, replies, and that an audit's replies stay with its auditor."""
