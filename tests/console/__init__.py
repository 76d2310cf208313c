"""The commands that start, examine, save and restore the system."""
