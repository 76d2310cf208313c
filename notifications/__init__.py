"""Messages: what they say (one folder each), how they are frozen into MIME, and who carries them.

Knows no database and no statement: contexts come in as values. Start with `messages.py`.
"""
