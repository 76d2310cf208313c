"""The web: pages, the customer's page and the JSON API, each a thin call of a service.

GET changes nothing. Knows nothing of flows. Start with `app.py`.
"""
