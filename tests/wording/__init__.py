"""A company's own wording of messages: the language, the frame, variants, sending, and approval of it."""
