"""Reminders: never of what is disputed, one per customer and day, in working days."""
