"""Every check with a seeded breach that is found, and clean books in which nothing is."""
