"""The use cases: one verb per file, one transaction each, state + audit row + outbox row together.

The only room that combines domain and outside world. The file names are the table of contents.
"""
