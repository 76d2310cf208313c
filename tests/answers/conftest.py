"""The sample company and its browsers, for what goes through the customer's page."""

from tests.api.conftest import app, client, sample

__all__ = ["app", "client", "sample"]
