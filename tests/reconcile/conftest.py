"""The sample company and its browsers, as the pages' tests have them."""

from tests.api.conftest import app, client, sample, sign_in

__all__ = ["app", "client", "sample", "sign_in"]
