"""Who must agree before something happens: policies, seats, and the decisions on a request.

Pure: a subject is a kind, an id, a digest and facts; the engine knows none of them. Start with `policy.py`.
"""
