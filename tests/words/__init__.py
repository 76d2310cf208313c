"""Both languages, whole."""
