"""The web application against a real database: guards, sign-in, every page, the JSON API."""
