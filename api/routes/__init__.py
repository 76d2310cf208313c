"""One file per page or resource; each has a `router`. `app.py` lists them.

A route reads the request, calls one service or query, and answers a page. It decides nothing.
"""
