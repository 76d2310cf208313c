"""The customer's page and answers, on a real database."""
