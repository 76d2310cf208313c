"""Documents: what they say, that they say it in every form, and that they are what they claim to be."""
